// Say why nothing happens where the page was opened as a file: browsers load its parts from a web server only.
if (location.protocol === "file:") {
  addEventListener("DOMContentLoaded", () => {
    const trouble = document.getElementById("trouble");
    trouble.textContent =
      "This page was opened as a file, and from files browsers run no modules. " +
      "Serve its folder (python -m http.server), or put it on any web host.";
    trouble.hidden = false;
    // What needs the classifier is shown as out of use, not as broken.
    document.querySelectorAll(".picker, #ask-drawing").forEach((control) => (control.disabled = true));
  });
}

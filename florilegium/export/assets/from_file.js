// Say why nothing happens where the page was opened as a file: browsers load its parts from a web server only.
if (location.protocol === "file:") {
  addEventListener("DOMContentLoaded", () => {
    const trouble = document.getElementById("trouble");
    trouble.textContent =
      "This page was opened as a file, and from files browsers load no classifier. " +
      "Serve its folder (python -m http.server), or put it on any web host.";
    trouble.hidden = false;
  });
}

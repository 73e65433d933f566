// Before anything is drawn: the colours that the reader chose last time. Later: the three buttons that choose them.
{
  const root = document.documentElement;
  const kept = (change) => {
    try {
      return change(localStorage);
    } catch {
      return null; // No storage in this window: the choice holds until the page is left.
    }
  };
  const chosen = kept((storage) => storage.getItem("theme"));
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("fieldset.theme").hidden = false;
    for (const input of document.querySelectorAll("[name=theme]")) {
      input.checked = input.value === (root.dataset.theme ?? "auto");
      input.addEventListener("change", () => {
        if (input.value === "auto") delete root.dataset.theme;
        else root.dataset.theme = input.value;
        kept((storage) => (input.value === "auto" ? storage.removeItem("theme") : storage.setItem("theme", input.value)));
      });
    }
  });
}

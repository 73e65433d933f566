// What every page of ours does with a script: colours that are remembered, and a question before what cannot be undone.
// Without it everything works.
import { followTheme } from "./theme_choice.js";

followTheme(() => {});
for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.ask)) event.preventDefault();
  });
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}

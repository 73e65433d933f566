// One key, one button: a button says in data-key which key presses it.

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select";

/** Press buttons by keys; `first(event)` may take a key for itself by answering true. */
export function listenToKeys(first) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.repeat) {
      event.preventDefault(); // a key held down answers once
      return;
    }
    if (first(event)) event.preventDefault();
    else if (event.key === "/") focusTyping(event);
    else press(event);
  });
}

function focusTyping(event) {
  const input = document.querySelector("[role=combobox]");
  if (!input) return;
  event.preventDefault();
  input.focus();
}

function press(event) {
  // Enter and space belong to the button that has the focus.
  if ((event.key === "Enter" || event.key === " ") && event.target.matches("button, a, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const near = document.activeElement?.closest("form.tile");
  const button = [near, document].find((part) => part?.querySelector(selector(key)))?.querySelector(selector(key));
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
}

const selector = (key) => `[data-key="${CSS.escape(key)}"]`;

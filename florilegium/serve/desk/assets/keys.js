// One key, one button: a button says in data-key which key presses it.

import { tell } from "./sending.js";

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select";
const HINTS = {
  k: "K keeps a label, and there is none in sight. Say what it is: a number key, or / to type it.",
  s: "S takes what the model says, and there is nothing to take here.",
  o: "O opens one item of the grid; G leads there.",
};
const root = document.documentElement;

/** Press buttons by keys; `first(event)` may take a key for itself by answering true. */
export function listenToKeys(first) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.repeat && !event.key.startsWith("Arrow")) {
      event.preventDefault(); // a key held down answers once
      return;
    }
    if (root.classList.contains("keys-off") && event.key.length === 1) return;
    if (first(event)) event.preventDefault();
    else if (event.key === "/") focusTyping(event);
    else press(event);
  });
}

/** Let a box switch the keys of one letter off, for those who speak to their computer or hit keys by chance. */
export function switchedBy(box) {
  try {
    box.checked = localStorage.getItem("keys") === "off";
  } catch {
    // No storage in this window: the choice holds until the page is closed.
  }
  const follow = () => root.classList.toggle("keys-off", box.checked);
  box.addEventListener("change", () => {
    follow();
    try {
      localStorage.setItem("keys", box.checked ? "off" : "on");
    } catch {
      // As above.
    }
  });
  follow();
}

function focusTyping(event) {
  const input = document.querySelector("[role=combobox]");
  if (!input) return;
  event.preventDefault();
  input.focus();
}

function press(event) {
  // Enter and space belong to the button that has the focus.
  if ((event.key === "Enter" || event.key === " ") && event.target.matches("button, a, summary, [type=checkbox]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const button = buttonOf(key);
  if (!button) {
    hint(key);
    return;
  }
  event.preventDefault();
  button.click();
}

/** Give the button that a key presses: of the tile that has the focus, else of the page, never of another tile. */
function buttonOf(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const near = document.activeElement?.closest("form.tile")?.querySelector(selector);
  return near ?? [...document.querySelectorAll(selector)].find((each) => !each.closest("form.tile"));
}

function hint(key) {
  if (!document.querySelector("form.card, form.tile")) return;
  if (/^[1-9]$/.test(key)) tell(`No class has the key ${key} here.`);
  else if (HINTS[key]) tell(HINTS[key]);
}

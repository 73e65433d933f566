// The query desk comes to life: keys press buttons, choosing an intent brings its reply. Every form works without this.

import { comboboxIn } from "./combobox.js";
import { say } from "./sending.js";

const TYPING = "input:not([type=checkbox]), textarea, select";
const form = document.getElementById("answer");
document.documentElement.classList.add("script");

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const send = document.querySelector('[data-key="Control+Enter"]');
    if (send) {
      event.preventDefault();
      send.click();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.matches(TYPING)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (moveInList(event.key)) event.preventDefault();
  else if (event.key === "/" && form) {
    event.preventDefault();
    form.elements.intent.focus();
    form.elements.intent.select();
  } else if (/^[a-z]$/i.test(event.key)) press(event);
});

function press(event) {
  const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
  const first = button.closest("details")?.querySelector("input:not([type=hidden])");
  if (first) first.focus();
}

/** Go up and down in the list of queries. */
function moveInList(key) {
  const links = [...document.querySelectorAll("[data-list] a")];
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
  if (!links.length || !step) return false;
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  return true;
}

if (form) {
  const { intent, reply } = form.elements;
  let brought = reply.value; // what the server put there: what a person wrote is never replaced
  let wanted = intent.value;
  comboboxIn(intent);
  const bring = async () => {
    if (!intent.value.trim() || intent.value === wanted) return;
    wanted = intent.value;
    const response = await fetch(`${form.dataset.reply}?intent=${encodeURIComponent(wanted)}`).catch(() => null);
    if (!response?.ok || intent.value !== wanted) return;
    const found = await response.json();
    if (reply.value.trim() && reply.value !== brought) {
      say("Your own words stay. Its reply is one click away: “Its reply”.");
      setTimeout(() => say(""), 4000);
      return;
    }
    reply.value = brought = found.reply;
    if (document.activeElement === intent) reply.focus();
  };
  intent.addEventListener("change", () => void bring());
  for (const button of form.querySelectorAll("[data-intent]")) {
    button.addEventListener("click", () => {
      intent.value = button.dataset.intent;
      intent.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault(); // a second click while the first is under way
    isSent = true;
  });
  addEventListener("pageshow", () => {
    isSent = false;
  });
}
document.querySelector(".two h1")?.focus({ preventScroll: true });

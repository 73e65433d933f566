// The pages of recourse come to life. Every form works without this script, too.

import { listenToKeys, switchedBy } from "./keys.js";
import { bringThePhoto } from "./resend.js";
import { tell } from "./sending.js";
import { followTheme } from "./theme_choice.js";

const $ = (id) => document.getElementById(id);

/** A form is sent once; who comes back to the page may send it again, and the server knows it by its number. */
function sendOnce() {
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (sent.has(event.target)) event.preventDefault();
    else if (event.submitter?.value !== "draft") sent.add(event.target);
  });
  addEventListener("pageshow", () => sent.clear());
}

/** Keys that do not press a button: typing, choosing, unfolding. */
function ownKeys(event) {
  if (event.key === "?") return unfold("keys");
  if (event.key === "/") return focusOn("label") && ($("label").select?.(), true); // what is typed replaces it
  if (event.key === "t") return focusOn("reason");
  if (event.key === "a") return unfold("asking") && focusOn("ask");
  return false;
}

function unfold(id) {
  const details = $(id);
  if (!details) return false;
  details.open = id === "keys" ? !details.open : true;
  if (details.open) details.scrollIntoView({ block: "nearest" });
  return true;
}

function focusOn(id) {
  const field = $(id);
  field?.focus();
  return Boolean(field);
}

function copyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.onclick = async () => {
      const text = $(button.dataset.copy).textContent.trim();
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        tell("The link is copied.");
      } catch {
        getSelection().selectAllChildren($(button.dataset.copy));
        tell("The link is marked: copy it with Ctrl C.");
      }
    };
  }
}

/** In the appeal's form, whoever types a class means it. */
function typedMeansChosen() {
  const field = $("suggestion");
  field?.addEventListener("input", () => {
    $("right-class").checked = true;
  });
}

if (!document.querySelector(".staff-page")) followTheme(() => {}); // staff.js does it there
sendOnce();
copyButtons();
typedMeansChosen();
if ($("keys")) listenToKeys(ownKeys);
if ($("keys-off")) switchedBy($("keys-off"));
if ($("appeal")) void bringThePhoto($("appeal"));
for (const button of document.querySelectorAll("[data-print]")) button.onclick = () => print();
for (const image of document.querySelectorAll(".shown img")) {
  const look = () => image.classList.toggle("few", image.naturalWidth <= 96);
  if (image.complete && image.naturalWidth) look();
  else image.addEventListener("load", look);
}
$("ruling")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("ruling").querySelector(".button[value=decide]").click();
});
if ($("keys")) document.querySelector("h1")?.focus({ preventScroll: true });

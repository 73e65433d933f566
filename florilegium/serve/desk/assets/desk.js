// The labelling pages come to life: keys press buttons, forms are sent without leaving the page.
// Every form works without this script too; then the page is loaded again after each click.

import { comboboxIn } from "./combobox.js";
import { answerTile, keepTheRest, moveInGrid, takeBack } from "./grid.js";
import { listenToKeys, switchedBy } from "./keys.js";
import { say, send, tell } from "./sending.js";

const PAUSE_MS = 200; // without an answer, before it is counted anew

const root = document.documentElement;
const SENDERS = { desk: answerCard, tile: answerTile, back: takeBack };
let shownAt = performance.now();

document.addEventListener("submit", (event) => {
  const sender = SENDERS[event.target.dataset.send];
  if (!sender) return;
  event.preventDefault();
  void sender(event.target, event.submitter);
});

/** Send the card's answer and lay the next card in its place. */
async function answerCard(form, button) {
  if (form.classList.contains("is-sent")) {
    // The next item is not in sight yet, so a second key cannot be meant for it.
    tell("The last answer is still on its way; this key was not used.");
    return;
  }
  const isCard = form.id === "card";
  if (isCard) form.elements.seconds.value = ((performance.now() - shownAt) / 1000).toFixed(2);
  const sent = send(form, button);
  if (isCard) form.classList.add("is-sent");
  const { html, refusal } = await sent;
  form.classList.remove("is-sent");
  if (html === null) {
    if (refusal?.kind === "NewClass" && form.isConnected) offerNewClass(form, refusal.message);
    return;
  }
  lay(html);
  countSoon(form.elements.on.value);
}

/** Lay the next card on the desk, tell what was said, and give the focus back. */
function lay(html) {
  const before = document.getElementById("work");
  const focused = document.activeElement;
  const wasElsewhere = focused !== document.body && !before.contains(focused);
  before.outerHTML = html; // from our own server, which escapes all that comes from data
  const work = document.getElementById("work");
  tell(work.dataset.said);
  prepare(work);
  if (wasElsewhere) return;
  // The new question is read next; only who takes back one after the other stays on that button.
  const same = focused.getAttribute("form") === "undo" && work.querySelector("button[form=undo]");
  (same || work.querySelector("h1"))?.focus({ preventScroll: true });
}

let counting;

/** Count once the reader pauses: who answers quickly is not held up by numbers that the next answer changes. */
function countSoon(on) {
  clearTimeout(counting);
  counting = setTimeout(() => void countAgain(on), PAUSE_MS);
}

/** Lay the tally of by now beside the card; counting takes longer than the next card, so nobody waits for it. */
async function countAgain(on) {
  const response = await fetch(`${root.dataset.base}/tally?on=${on}`).catch(() => null);
  const html = response?.ok ? await response.text() : null;
  const tally = document.getElementById("tally");
  if (html && tally) tally.outerHTML = html;
}

/** Let a second Enter make the class that no item has yet; typing on takes the offer back. */
function offerNewClass(form, message) {
  const { label, new_class: box } = form.elements;
  box.checked = true;
  say(`${message.replace(/ Say that it is new.*$/, "")} Press Enter again to make it a new class.`);
  label.focus();
  const takeBackOffer = () => {
    box.checked = false;
    say("");
  };
  label.addEventListener("input", takeBackOffer, { once: true });
}

/** Make what was just laid on the desk ready: pictures, typing, the clock. */
function prepare(part) {
  shownAt = performance.now();
  for (const image of part.querySelectorAll(".shown img")) {
    const look = () => image.classList.toggle("few", image.naturalWidth <= 96);
    if (image.complete && image.naturalWidth) look();
    else image.addEventListener("load", look);
    image.addEventListener("error", () => {
      image.alt = image.dataset.gone ?? "";
    });
  }
  const input = part.querySelector("[role=combobox]");
  if (input) comboboxIn(input);
  for (const row of (part.querySelector("[data-ahead]")?.dataset.ahead ?? "").split(" ")) {
    if (row) new Image().src = `${root.dataset.base}/item/${row}/large`;
  }
}

function followTheme() {
  document.getElementById(`theme-${root.dataset.theme ?? "auto"}`).checked = true;
  for (const input of document.querySelectorAll("[name=theme]")) {
    input.onchange = () => {
      if (input.value === "auto") delete root.dataset.theme;
      else root.dataset.theme = input.value;
      try {
        if (input.value === "auto") localStorage.removeItem("theme");
        else localStorage.setItem("theme", input.value);
      } catch {
        // No storage in this window: the choice holds until the page is closed.
      }
    };
  }
}

/** Send a name when it was changed; Enter would send it a second time, while the first is under way. */
function followName(input) {
  let isSent = false;
  input.onchange = () => input.form.requestSubmit();
  input.form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  addEventListener("pageshow", () => {
    isSent = false; // the reader came back to this very page
  });
}

listenToKeys(moveInGrid);
followTheme();
prepare(document);
const keysOff = document.getElementById("keys-off");
if (keysOff) switchedBy(keysOff);
document.querySelector("[data-keep-rest]")?.addEventListener("click", () => void keepTheRest());
document.querySelector("form.tile")?.focus({ preventScroll: true });
for (const select of document.querySelectorAll(".filters select")) select.onchange = () => select.form.requestSubmit();
const who = document.getElementById("who");
if (who) followName(who);

// The labelling pages come to life: keys press buttons, forms are sent without leaving the page.
// Every form works without this script too; then the page is loaded again after each click.

import { comboboxIn } from "./combobox.js";
import { listenToKeys } from "./keys.js";
import { lastRefusal, say, send } from "./sending.js";

const root = document.documentElement;
let shownAt = performance.now();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.send) return;
  event.preventDefault();
  if (form.elements.seconds) form.elements.seconds.value = ((performance.now() - shownAt) / 1000).toFixed(2);
  void (form.dataset.send === "tile" ? answerTile(form, event.submitter) : answerCard(form, event.submitter));
});

/** Send the card's answer and lay the next card in its place. */
async function answerCard(form, button) {
  const html = await send(form, button);
  if (html === null) {
    if (lastRefusal()?.kind === "NewClass") offerNewClass(form);
    return;
  }
  document.getElementById("work").outerHTML = html; // from our own server, which escapes all that comes from data
  prepare(document.getElementById("work"));
  await countAgain(form.elements.on.value);
}

/** Lay the tally of by now beside the card; counting takes longer than the next card, so nobody waits for it. */
async function countAgain(on) {
  const response = await fetch(`/tally?on=${on}`).catch(() => null);
  const tally = document.getElementById("tally");
  if (!response?.ok || !tally) return;
  const isOpen = tally.querySelector("details")?.open;
  tally.outerHTML = await response.text();
  if (isOpen) document.querySelector("#tally details").open = true;
}

/** Let a second Enter make the class that no item has yet; typing on takes the offer back. */
function offerNewClass(form) {
  const { label, new_class: box } = form.elements;
  box.checked = true;
  say(`${lastRefusal().message.replace(/ Say that it is new.*$/, "")} Press Enter again to make it a new class.`);
  label.focus();
  const takeBack = () => {
    box.checked = false;
    say("");
  };
  label.addEventListener("input", takeBack, { once: true });
}

/** Send a tile's answer, mark it as done and step to the next. */
async function answerTile(form, button) {
  const html = await send(form, button);
  if (html === null) return;
  const tile = document.createElement("div");
  tile.className = "tile is-done";
  const picture = form.querySelector("img, blockquote");
  if (picture) tile.append(picture);
  tile.insertAdjacentHTML("beforeend", html);
  const hadFocus = form.contains(document.activeElement);
  const next = nextTile(form);
  document.getElementById("said").textContent = tile.querySelector("[role=status]").textContent;
  form.replaceWith(tile);
  if (hadFocus && next) focusTile(next);
}

const tiles = () => [...document.querySelectorAll("form.tile")];
const nextTile = (form) => tiles()[tiles().indexOf(form) + 1] ?? tiles().find((each) => each !== form);

function focusTile(tile) {
  for (const each of tiles()) each.tabIndex = each === tile ? 0 : -1;
  tile.focus();
}

/** Move between tiles with the arrow keys. */
function moveInGrid(event) {
  const all = tiles();
  const now = all.indexOf(document.activeElement.closest("form.tile"));
  if (now < 0 || !event.key.startsWith("Arrow")) return false;
  const columns = Math.max(1, all.filter((each) => each.offsetTop === all[0].offsetTop).length);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (all[now + step]) focusTile(all[now + step]);
  return true;
}

async function keepTheRest() {
  for (const tile of tiles()) await answerTile(tile, tile.querySelector("[value=keep]"));
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
    if (row) new Image().src = `/item/${row}/large`;
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

listenToKeys(moveInGrid);
followTheme();
prepare(document);
document.querySelector("[data-keep-rest]")?.addEventListener("click", () => void keepTheRest());
document.querySelector("form.tile")?.focus({ preventScroll: true });
for (const select of document.querySelectorAll(".filters select")) select.onchange = () => select.form.submit();
document.getElementById("who").onchange = (event) => event.target.form.submit();

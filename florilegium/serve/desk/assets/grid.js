// Many labels at once: arrows move, a key answers and steps on, undo brings a tile back.

import { send, tell } from "./sending.js";

let shownAt = performance.now();
const tiles = () => [...document.querySelectorAll("form.tile:not(.is-sent)")];

/** Send a tile's answer, step to the next at once, and mark the tile as done when the server has it. */
export async function answerTile(form, button, { seconds = spent() } = {}) {
  if (!form.isConnected || form.classList.contains("is-sent")) return;
  form.elements.seconds.value = seconds;
  const hadFocus = form.contains(document.activeElement);
  const next = nextTile(form);
  form.classList.add("is-sent");
  const sent = send(form, button);
  if (hadFocus) focusTile(next);
  const { html } = await sent;
  form.classList.remove("is-sent");
  if (html === null) {
    focusTile(form);
    return;
  }
  const tile = document.createElement("div");
  tile.className = "tile is-done";
  const picture = form.querySelector("img, blockquote");
  if (picture) tile.append(picture);
  tile.insertAdjacentHTML("beforeend", html); // from our own server, which escapes all that comes from data
  tell(tile.querySelector(".done").textContent);
  form.replaceWith(tile);
}

/** Take back the last word and lay its tile where it was, or first where it was not. */
export async function takeBack(form) {
  const { html } = await send(form, null);
  if (html === null) return;
  const part = document.createRange().createContextualFragment(html).firstElementChild;
  tell(part.dataset.said);
  const tile = part.querySelector("form.tile");
  const grid = document.querySelector("[data-grid]");
  if (!tile) return;
  if (!grid) {
    location.reload();
    return;
  }
  let place = grid.querySelector(`[data-row="${CSS.escape(part.dataset.row)}"]`);
  if (!place) {
    place = document.createElement("li");
    place.dataset.row = part.dataset.row;
    grid.prepend(place);
  }
  place.replaceChildren(tile);
  focusTile(tile);
}

/** Keep every label that is left; nobody looked at each of them for a known time, so none is noted. */
export async function keepTheRest() {
  for (const tile of tiles()) await answerTile(tile, tile.querySelector("[value=keep]"), { seconds: "" });
}

/** Move between tiles with the arrow keys. */
export function moveInGrid(event) {
  const now = document.activeElement.closest("form.tile");
  if (!now || !event.key.startsWith("Arrow")) return false;
  const all = tiles();
  const at = all.indexOf(now);
  const next = {
    ArrowLeft: () => all[at - 1],
    ArrowRight: () => all[at + 1],
    ArrowUp: () => inNextRow(now, -1),
    ArrowDown: () => inNextRow(now, 1),
  }[event.key]?.();
  if (next) focusTile(next);
  return true;
}

function inNextRow(now, sign) {
  const from = now.getBoundingClientRect();
  const beyond = tiles()
    .map((tile) => ({ tile, at: tile.getBoundingClientRect() }))
    .filter(({ at }) => sign * (at.top - from.top) > 1);
  const far = ({ at }) => [sign * (at.top - from.top), Math.abs(at.left - from.left)];
  beyond.sort((a, b) => far(a)[0] - far(b)[0] || far(a)[1] - far(b)[1]);
  return beyond[0]?.tile;
}

const nextTile = (form) => tiles()[tiles().indexOf(form) + 1] ?? tiles().find((each) => each !== form);

/** Give the focus to a tile; to what follows the grid where none is left. */
function focusTile(tile) {
  if (!tile) {
    document.querySelector(".after [data-key=n]")?.focus();
    return;
  }
  for (const each of tiles()) each.tabIndex = each === tile ? 0 : -1;
  tile.focus();
}

/** Give the seconds since the last answer, and begin to count anew. */
function spent() {
  const now = performance.now();
  const seconds = ((now - shownAt) / 1000).toFixed(2);
  shownAt = now;
  return seconds;
}

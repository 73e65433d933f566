// The page at work: photos come in, wait their turn, and each is shown with its answer.
//
// engine.js answers: by a server, or on this device. What the plates look like stands in the page's templates, so that
// a page with scripts and one without show the same. Sends nothing and keeps nothing but the chosen colours.

import { classify, load } from "./engine.js";

const PARALLEL = 3; // photos asked about at once: enough to keep two cores and a line busy
const FEW = 4; // up to so many photos are shown large
const SPOKEN_EACH = 5; // up to so many answers are read out one by one, then only how far it has come

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const form = $("photos-form");
const plates = $("plates");
const maxBytes = Number(form.dataset.maxBytes) || Infinity;

let card; // what the engine knows of its model
let number = 1; // of the last plate; the drawing is the first
const photos = new Map(); // plate -> { file, name, state, answer, stop, url }
const queue = []; // plates whose photo waits
let running = 0;

// -- words, as florilegium/export/phrases.py has them ----------------------------------------------------------------

function percent(share) {
  return `${bare(share)}\u00a0%`; // a number and its sign stay on one line
}

function bare(share) {
  if (share === 0 || share === 1) return String(100 * share);
  for (let decimals = 1; decimals < 6; decimals++) {
    const text = (100 * share).toFixed(decimals);
    if (![0, 100].includes(Number(text))) return text;
  }
  return String(100 * Math.round(share));
}

const counted = (n, one) => `${n.toLocaleString("en")} ${n === 1 ? one : `${one}s`}`;

function stateOf(answer) {
  if (answer.error) return "failed";
  return answer.known ? "known" : answer.why || "unsure";
}

const said = (answer) =>
  ({ failed: answer.away ? "The server is away" : "This could not be read", known: answer.label })[stateOf(answer)] ?? "I do not know this";

function because(answer) {
  const kind = stateOf(answer);
  if (kind === "failed") return answer.error.charAt(0).toUpperCase() + answer.error.slice(1);
  const sure = percent(answer.probability);
  if (kind === "known") return `I am ${sure} sure.`;
  if (kind === "strange") return `It is unlike anything that I learned from. If I had to guess: ${answer.label}.`;
  const threshold = card?.abstention?.threshold;
  const bar = threshold ? `; I give answers from ${percent(threshold)} on` : "";
  return `My best guess is ${answer.label}, but I am only ${sure} sure${bar}.`;
}

function facts(label) {
  const one = card?.classes.find((each) => each.label === label);
  if (!one) return "";
  const parts = one.n_train === null ? [] : [counted(one.n_train, "training photo")];
  if (one.n_asked) {
    const [right, asked] = [one.n_right, one.n_asked].map((n) => n.toLocaleString("en"));
    parts.push(`right ${right} of ${asked} (${bare(one.low)} to ${percent(one.high)})`);
  }
  return parts.join(", ");
}

function originOf({ origin, licence }) {
  const text = `licence ${licence || "unstated"}`;
  return origin ? `from ${origin}; ${text}` : text;
}

function roman(value) {
  const signs = [[100, "C"], [90, "XC"], [50, "L"], [40, "XL"], [10, "X"], [9, "IX"], [5, "V"], [4, "IV"], [1, "I"]];
  let text = "";
  for (const [worth, sign] of signs) for (; value >= worth; value -= worth) text += sign;
  return text;
}

// -- plates ------------------------------------------------------------------------------------------------------------

const copy = (id) => $(id).content.firstElementChild.cloneNode(true);

function addPlate(file, name) {
  const plate = copy("plate");
  const find = (selector) => plate.querySelector(selector);
  number += 1;
  find(".said").id = `name-${number}`;
  find("article").setAttribute("aria-labelledby", `name-${number}`);
  find(".caption .roman").textContent = `Tab. ${roman(number)}`;
  find(".file").textContent = name;
  find(".close").setAttribute("aria-label", `Remove ${name}`);
  const photo = { file, name, state: "waiting", url: URL.createObjectURL(file), stop: new AbortController() };
  const image = find(".photo");
  image.alt = name;
  image.hidden = false;
  image.onerror = () => {
    image.hidden = true;
    find(".no-photo").hidden = false;
  };
  image.src = photo.url;
  find(".close").onclick = () => remove(plate);
  find(".again").onclick = () => {
    find(".said").tabIndex = -1;
    find(".said").focus(); // the button goes away; the reader stays where they were
    wait(plate);
  };
  photos.set(plate, photo);
  return plate;
}

function show(plate, state, headline, sentence) {
  const photo = photos.get(plate);
  photo.state = plate.dataset.state = state;
  plate.querySelector(".said").textContent = headline;
  plate.querySelector(".why").textContent = sentence;
  plate.querySelector(".again").hidden = !(state === "failed" && photo.answer?.again);
  plate.querySelector(".reasons").hidden = !photo.answer || state === "failed";
}

function showAnswer(plate, answer) {
  photos.get(plate).answer = answer;
  show(plate, stateOf(answer), said(answer), because(answer));
  plate.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: { answer, file: photos.get(plate).file } }));
  if (answer.error) return;
  const bars = plate.querySelector(".bars");
  bars.replaceChildren(...answer.top.map(barOf));
  requestAnimationFrame(() => {
    bars.querySelectorAll(".fill").forEach((fill, i) => fill.setAttribute("width", `${(100 * answer.top[i].probability).toFixed(2)}%`));
  });
  const similar = answer.similar ?? [];
  plate.querySelector(".because").hidden = similar.length === 0;
  plate.querySelector(".similar").replaceChildren(...similar.map(similarOf));
}

function barOf({ label, probability }, place) {
  const bar = copy(place === 0 ? "first-bar" : "bar");
  bar.querySelector("bdi").textContent = label;
  bar.querySelector(".number").textContent = percent(probability);
  return bar;
}

function similarOf(one, place, all) {
  const item = copy("similar");
  item.querySelector(".label").textContent = one.label;
  const isFirst = all.findIndex(({ label }) => label === one.label) === place;
  item.querySelector(".facts").textContent = isFirst ? facts(one.label) : ""; // said once per class
  item.querySelector(".origin").textContent = originOf(one);
  const initial = item.querySelector(".initial");
  if (!one.thumbnail) initial.textContent = Array.from(one.label)[0];
  else initial.replaceWith(Object.assign(document.createElement("img"), { src: one.thumbnail, alt: "" }));
  return item;
}

function remove(plate) {
  const next = plate.nextElementSibling ?? plate.previousElementSibling;
  forget(plate);
  (next?.querySelector(".close") ?? $("photos")).focus();
  arrange();
}

function forget(plate) {
  const photo = photos.get(plate);
  if (photo) {
    photo.stop.abort();
    URL.revokeObjectURL(photo.url);
    photos.delete(plate);
    if (queue.includes(plate)) queue.splice(queue.indexOf(plate), 1);
  }
  plate.remove();
}

$("clear").onclick = () => {
  [...plates.children].forEach(forget);
  number = 1;
  arrange();
  $("photos").focus();
};

/** Large plates for few photos, a wall of small ones for many; and how far the answers have come. */
function arrange() {
  const many = plates.children.length > FEW;
  if (many !== plates.parentElement.classList.contains("many")) {
    plates.querySelectorAll(".reasons").forEach((reasons) => (reasons.open = !many));
  }
  plates.parentElement.classList.toggle("many", many);
  plates.parentElement.classList.toggle("few", !many);
  $("answers").hidden = plates.children.length === 0;
  const states = [...photos.values()].map((photo) => photo.state);
  const n = (...kinds) => states.filter((state) => kinds.includes(state)).length;
  const open = n("waiting", "looking");
  const counts = [[n("known"), "named"], [n("unsure", "strange"), "not known"], [n("failed"), "could not be read"], [open, "to go"]];
  const parts = counts.filter(([count]) => count).map(([count, word]) => `${count.toLocaleString("en")} ${word}`);
  $("tally").textContent = states.length ? `${counted(states.length, "photo")}: ${parts.join(", ")}` : "";
  const batch = $("batch");
  batch.hidden = open === 0 || states.length === 1;
  batch.value = states.length ? (states.length - open) / states.length : 0;
}

// -- the queue ---------------------------------------------------------------------------------------------------------

function take(files) {
  const found = [...files].filter((file) => file.size > 0 || file.name);
  if (found.length === 0) return say("There is no photo in what you gave. Save it as a file, then choose it here.");
  const fresh = found.map((file) => addPlate(file, file.name || "photo"));
  plates.prepend(...fresh);
  fresh.forEach(wait);
  arrange();
  say(`${counted(found.length, "photo")} taken.`);
  $("answers").scrollIntoView({ block: "start" });
}

function wait(plate) {
  const { file } = photos.get(plate);
  if (file.size > maxBytes) {
    const [has, most] = [file.size, maxBytes].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`);
    return settle(plate, { error: `this photo has ${has}; at most ${most} are taken. Make it smaller.` });
  }
  show(plate, "waiting", "Waiting", "");
  queue.push(plate);
  work();
}

async function work() {
  if (running >= PARALLEL || queue.length === 0) return;
  const plate = queue.shift();
  const { file, name, stop } = photos.get(plate);
  running += 1;
  show(plate, "looking", "Looking", "");
  work();
  try {
    await (ready = ready.catch(start)); // what failed at first is tried again with the next photo
    settle(plate, await classify(file, name, { signal: stop.signal }));
  } catch (error) {
    if (!stop.signal.aborted) settle(plate, { error: error.message, again: true });
  } finally {
    running -= 1;
    work();
  }
}

function settle(plate, answer) {
  if (!photos.has(plate)) return; // removed meanwhile
  showAnswer(plate, answer);
  arrange();
  report(plate);
}

// -- what a screen reader hears ----------------------------------------------------------------------------------------

let lastSaid = 0;

function say(sentence) {
  $("status").textContent = sentence;
}

function report(plate) {
  const { name, answer } = photos.get(plate);
  const done = [...photos.values()].filter((photo) => photo.answer).length;
  if (done === photos.size && photos.size > 1) say(`All answered. ${$("tally").textContent}`);
  else if (photos.size <= SPOKEN_EACH) say(`${name}: ${said(answer)}. ${because(answer)}`);
  else if (done - lastSaid >= photos.size / 4) say(`${done} of ${photos.size} answered.`);
  else return;
  lastSaid = done;
}

// -- ways in -----------------------------------------------------------------------------------------------------------

for (const input of [$("photos"), $("camera")]) {
  input.onchange = () => {
    take(input.files);
    input.value = ""; // the same photo may be chosen again
  };
}
form.onsubmit = (event) => event.preventDefault();

let depth = 0; // dragenter and dragleave come for every element that is crossed
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragenter", (event) => carriesFiles(event) && root.classList.toggle("dragging", ++depth > 0));
addEventListener("dragleave", (event) => carriesFiles(event) && root.classList.toggle("dragging", --depth > 0));
addEventListener("dragover", (event) => event.preventDefault()); // else the browser would open the photo itself
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  root.classList.remove("dragging");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.some((entry) => entry.isDirectory)) filesIn(entries).then(take);
  else take(event.dataTransfer.files);
});
addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) take(event.clipboardData.files);
  else if (!event.target.closest?.("input, textarea")) say("There is no photo on the clipboard.");
});

/** Give the files in dropped folders, hidden ones left out. */
async function filesIn(entries) {
  const found = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isFile) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else found.push(...(await filesIn(await children(entry.createReader()))));
  }
  return found;
}

async function children(reader) {
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** Ask about the page's own drawing, as a photo of a page would show it. */
$("ask-drawing").onclick = async () => {
  const drawing = document.querySelector(".flower").cloneNode(true);
  const box = { width: 440, height: 620 };
  drawing.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  Object.entries(box).forEach(([side, px]) => drawing.setAttribute(side, px));
  const shapes = document.querySelector(".flower").querySelectorAll("path");
  drawing.querySelectorAll("path").forEach((path, i) => {
    const style = getComputedStyle(shapes[i]); // a picture has no style sheet
    for (const name of ["fill", "stroke", "stroke-width", "opacity", "stroke-linecap"]) path.setAttribute(name, style.getPropertyValue(name));
  });
  const source = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" }));
  const image = Object.assign(new Image(), { src: source });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), box);
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, box.width, box.height);
  context.drawImage(image, 0, 0, box.width, box.height);
  URL.revokeObjectURL(source);
  canvas.toBlob((blob) => take([new File([blob], "the drawing", { type: "image/png" })]), "image/png");
};

// -- colours -----------------------------------------------------------------------------------------------------------

const chosen = root.dataset.theme ?? "auto";
$(`theme-${chosen}`).checked = true;
document.querySelectorAll("[name=theme]").forEach((input) => {
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
});

// -- a small screen: the long account of the model folds into its headings ---------------------------------------------

const small = matchMedia("(max-width: 44rem)");
const folding = [...document.querySelectorAll("section.about")];

function fold() {
  for (const section of folding) {
    const details = section.querySelector(":scope > details");
    if (small.matches && !details) section.append(folded(section.id === "good", ...section.children));
    if (!small.matches && details) section.replaceChildren(details.querySelector("h2"), details.lastElementChild);
  }
  unfold();
}

function folded(open, title, content) {
  const details = Object.assign(document.createElement("details"), { className: "fold", open });
  const summary = document.createElement("summary");
  summary.append(title);
  details.append(summary, content);
  return details;
}

/** Open the part that the address names. */
function unfold() {
  const details = document.getElementById(location.hash.slice(1))?.querySelector(":scope > .fold");
  if (details) details.open = true;
}

small.addEventListener("change", fold);
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => document.querySelectorAll(".fold").forEach((details) => (details.open = true)));
fold();

// -- start -------------------------------------------------------------------------------------------------------------

const loading = document.querySelector(".loading");
const trouble = $("trouble");

async function start() {
  const shown = setTimeout(() => (loading.hidden = false), 300); // a server answers sooner: nothing to see then
  try {
    card = await load((share) => ($("loading").value = share));
    trouble.hidden = true;
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    throw error;
  } finally {
    clearTimeout(shown);
    loading.hidden = true;
  }
}

let ready = start();
ready.catch(() => {}); // the reader has been told; whoever waits for it is told again
arrange();

// The page on which digits are drawn and read: pad, answer, what the network sees, the simpler rule, corrections.
// Computes nothing itself.

import { all, folderOf, forget, forgetAll, keep } from "./kept.js";
import { distancesTo, readMeans } from "./means.js";
import { Pad } from "./pad.js";
import { coloursChanged } from "./plate.js";
import { read, start } from "./reader.js";
import { SIDE, isDot, pictureOf } from "./strokes.js";
import { followTheme } from "./theme_choice.js";

const DOUBT = 0.05; // a second digit with at least this probability is named beside the first
const $ = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const certainty = (share) => (share > 0.999 ? "More than 99.9 % sure." : `${percent(share)} sure.`); // never entirely
const short = (share) => (share > 0.999 ? "> 99.9 %" : percent(share));
const a = (digit) => (digit === 8 ? "an 8" : `a ${digit}`);

let ready = false;
let means; // from means.json, once it is there
let shown; // { levels, answer } of what stands on the page

// -- reading ---------------------------------------------------------------------------------------------------------

const pad = new Pad($("pad"), { changed: look, ended: speak });
let nLooks = 0;

/** Read what is on the pad; browsers hand movements over once per frame, so this is not asked more often. */
async function look() {
  const mine = ++nLooks;
  $("hint").hidden = pad.strokes.length > 0;
  $("answer").ariaBusy = "true";
  await readPad();
  if (mine === nLooks) $("answer").ariaBusy = "false";
}

async function readPad() {
  const levels = pictureOf(pad.strokes);
  paint($("sees"), levels ?? new Uint8Array(SIDE * SIDE));
  compare(levels);
  if (!levels) return tell({ state: "empty" });
  if (isDot(pad.strokes)) return tell({ state: "dot" });
  if (!ready) tell({ state: "waiting" });
  const answer = await read(levels).catch(() => undefined);
  if (!answer || !pad.strokes.length || isDot(pad.strokes)) return; // a newer drawing is being read, or it was cleared
  shown = { levels, answer };
  tell({ state: answer.known ? "known" : isStrange(answer) ? "strange" : "unsure", ...answer });
}

const isStrange = ({ strangeness, strangenessLimit }) => strangenessLimit !== null && strangeness > Math.fround(strangenessLimit);

/** Say what is read, and how sure it is. */
function tell({ state, probabilities = new Array(10).fill(0) }) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order;
  const but = probabilities[second] >= DOUBT ? ` It might be ${a(second)} (${percent(probabilities[second])}).` : "";
  const [said, why] = {
    empty: ["Draw something.", "A digit, 0 to 9: large or small, anywhere on the pad."],
    dot: ["Only a dot.", "Draw on: it takes a line to make a digit."],
    waiting: ["One moment.", "The network is being loaded; the simpler rule below answers already."],
    known: [`It is ${a(first)}`, `${certainty(probabilities[first])}${but}`],
    unsure: ["I do not know this", `My best guess is ${first}, but I am only ${percent(probabilities[first])} sure.${but}`],
    strange: ["I do not know this", `It is unlike the digits that I learned from. If I had to guess: ${first}.`],
  }[state];
  $("answer").textContent = said;
  $("answer").dataset.state = state;
  $("why").textContent = why;
  [...$("ten").children].forEach((row, digit) => {
    row.classList.toggle("top", digit === first && probabilities[first] > 0);
    row.querySelector("i").style.transform = `scaleX(${probabilities[digit]})`;
    row.querySelector(".number").textContent = short(probabilities[digit]);
  });
  const answered = state === "known" || state === "unsure" || state === "strange";
  if (!answered) shown = undefined;
  $("correct").hidden = !answered;
}

/** Say the answer to screen readers once a stroke is complete, not at each of its points. */
async function speak() {
  $("kept-said").textContent = "";
  await new Promise((resolve) => setTimeout(resolve, 150));
  $("status").textContent = `${$("answer").textContent}. ${$("why").textContent} ${$("rule-said").textContent}`;
  $("sees").setAttribute("aria-label", `What the network sees: your drawing in ${SIDE} by ${SIDE} gray levels`);
}

/** Show gray levels as they are: ink white on black, as in MNIST. */
function paint(canvas, levels) {
  canvas.width = canvas.height = SIDE;
  const ctx = canvas.getContext("2d");
  const image = ctx.createImageData(SIDE, SIDE);
  levels.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
  ctx.putImageData(image, 0, 0);
}

// -- the simpler rule ------------------------------------------------------------------------------------------------

async function showMeans() {
  means = await readMeans();
  $("means").replaceChildren(
    ...means.means.map((levels, digit) => {
      const [item, canvas, name, distance] = ["li", "canvas", "b", "div"].map((tag) => document.createElement(tag));
      paint(canvas, levels);
      canvas.setAttribute("aria-hidden", "true");
      name.textContent = digit;
      item.append(canvas, name, distance);
      return item;
    }),
  );
  $("rule-score").textContent = `On MNIST's ${means.n.toLocaleString("en")} test digits this rule is right ${percent(means.nRight / means.n)} of the time. A network has to beat that before it is worth anything.`;
  compare(pictureOf(pad.strokes));
}

function compare(levels) {
  if (!means) return;
  const distances = levels && distancesTo(means.means, levels);
  const nearest = distances && distances.indexOf(Math.min(...distances));
  [...$("means").children].forEach((item, digit) => {
    item.classList.toggle("nearest", digit === nearest);
    item.lastChild.textContent = distances ? distances[digit].toFixed(3) : "";
  });
  $("rule-said").textContent = distances
    ? `The mean ${nearest} is the nearest one, so the rule says ${nearest}.`
    : "Compare with the mean of all 3s, of all 7s, and so on: the nearest one is the answer. No learning, no network.";
}

// -- corrections -----------------------------------------------------------------------------------------------------

async function correct(label) {
  if (!shown) return;
  const { levels, answer } = shown;
  const read = answer.probabilities.indexOf(Math.max(...answer.probabilities));
  const digit = { label, read, probability: answer.probabilities[read], known: answer.known, when: new Date().toISOString(), levels };
  try {
    await keep(digit);
    $("kept-said").textContent = `Kept in this browser as ${a(label)}${read === label ? "" : `, read as ${a(read)}`}. Nothing was sent.`;
  } catch (error) {
    $("kept-said").textContent = `This window keeps nothing (${error?.message ?? "no storage"}). Try one that is not private.`;
  }
  await showKept();
}

async function showKept() {
  const digits = await all().catch(() => []);
  $("kept").replaceChildren(...digits.map(keptItem));
  $("none-kept").hidden = digits.length > 0;
  $("kept-tools").hidden = digits.length === 0;
}

function keptItem({ id, label, read, levels }) {
  const [item, canvas, words, button] = ["li", "canvas", "div", "button"].map((tag) => document.createElement(tag));
  paint(canvas, levels);
  canvas.setAttribute("aria-hidden", "true");
  words.append(Object.assign(document.createElement("b"), { textContent: label }), read === label ? ", read so" : `, read as ${read}`);
  Object.assign(button, { className: "link", type: "button", textContent: "Forget" });
  button.setAttribute("aria-label", `Forget this ${label}`);
  button.onclick = () => forget(id).then(showKept);
  item.append(canvas, words, button);
  return item;
}

async function download() {
  const blob = new Blob([folderOf(await all())], { type: "application/zip" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "drawn.zip" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// -- start -----------------------------------------------------------------------------------------------------------

function complain(error) {
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
}

followTheme(() => {
  coloursChanged();
  pad.draw();
});
$("undo").onclick = () => pad.undo();
$("clear").onclick = () => pad.clear();
for (const input of document.querySelectorAll("[name=pen]")) input.onchange = () => (pad.width = Number(input.value));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
  event.preventDefault();
  pad.undo();
});
$("correct").addEventListener("click", ({ target }) => target.dataset.label && correct(Number(target.dataset.label)));
$("download").onclick = () => download().catch(complain);
$("forget-all").onclick = () => forgetAll().then(showKept);
tell({ state: "empty" });
showMeans().catch(complain);
showKept();
start()
  .then(() => {
    ready = true;
    document.documentElement.dataset.ready = "yes";
    look();
  })
  .catch(complain);

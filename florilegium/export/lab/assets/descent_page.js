// The page on which gradient descent can be watched: what to learn, how fast, one run or two. Computes nothing itself.

import { surveyed } from "./land.js";
import { drawLosses } from "./loss_view.js";
import { Panel } from "./panel.js";
import { Plate, coloursChanged } from "./plate.js";
import { RATES, problemOf, readDigits } from "./problems.js";
import { followTheme } from "./theme_choice.js";

const SPEEDS = ["slow motion", "a few steps a second", "20 steps a second", "60 steps a second", "as fast as it can be drawn"];
const SLOW_MS = 900; // for one of the seven steps, in slow motion
const PER_SECOND = [0, 4, 20, 60]; // rounds, by speed
const FAST_MS = 5; // of computing in a frame, at the fastest: the rest is for drawing
const FAST_MOST = 40; // rounds in a frame
const MOST_BEHIND = 4; // rounds that a late frame makes up for
const POINTS_SEED = 7;
const START_SEED = 3;

const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const lands = new Map(); // problem's id -> its landscape
const curve = new Plate($("losses"), () => ask());
let digits; // a promise
let problem;
let panels = [];
let playing = false;
let owed = 0; // rounds, or in slow motion steps, that time has earned
let last; // ms, of the last frame
let asked = false;

// -- what to learn ---------------------------------------------------------------------------------------------------

const chosen = () => new FormData($("bench")).get("problem");

async function choose() {
  const name = chosen();
  pause();
  $("n-field").hidden = name === "pair" || name === "ten";
  try {
    const all = $("n-field").hidden ? await (digits ??= fetchDigits()) : undefined;
    if (name !== chosen()) return; // another choice was made meanwhile
    problem = problemOf(name, { n: Number($("n").value), seed: POINTS_SEED, digits: all });
  } catch (error) {
    digits = undefined;
    return complain(error);
  }
  problem.id = `${name}-${problem.n}`;
  for (const panel of panels) panel.set(Panel.usual(name));
  reset();
  await survey();
}

async function fetchDigits() {
  const response = await fetch(new URL("digits.bin", import.meta.url));
  if (!response.ok) throw new Error(`digits.bin is missing (HTTP ${response.status}). Export the page again.`);
  return readDigits(new Uint8Array(await response.arrayBuffer()));
}

/** Survey the landscape, once per problem. Runs that are under way go on, but those that had to wait for its bottom. */
async function survey() {
  const mine = problem;
  if (!lands.has(mine.id)) {
    const land = await surveyed(mine, () => new Promise((resolve) => setTimeout(resolve)));
    lands.set(mine.id, Object.assign(land, { id: mine.id }));
  }
  if (mine !== problem) return;
  if (panels.some(({ run, typed }) => run.nSteps === 0 || typed.start === "wrong")) reset();
  else for (const panel of panels) panel.map(lands.get(mine.id));
  ask();
}

function complain(error) {
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
}

// -- runs ------------------------------------------------------------------------------------------------------------

function addPanel(tone, title) {
  const panel = new Panel({ tone, title, changed: () => reset(), redraw: () => ask() });
  panels.push(panel);
  $("runs").append(panel.element);
  return panel;
}

function pair(on) {
  $("second").checked = on;
  if (on && panels.length === 1) addPanel("second", "Second run").set(panels[0].typed);
  else if (!on && panels.length === 2) panels.pop().element.remove();
  const alone = panels.length === 1;
  $("runs").className = `runs ${alone ? "one" : "two"}`;
  // One run has its losses beside its other pictures; two runs share them, below.
  (alone ? panels[0].find(".plates") : $("curve")).append($("curve-figure"));
  $("curve").hidden = alone;
}

/** Bring the pictures into sight where they lie below it, as on a phone; with the settings, if there is room for both. */
function reveal({ always = false } = {}) {
  const { bottom } = panels[0].find(".land canvas").getBoundingClientRect();
  if (bottom <= innerHeight && !always) return;
  const room = innerHeight - $("transport").offsetHeight;
  const from = bottom - $("runs").getBoundingClientRect().top <= room ? $("runs") : panels[0].find(".said");
  from.scrollIntoView({ block: "start", behavior: still.matches ? "auto" : "smooth" });
}

/** All runs from the start; whether it plays stays as it is. */
function reset() {
  const land = lands.get(problem.id);
  const goalless = !land && { start: "zeros" }; // until the survey is done nobody knows where the other end is
  for (const panel of panels) {
    const start = panel.typed.start;
    if (goalless && start === "wrong") panel.set(goalless);
    panel.begin(problem, land, START_SEED);
    if (goalless) panel.set({ start });
  }
  owed = 0;
  describe();
  ask();
}

// -- time ------------------------------------------------------------------------------------------------------------

const done = () => panels.every(({ run }) => run.phase === "stop");

function play() {
  if (done()) reset();
  reveal();
  playing = true;
  last = undefined;
  $("play").textContent = "Pause";
  ask();
}

function pause() {
  playing = false;
  $("play").textContent = "Play";
  describe();
}

function step() {
  pause();
  reveal();
  for (const { run } of panels) run.advance();
  describe();
  light();
  ask();
}

/** Draw once, in the next frame. */
function ask() {
  if (asked || !panels[0]?.run) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(now) {
  asked = false;
  if (playing) learn(Math.min(now - (last ?? now), 250));
  last = now;
  draw(now);
  if (playing && done()) pause();
  if (playing || glowing(now)) ask();
}

function learn(passedMs) {
  const speed = Number($("speed").value);
  if (speed === PER_SECOND.length) return hurry();
  if (speed === 0) owed += passedMs / SLOW_MS;
  else owed = Math.min(owed + (passedMs * PER_SECOND[speed]) / 1000, MOST_BEHIND);
  for (; owed >= 1; owed--) for (const { run } of panels) speed === 0 ? run.advance() : run.round();
}

/** As many rounds as leave time to draw. */
function hurry() {
  const until = performance.now() + FAST_MS;
  for (let i = 0; i < FAST_MOST && performance.now() < until; i++) for (const { run } of panels) run.round();
}

function glowing(now) {
  return !still.matches && panels.some(({ run }) => run.rightSince?.some((since) => now - since < 700));
}

function draw(now) {
  for (const panel of panels) panel.draw({ now, still: still.matches });
  drawLosses(curve, panels.map(({ run, tone }) => ({ run, tone })));
  light();
}

/** Light up the step that is being done; where they follow too quickly to be seen, all that go round. */
function light() {
  const { phase } = panels[0].run;
  const quick = playing && Number($("speed").value) > 1 && phase !== "stop";
  for (const item of $("seven").children) {
    const name = item.dataset.step;
    item.classList.toggle("now", !quick && name === phase);
    item.classList.toggle("busy", quick && name !== "initialise" && name !== "stop");
    if (!quick && name === phase) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}

/** Tell screen readers where it stands, and label the pictures. */
function describe() {
  if (!panels[0]?.run) return;
  for (const panel of panels) {
    panel.run.lookAtAll();
    panel.say();
    panel.describe();
  }
  const said = panels.map((panel) => panel.find(".said").textContent);
  $("status").textContent = said.join(" Second run: ");
  $("losses").setAttribute("aria-label", panels.map(({ run }) => `Loss over ${run.nSteps} steps, now ${run.allLoss.toPrecision(3)}.`).join(" "));
}

// -- try this --------------------------------------------------------------------------------------------------------

const TRIES = {
  good: (rates) => ({ rate: rates.good }),
  small: (rates) => ({ rate: rates.small }),
  large: (rates) => ({ rate: rates.large }),
  huge: () => ({ rate: "1e9" }),
  zero: () => ({ rate: "0" }),
  negative: (rates) => ({ rate: -rates.good }),
  nan: () => ({ rate: "NaN" }),
  one: () => ({ batch: 1 }),
  all: () => ({ batch: problem.n }),
  momentum: () => ({ momentum: 0.9 }),
  wrong: () => ({ start: "wrong" }),
  duel: () => ({}),
};

function tryOut(key) {
  const usual = Panel.usual(problem.name);
  pair(key === "duel");
  panels[0].set({ ...usual, ...TRIES[key](RATES[problem.name]) });
  panels[1]?.set({ ...usual, rate: short(RATES[problem.name].good / 4), momentum: 0.9 });
  reset();
  reveal({ always: true });
  play();
}

const short = (number) => String(Number(number.toPrecision(2)));

// -- start -----------------------------------------------------------------------------------------------------------

function showSpeed() {
  $("speed-said").textContent = SPEEDS[$("speed").value];
  $("speed").setAttribute("aria-valuetext", SPEEDS[$("speed").value]);
}

addPanel("accent", "First run");
pair(false);
showSpeed();
followTheme(() => {
  coloursChanged();
  ask();
});
$("bench").addEventListener("submit", (event) => event.preventDefault());
for (const input of document.querySelectorAll("[name=problem], #n")) input.addEventListener("change", choose);
$("speed").addEventListener("input", showSpeed);
$("second").addEventListener("change", ({ target }) => {
  pair(target.checked);
  reset();
});
$("play").onclick = () => (playing ? pause() : play());
$("step").onclick = step;
$("reset").onclick = () => {
  pause();
  reset();
};
$("tries").addEventListener("click", ({ target }) => target.dataset.try && tryOut(target.dataset.try));
choose();

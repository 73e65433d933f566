// One run on the page: its settings, its three pictures, and what is being done in words. Computes nothing itself.

import { drawData } from "./data_view.js";
import { Run } from "./descent.js";
import { settingsOf, short, told } from "./ending.js";
import { drawLand } from "./land_view.js";
import { Plate } from "./plate.js";
import { RATES } from "./problems.js";
import { drawWeights } from "./weights_view.js";

const SAY_MS = 100; // between two sentences
const HINT_AFTER = 60; // steps: then a run that gets nowhere is told so, though it goes on
const CAPTIONS = {
  line: "Dots: the data. Line: what the weights say. Thin strokes: how far the line misses this batch.",
  points: "Discs on the tinted side and squares on the other are right; a ring marks one that is wrong.",
  pair: "Pale: wrong, with what it is taken for. Full and underlined: right.",
  ten: "Pale: wrong, with what it is taken for. Full and underlined: right.",
};
const LAND = {
  two: "The loss for every pair of weights, as a map: the deeper the colour, the lower. Arrow: downhill, by this batch. Cross: the bottom.",
  many: "A slice through the loss, through the best weights known (cross). Path and arrow are shadows on it: other weights move too.",
};
const WEIGHTS = {
  line: "The weights, and which way the gradient sends them.",
  points: "The weights, and which way the gradient sends them.",
  pair: "The weights as a picture: purple pixels speak for 7, amber ones for 3.",
  ten: "For each digit its weights, and below them the gradient. Purple: ink here speaks for it; amber: against it.",
};

export class Panel {
  /** tone: the colour's name.  title: heading.  changed(): the settings are others, begin anew. */
  constructor({ tone, title, changed, redraw }) {
    this.tone = tone;
    this.element = document.getElementById("run").content.firstElementChild.cloneNode(true);
    this.element.dataset.tone = tone;
    this.find(".run-title").textContent = title;
    this.plates = Object.fromEntries(["data", "land", "weights"].map((name) => [name, new Plate(this.find(`.${name} canvas`), redraw)]));
    for (const name of ["rate", "batch", "momentum", "start"]) this.find(`.${name}`).addEventListener("change", () => changed(this));
    this.find(".rate").addEventListener("input", () => this.slideAlong());
    this.find(".rate-slide").addEventListener("input", (event) => {
      this.find(".rate").value = short(10 ** event.target.value);
      changed(this);
    });
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  /** Fill the settings in; what is not named stays. */
  set(settings) {
    for (const [name, value] of Object.entries(settings)) this.find(`.${name}`).value = value;
    this.slideAlong();
  }

  slideAlong() {
    const power = Math.log10(Number(this.find(".rate").value));
    if (Number.isFinite(power)) this.find(".rate-slide").value = power;
  }

  get typed() {
    return Object.fromEntries(["rate", "batch", "momentum", "start"].map((name) => [name, this.find(`.${name}`).value]));
  }

  /** The settings that suit a problem. */
  static usual(problem) {
    return { rate: String(RATES[problem].good), batch: "16", momentum: "0", start: problem === "line" ? "wrong" : "zeros" };
  }

  /** Begin anew with what is set. */
  begin(problem, land, seed) {
    const { notes, ...settings } = settingsOf(this.typed, problem.n);
    const box = this.find(".notes");
    box.textContent = notes.join(" ");
    box.hidden = notes.length === 0;
    this.run = new Run(problem, { ...settings, start: this.typed.start, seed }, land);
    this.element.dataset.problem = problem.name;
    this.find(".data figcaption").textContent = CAPTIONS[problem.name];
    this.map(land);
    this.find(".weights figcaption").textContent = WEIGHTS[problem.name];
    for (const plate of Object.values(this.plates)) plate.measure();
  }

  /** Take the landscape, or word that there is none yet. */
  map(land) {
    this.land = land;
    if (land) this.run.enter(land);
    this.find(".land figcaption").textContent = land ? LAND[this.run.problem.side ? "many" : "two"] : "Surveying the landscape …";
  }

  /** Draw all three pictures and say what is being done. */
  draw({ now, still }) {
    const { run, tone, land, plates } = this;
    if (!run) return;
    run.lookAtAll();
    drawData(plates.data, run, { tone, now, still });
    drawLand(plates.land, land, run, tone);
    drawWeights(plates.weights, run, { tone });
    if (now - (this.saidAt ?? -Infinity) < SAY_MS && !run.end) return; // nobody reads sixty sentences a second
    this.saidAt = now;
    this.say();
  }

  say() {
    const { run } = this;
    const said = this.find(".said");
    const hint = run.end ?? (run.nSteps >= HINT_AFTER ? told(run.losses, run.rate) : null);
    this.element.dataset.end = hint?.end ?? "";
    const [lead, rest] = run.end || hint?.end === "stuck" ? parted(hint.sentence) : parted(sentenceOf(run));
    const text = `${lead}${rest} ${summary(run)}`;
    if (text === this.lastSaid) return;
    this.lastSaid = text;
    said.replaceChildren(Object.assign(document.createElement("b"), { textContent: lead }), `${rest} ${summary(run)}`);
  }

  /** Tell screen readers what the pictures show; called where nothing moves, since canvases say nothing. */
  describe() {
    const { run } = this;
    const label = (name, text) => this.find(`.${name} canvas`).setAttribute("aria-label", text);
    label("data", `${run.problem.n} items. ${summary(run)}`);
    const place = run.path.at(-1)?.map(short).join(", ");
    label("land", this.land ? `Map of the loss. The path is at ${place} after ${run.nSteps} steps.` : "Map of the loss, not ready yet.");
    label("weights", weightsSaid(run));
  }
}

/** What is being done, with its numbers. */
function sentenceOf(run) {
  const { phase, nBatch, problem, losses, rate, gradient, nSteps } = run;
  const length = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  const items = run.rows ? counted(run.rows.length) : counted(nBatch);
  const size = problem.d * problem.k + problem.k;
  return {
    initialise: `1 Initialise. ${size} weights begin ${START_SAID[run.start]}.`,
    predict: `2 Predict. ${items} drawn by lot; each gets ${problem.k === 1 ? "its score" : "ten scores"}: inputs times weights.`,
    loss: `3 Loss. These predictions are wrong by ${short(losses.at(-1))} on average.`,
    gradient: `4 Gradient. Uphill is known now, for each of ${size} weights; the slope is ${short(length)}.`,
    step: rate === 0 ? "5 Step. At rate 0 no weight moved." : `5 Step. Every weight moved ${rate < 0 ? "uphill" : "downhill"} by ${short(Math.abs(rate))} times its ${run.momentum ? "speed: its gradient and what is left of the speed before" : "gradient"}.`,
    repeat: `6 Repeat. ${nSteps} ${nSteps === 1 ? "step" : "steps"} done; batch ${Math.ceil(run.at / run.nBatch)} of ${Math.ceil(problem.n / run.nBatch)} in epoch ${run.epoch}.`,
    stop: "7 Stop.",
  }[phase];
}

const START_SAID = { zeros: "at zero", small: "small, by lot", large: "large, by lot", wrong: "at the opposite of the best ones" };
const counted = (n) => (n === 1 ? "One item" : `${n} items`);

/** The part up to the first full stop or colon that ends a word, and the rest. */
function parted(sentence) {
  const at = sentence.search(/[.:] /);
  return at < 0 ? [sentence, ""] : [sentence.slice(0, at + 1), sentence.slice(at + 1)];
}

function summary(run) {
  const { problem } = run;
  const parts = [`Loss over all: ${short(run.allLoss)}.`];
  if (problem.counts) parts.push(`Right: ${run.nRight} of ${problem.n}${problem.test ? `, and ${(100 * run.shareTest).toFixed(1)} % of ${problem.test.n} that it never saw` : ""}.`);
  return parts.join(" ");
}

function weightsSaid({ problem, weights }) {
  if (problem.side) return `${problem.k * problem.d} weights as ${problem.k === 1 ? "a picture" : "ten pictures"} of ${problem.side} by ${problem.side}.`;
  return problem.weightNames.map((name, i) => `${name} ${short(weights[i])}`).join(", ");
}

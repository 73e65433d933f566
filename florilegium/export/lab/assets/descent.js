// The seven steps of gradient descent, one after the other, on one problem. Draws nothing.
//
//     1 initialise · 2 predict · 3 loss · 4 gradient · 5 step · 6 repeat · 7 stop
//
// The same arithmetic as florilegium/lab; tests/test_lab_page_arithmetic.py holds the two together, loss by loss.

import { chance, normal, shuffled } from "./chance.js";
import { isLost, told } from "./ending.js";
import { isRight } from "./losses.js";

export const STARTS = { zeros: "All zero", small: "Small, by lot", large: "Large, by lot", wrong: "At the wrong end" };
export const MAX_STEPS = 5000; // then a run stops by itself

/** The weights that a run begins with. `goal`: the best weights, for the start at the other end. */
export function startOf(problem, start, { seed, goal }) {
  const random = chance(seed);
  const weights = new Float64Array(problem.d * problem.k + problem.k);
  const size = { zeros: 0, small: 0.1, large: 1.5, wrong: 0 }[start] / (problem.side ? Math.sqrt(problem.d) / 4 : 1);
  for (let i = 0; i < weights.length; i++) weights[i] = start === "wrong" ? -goal[i] : size ? size * normal(random) : 0;
  return weights;
}

/** Scores (n x k) = x (n x d) @ weights (d x k) + biases (k), for the items whose numbers are in `rows`. */
export function scoresOf(problem, weights, rows, scores) {
  const { d, k, x } = problem;
  const n = rows ? rows.length : problem.n;
  const biases = d * k;
  for (let r = 0; r < n; r++) {
    const item = (rows ? rows[r] : r) * d;
    for (let j = 0; j < k; j++) scores[r * k + j] = weights[biases + j];
    for (let i = 0; i < d; i++) {
      const value = x[item + i];
      if (value === 0 && k > 1) continue; // half of all pixels are paper
      for (let j = 0; j < k; j++) scores[r * k + j] += value * weights[i * k + j];
    }
  }
  return scores;
}

/** The mean loss over these items, given their scores; with `slopes`, also d loss / d score of each. */
export function lossOf(problem, scores, rows, slopes) {
  const { k, target, loss } = problem;
  const n = rows ? rows.length : problem.n;
  let sum = 0;
  for (let r = 0; r < n; r++) sum += loss(scores, r * k, k, target[rows ? rows[r] : r], slopes);
  return sum / n;
}

/** How the mean loss would grow with each weight: x transposed (d x n) @ slopes (n x k) / n, and their means for biases. */
export function gradientOf(problem, slopes, rows, gradient) {
  const { d, k, x } = problem;
  const n = rows ? rows.length : problem.n;
  const biases = d * k;
  gradient.fill(0);
  for (let r = 0; r < n; r++) {
    const item = (rows ? rows[r] : r) * d;
    for (let i = 0; i < d; i++) {
      const value = x[item + i];
      if (value === 0) continue;
      for (let j = 0; j < k; j++) gradient[i * k + j] += value * slopes[r * k + j];
    }
    for (let j = 0; j < k; j++) gradient[biases + j] += slopes[r * k + j];
  }
  for (let i = 0; i < gradient.length; i++) gradient[i] /= n;
  return gradient;
}

/** One run: its settings, its weights, and where in the seven steps it is. */
export class Run {
  /** land: from `surveyed`; where it is missing (in tests), no path is drawn. */
  constructor(problem, { rate, momentum, batch, start, seed }, land) {
    Object.assign(this, { problem, rate, momentum, start, land });
    this.nBatch = Math.min(batch, problem.n);
    this.random = chance(seed + 1);
    this.weights = startOf(problem, start, { seed, goal: land?.goal });
    this.velocity = new Float64Array(this.weights.length);
    this.gradient = new Float64Array(this.weights.length);
    this.scores = new Float64Array(problem.n * problem.k);
    this.slopes = new Float64Array(problem.n * problem.k);
    this.steepest = 0; // the largest part of a gradient so far
    this.losses = []; // of each batch
    this.whole = []; // [number of steps done, loss over all items], now and then
    this.nSteps = 0;
    this.first = this.weights.slice();
    this.path = []; // [across, up] on the map of the loss, one per step
    if (land) this.enter(land);
    this.order = new Int32Array(0);
    this.at = 0; // how far the order has been dealt
    this.epoch = 0; // the number of the one that is running
    this.phase = "initialise"; // the step that was done last
    this.end = null; // { end, sentence } once it stopped
    this.lookAtAll();
  }

  /** Put the run on a map, wherever it is by now. */
  enter(land) {
    this.land = land;
    this.path = [land.placeOf(this.first)];
    if (this.nSteps) this.mark();
  }

  /** Note where the weights are on the map. */
  mark() {
    if (this.land) this.path.push(this.land.placeOf(this.weights));
  }

  /** Do the next of the seven steps. */
  advance() {
    if (this.phase === "stop") return;
    if (this.phase === "initialise" || this.phase === "repeat") this.predict();
    else if (this.phase === "predict") this.measure();
    else if (this.phase === "loss") this.differentiate();
    else if (this.phase === "gradient") this.move();
    else this.goOn();
  }

  /** Go through steps 2 to 6 once. */
  round() {
    do this.advance();
    while (this.phase !== "repeat" && this.phase !== "stop");
  }

  predict() {
    if (this.at >= this.order.length) {
      this.order = shuffled(this.problem.n, this.random);
      this.at = 0;
      this.epoch++;
    }
    this.rows = this.order.subarray(this.at, this.at + this.nBatch);
    this.at += this.nBatch;
    scoresOf(this.problem, this.weights, this.rows, this.scores);
    this.phase = "predict";
  }

  measure() {
    this.losses.push(lossOf(this.problem, this.scores, this.rows, this.slopes));
    this.phase = "loss";
  }

  differentiate() {
    gradientOf(this.problem, this.slopes, this.rows, this.gradient);
    this.steepest = this.gradient.reduce((most, g) => Math.max(most, Math.abs(g) || 0), this.steepest);
    this.phase = "gradient";
  }

  move() {
    const { weights, velocity, gradient, momentum, rate } = this;
    for (let i = 0; i < weights.length; i++) {
      velocity[i] = momentum * velocity[i] + gradient[i];
      weights[i] -= rate * velocity[i];
    }
    this.nSteps++;
    this.mark();
    this.phase = "step";
  }

  /** Step 6, again from 2; or step 7, because nothing good will come or it has been long enough. */
  goOn() {
    const done = this.nSteps >= MAX_STEPS;
    if (done || isLost(this.losses) || !this.weights.every(Number.isFinite)) {
      this.phase = "stop";
      this.end = told(this.losses, this.rate);
    } else {
      this.phase = "repeat";
    }
  }

  /** The loss over all items and how many are right, for the eye; learning never sees it. */
  lookAtAll() {
    const { problem, weights } = this;
    this.allScores ??= new Float64Array(problem.n * problem.k);
    scoresOf(problem, weights, null, this.allScores);
    this.allLoss = lossOf(problem, this.allScores, null);
    if (this.whole.at(-1)?.[0] !== this.nSteps) this.whole.push([this.nSteps, this.allLoss]);
    if (problem.counts) this.right = rightOf(problem, this.allScores, (this.right ??= new Uint8Array(problem.n)));
    if (problem.test) this.shareTest = shareRight(problem.test, problem.k, weights, (this.testScores ??= new Float64Array(problem.test.n * problem.k)));
  }

  /** Number and share 0..1 of the items that it is right about. */
  get nRight() {
    return this.right?.reduce((sum, one) => sum + one, 0);
  }
}

function rightOf({ n, k, target }, scores, right) {
  for (let i = 0; i < n; i++) right[i] = Number(isRight(scores, i * k, k, target[i]));
  return right;
}

function shareRight(test, k, weights, scores) {
  scoresOf({ ...test, k }, weights, null, scores);
  let n = 0;
  for (let i = 0; i < test.n; i++) n += Number(isRight(scores, i * k, k, test.target[i]));
  return n / test.n;
}

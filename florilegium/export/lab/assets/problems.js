// What there is to learn: a line through points, two kinds of points, two digits, ten digits. Draws nothing.
//
// A problem holds x (n x d numbers, row after row), targets (n), how many scores k an item gets, and its loss. Every one
// is answered by weights (d x k) and k biases, laid out one after the other: so all of this page is one short formula.

import { chance, normal } from "./chance.js";
import { logistic, softmax, square } from "./losses.js";

export const N_LEVELS = 16; // ink of the digits' pixels
const SIDE = 8; // px
const THREE = 3;
const SEVEN = 7;

// Learning rates that show something, found by trying: too small to get anywhere, good, and beyond what converges.
export const RATES = {
  line: { small: 0.002, good: 0.1, large: 1.2 },
  points: { small: 0.005, good: 0.5, large: 300 },
  pair: { small: 0.002, good: 0.3, large: 100 },
  ten: { small: 0.005, good: 0.3, large: 60 },
};

/** Make a problem. n: points to draw by lot, for the first two.  digits: from `readDigits`, for the last two. */
export function problemOf(name, { n = 100, seed = 1, digits } = {}) {
  const random = chance(seed);
  if (name === "line") return line(n, random);
  if (name === "points") return points(n, random);
  return name === "pair" ? pair(digits) : ten(digits);
}

/** y = 1.4 x - 0.6, and noise: what the line should find. */
function line(n, random) {
  const x = new Float64Array(n);
  const target = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = 2 * random() - 1;
    target[i] = 1.4 * x[i] - 0.6 + 0.22 * normal(random);
  }
  return { name: "line", n, d: 1, k: 1, x, target, loss: square, counts: false, weightNames: ["slope", "height"] };
}

/** Two clouds that overlap a little, so that no line is right about all of them. */
function points(n, random) {
  const x = new Float64Array(2 * n);
  const target = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    target[i] = i % 2;
    const side = target[i] ? 1 : -1;
    x[2 * i] = 0.75 * side + 0.65 * normal(random);
    x[2 * i + 1] = 0.45 * side + 0.75 * normal(random);
  }
  return { name: "points", n, d: 2, k: 1, x, target, loss: logistic, counts: true, weightNames: ["across", "up", "start"] };
}

function pair({ x, labels, test }) {
  const wanted = (label) => label === THREE || label === SEVEN;
  const rows = (from) => from.labels.reduce((found, label, i) => (wanted(label) ? [...found, i] : found), []);
  const yes = (label) => Number(label === SEVEN);
  return { ...taken({ x, labels }, rows({ labels }), yes), name: "pair", k: 1, loss: logistic, test: taken(test, rows(test), yes) };
}

function ten({ x, labels, test }) {
  const all = (from) => Array.from(from.labels.keys());
  const same = (label) => label;
  return { ...taken({ x, labels }, all({ labels }), same), name: "ten", k: 10, loss: softmax, test: taken(test, all(test), same) };
}

function taken({ x, labels }, rows, targetOf) {
  const d = SIDE * SIDE;
  const chosen = new Float64Array(rows.length * d);
  rows.forEach((row, i) => chosen.set(x.subarray(row * d, (row + 1) * d), i * d));
  return { n: rows.length, d, x: chosen, target: Uint8Array.from(rows, (row) => targetOf(labels[row])), counts: true, side: SIDE };
}

/** Read the file that `digit_bytes` of florilegium/export/lab/samples.py writes: two counts, labels, then pixels. */
export function readDigits(bytes) {
  const [n, m] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2);
  const d = SIDE * SIDE;
  const labels = bytes.subarray(8, 8 + n + m);
  const ink = Float64Array.from(bytes.subarray(8 + n + m), (level) => level / N_LEVELS);
  if (ink.length !== (n + m) * d) throw new Error("digits.bin is damaged. Export the page again.");
  return { x: ink.subarray(0, n * d), labels: labels.subarray(0, n), test: { x: ink.subarray(n * d), labels: labels.subarray(n) } };
}

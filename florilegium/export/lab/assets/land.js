// The loss as a landscape: a goal, two directions, and the height of the loss on the plane that they span. Draws nothing.
//
// Two weights make a plane by themselves. With more of them the plane goes through the best weights that a rehearsal
// found: one direction leads there from zero, the other is where the rehearsal's path bent away most. What the other
// weights do cannot be seen on it, so a run's path is its shadow on the plane.

import { gradientOf, lossOf, scoresOf } from "./descent.js";
import { RATES } from "./problems.js";

const N_REHEARSED = { line: 300, points: 400, pair: 300, ten: 160 }; // steps, all items in each
const MOMENTUM = 0.9;
export const GRID = 41; // heights in each direction
const SLICE_MS = 6; // of work before the page may draw again
const N_BANDS = 14; // contour lines

/** Survey a problem, a little at a time; `free()` resolves when the page has drawn. Gives goal, heights and places. */
export async function surveyed(problem, free) {
  const yielding = pacer(free);
  const { goal, path } = await rehearsed(problem, yielding);
  const plane = problem.d * problem.k + problem.k <= 3 ? planeOfTwo(goal) : planeOfPath(goal, path);
  const heights = await heightsOf(problem, plane, yielding);
  return { ...plane, goal, heights, ...bandsOf(heights) };
}

function pacer(free) {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE_MS) return;
    await free();
    since = performance.now();
  };
}

async function rehearsed(problem, yielding) {
  const size = problem.d * problem.k + problem.k;
  const [weights, velocity, gradient] = [0, 0, 0].map(() => new Float64Array(size));
  const [scores, slopes] = [0, 0].map(() => new Float64Array(problem.n * problem.k));
  const path = [];
  for (let step = 0; step < N_REHEARSED[problem.name]; step++) {
    lossOf(problem, scoresOf(problem, weights, null, scores), null, slopes);
    gradientOf(problem, slopes, null, gradient);
    for (let i = 0; i < size; i++) {
      velocity[i] = MOMENTUM * velocity[i] + gradient[i];
      weights[i] -= RATES[problem.name].good * velocity[i];
    }
    path.push(weights.slice());
    await yielding();
  }
  return { goal: weights, path };
}

/** The first two weights, as they are; a third one stays at its best. */
function planeOfTwo(goal) {
  const u = new Float64Array(goal.length);
  const v = new Float64Array(goal.length);
  u[0] = v[1] = 1;
  const reach = 1.45 * Math.max(Math.abs(goal[0]), Math.abs(goal[1]), 1.6);
  const origin = goal.map((weight, i) => (i < 2 ? 0 : weight));
  const placeOf = (weights) => [weights[0], weights[1]];
  return { origin, u, v, placeOf, across: [-reach, reach], up: [-reach, reach] };
}

function planeOfPath(goal, path) {
  const length = Math.sqrt(dot(goal, goal));
  const u = goal.map((weight) => weight / length);
  let [v, bend] = [null, 0];
  for (const weights of path) {
    const along = dot(weights, u);
    const rest = weights.map((weight, i) => weight - along * u[i]);
    const size = Math.sqrt(dot(rest, rest));
    if (size > bend) [v, bend] = [rest.map((part) => part / size), size];
  }
  const placeOf = (weights) => [dot(weights, u), dot(weights, v)];
  const high = Math.max(4 * bend, length / 2);
  return { origin: new Float64Array(goal.length), u, v, placeOf, across: [-1.2 * length, 1.5 * length], up: [-high, high] };
}

const dot = (a, b) => a.reduce((sum, one, i) => sum + one * b[i], 0);

/** The loss at GRID x GRID places, row by row from the top; scores are straight in the weights, so three passes do. */
async function heightsOf(problem, { origin, u, v, across, up }, yielding) {
  const [at, alongU, alongV] = [origin, u, v].map((w) => scoresOf(problem, w, null, new Float64Array(problem.n * problem.k)));
  const scores = new Float64Array(at.length);
  const heights = new Float64Array(GRID * GRID);
  for (let cell = 0; cell < heights.length; cell++) {
    const a = between(across, (cell % GRID) / (GRID - 1));
    const b = between(up, 1 - Math.floor(cell / GRID) / (GRID - 1));
    for (let i = 0; i < scores.length; i++) scores[i] = at[i] + a * alongU[i] + b * alongV[i];
    heights[cell] = lossOf(problem, scores, null);
    await yielding();
  }
  return heights;
}

const between = ([low, high], share) => low + share * (high - low);

/** Each height as a number of contour lines 0..N_BANDS, close together near the bottom, where it matters. */
function bandsOf(heights) {
  const low = heights.reduce((a, b) => Math.min(a, b));
  const high = heights.reduce((a, b) => Math.max(a, b));
  const soft = 0.02 * (high - low);
  const depth = (height) => Math.log((height - low + soft) / soft) / Math.log((high - low + soft) / soft);
  return { bands: heights.map((height) => N_BANDS * depth(height)), nBands: N_BANDS };
}

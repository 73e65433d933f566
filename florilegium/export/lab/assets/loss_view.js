// Draw the losses of one or two runs over their steps: thin the batches, strong the loss over all items.

import { colour } from "./plate.js";
import { short } from "./ending.js";

const MARGIN = { left: 46, right: 12, top: 12, bottom: 26 };
const MIN_STEPS = 40; // shown from the start, so that the first steps do not fill the width
const TEXT = "12px system-ui, sans-serif";

/** Draw the losses; runs: [{ run, tone }]. */
export function drawLosses(plate, runs) {
  if (!plate.width || !plate.seen) return;
  const ctx = plate.clear();
  const axes = axesOf(plate, runs.map(({ run }) => run));
  drawAxes(ctx, plate, axes);
  for (const { run, tone } of runs) {
    ctx.strokeStyle = colour(tone);
    ctx.globalAlpha = 0.35;
    ctx.lineWidth = 1;
    trace(ctx, axes, thinned(run.losses.map((loss, i) => [i, loss]), plate.width));
    ctx.globalAlpha = 1;
    ctx.lineWidth = 2.5;
    trace(ctx, axes, thinned(run.whole, plate.width));
  }
}

function axesOf({ width, height }, runs) {
  const nSteps = Math.max(MIN_STEPS, ...runs.map((run) => run.nSteps));
  const heights = runs.flatMap((run) => run.whole.map(([, loss]) => loss)).filter((loss) => Number.isFinite(loss) && loss > 0);
  const low = Math.log10(Math.max(1e-6, 0.8 * heights.reduce((a, b) => Math.min(a, b), 1)));
  const high = Math.log10(Math.min(1e12, 1.3 * heights.reduce((a, b) => Math.max(a, b), 1e-6)));
  const room = { x: width - MARGIN.left - MARGIN.right, y: height - MARGIN.top - MARGIN.bottom };
  const share = (loss) => (Math.log10(Math.max(loss, 1e-9)) - low) / (high - low || 1);
  return {
    nSteps, low, high,
    x: (step) => MARGIN.left + (room.x * step) / nSteps,
    y: (loss) => MARGIN.top + room.y * (1 - Math.min(Math.max(share(loss), -0.02), 1.05)),
  };
}

function drawAxes(ctx, { width, height }, axes) {
  ctx.strokeStyle = colour("line");
  ctx.fillStyle = colour("soft");
  ctx.lineWidth = 1;
  ctx.font = TEXT;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const loss of ticksOf(axes)) {
    ctx.beginPath();
    ctx.moveTo(MARGIN.left, axes.y(loss));
    ctx.lineTo(width - MARGIN.right, axes.y(loss));
    ctx.stroke();
    ctx.fillText(short(loss), MARGIN.left - 6, axes.y(loss));
  }
  ctx.textBaseline = "alphabetic";
  ctx.fillText(`${axes.nSteps} steps`, width - MARGIN.right, height - 8);
  ctx.textAlign = "left";
  ctx.fillText("0", MARGIN.left, height - 8);
}

/** Round losses between the lowest and the highest, at most six. */
function ticksOf({ low, high }) {
  const span = high - low;
  const steps = span > 6 ? [0] : span > 1.5 ? [0, Math.log10(3)] : [0, Math.log10(1.5), Math.log10(2), Math.log10(3), Math.log10(5), Math.log10(7)];
  const every = Math.max(1, Math.ceil(span / 6));
  const found = [];
  for (let power = Math.floor(low); power <= high; power += every) {
    for (const step of steps) if (power + step >= low && power + step <= high) found.push(10 ** (power + step));
  }
  return found;
}

/** At most two places per pixel. */
function thinned(places, width) {
  const every = Math.ceil(places.length / (2 * width)) || 1;
  return every === 1 ? places : places.filter((_, i) => i % every === 0 || i === places.length - 1);
}

function trace(ctx, { x, y }, places) {
  ctx.beginPath();
  let pen = false;
  for (const [step, loss] of places) {
    if (Number.isNaN(loss)) continue;
    if (pen) ctx.lineTo(x(step), y(loss));
    else ctx.moveTo(x(step), y(loss));
    pen = true;
  }
  ctx.stroke();
}

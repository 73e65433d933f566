// Draw the weights: as pictures where the items are pictures, else as numbers on a line with the gradient as an arrow.

import { drawPixels } from "./data_view.js";
import { short } from "./ending.js";
import { arrow, colour, levels } from "./plate.js";

const NAME_PX = 21;
const MARGIN_PX = 8;
const ARROW_SHARE = 0.3; // of the line, for the largest gradient that this run has had

/** Draw the weights of a run and its newest gradient. */
export function drawWeights(plate, run, { tone }) {
  if (!plate.width || !plate.seen) return;
  const ctx = plate.clear();
  if (run.problem.side) drawPictures(ctx, plate, run);
  else drawNumbers(ctx, plate, run, tone);
}

function drawNumbers(ctx, { width, height }, { problem, weights, gradient, land, steepest }, tone) {
  const reach = Math.max(1, ...(land ? Array.from(land.goal, Math.abs) : [])) * 1.8;
  const most = Math.max(steepest, 1e-9);
  problem.weightNames.forEach((name, i) => {
    const y = ((i + 0.62) * height) / problem.weightNames.length;
    drawRail(ctx, name, weights[i], y, width);
    if (!Number.isFinite(weights[i])) return;
    const x = width / 2 + (width / 2 - 12) * Math.min(Math.max(weights[i] / reach, -1), 1);
    ctx.strokeStyle = colour("ink");
    ctx.lineWidth = 2.5;
    arrow(ctx, x, y, (-gradient[i] / most) * ARROW_SHARE * width || 0, 0);
    ctx.fillStyle = colour(tone);
    ctx.beginPath();
    ctx.arc(x, y, 6, 0, 2 * Math.PI);
    ctx.fill();
  });
}

function drawRail(ctx, name, weight, y, width) {
  ctx.strokeStyle = colour("line");
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(8, y);
  ctx.lineTo(width - 8, y);
  ctx.moveTo(width / 2, y - 6);
  ctx.lineTo(width / 2, y + 6);
  ctx.stroke();
  label(ctx, name, 8, y - 14, "left");
  label(ctx, Number.isFinite(weight) ? weight.toPrecision(3) : short(weight), width - 8, y - 14, "right", "ink");
}

function label(ctx, text, x, y, align, tone = "soft") {
  ctx.fillStyle = colour(tone);
  ctx.font = "13px system-ui, sans-serif";
  ctx.textAlign = align;
  ctx.textBaseline = "alphabetic";
  ctx.fillText(text, x, y);
}

/** One picture per score: above the weights, below what the gradient would change. */
function drawPictures(ctx, { width, height }, { problem, weights, gradient }) {
  const { k } = problem;
  const columns = k === 1 ? 2 : 5;
  const rows = k === 1 ? 1 : 4;
  const size = Math.min((width - MARGIN_PX * (columns + 1)) / columns, (height - MARGIN_PX - NAME_PX * rows) / rows);
  const gap = (width - columns * size) / (columns + 1);
  for (let j = 0; j < k; j++) {
    const column = k === 1 ? 0 : j % 5;
    const row = k === 1 ? 0 : 2 * Math.floor(j / 5);
    const left = gap + column * (size + gap);
    const top = row * (size + NAME_PX) + NAME_PX;
    label(ctx, k === 1 ? "weights" : String(j), left, top - 5, "left", "ink");
    drawSigned(ctx, left, top, size, weights, j, problem);
    const [under, beside] = k === 1 ? [top, left + size + gap] : [top + size + NAME_PX, left];
    label(ctx, k === 1 ? "gradient" : column === 0 ? "gradient" : "", beside, under - 5, "left");
    drawSigned(ctx, beside, under, size, gradient, j, problem);
  }
}

/** Numbers of both signs: one colour for more ink, the other for less, paper for none. */
function drawSigned(ctx, left, top, size, numbers, j, { d, k, side }) {
  let most = 1e-9;
  for (let i = 0; i < d * k; i++) most = Math.max(most, Math.abs(numbers[i]));
  const [paper, more, less] = ["sheet", "accent", "second"].map((name) => levels(colour(name)));
  const shade = (i) => {
    const share = numbers[i * k + j] / most;
    if (!Number.isFinite(share)) return colour("line");
    const to = share > 0 ? more : less;
    return `rgb(${paper.map((level, c) => Math.round(level + (to[c] - level) * Math.abs(share) ** 0.8)).join(" ")})`;
  };
  drawPixels(ctx, left, top, size, shade, side);
  ctx.strokeStyle = colour("line");
  ctx.lineWidth = 1;
  ctx.strokeRect(left + 0.5, top + 0.5, size - 1, size - 1);
}

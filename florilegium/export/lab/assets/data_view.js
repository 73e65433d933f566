// Draw the items and what the weights say about them: a line, a border, or a wall of digits. Computes no loss.

import { N_LEVELS } from "./problems.js";
import { colour, levels } from "./plate.js";

const TAU = 2 * Math.PI;
const POINT_PX = 3;
const X_MOST = 1.12; // of the line's points, which lie in -1..1
const Y_RANGE = [-2.8, 1.8]; // that the line's points and their noise fill
const FLASH_MS = 600; // a digit that has just become right
const MIN_DIGIT_PX = 24;

/** Draw the items of a run's problem; `now`: ms, of the animation; `still`: no flashes. */
export function drawData(plate, run, { tone, now, still }) {
  if (!plate.width || !plate.seen) return;
  const ctx = plate.clear();
  if (run.problem.name === "line") drawLine(ctx, plate, run, tone);
  else if (run.problem.name === "points") drawPoints(ctx, plate, run, tone);
  else drawDigits(ctx, plate, run, { tone, now, still });
}

function drawLine(ctx, plate, run, tone) {
  const { width, height } = plate;
  const x = (value) => (width * (value + X_MOST)) / (2 * X_MOST);
  const y = (value) => height * (1 - (value - Y_RANGE[0]) / (Y_RANGE[1] - Y_RANGE[0]));
  const { problem, weights } = run;
  const said = (value) => weights[0] * value + weights[1];
  if (run.rows && run.phase !== "repeat") {
    ctx.strokeStyle = colour("soft");
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const row of run.rows) {
      ctx.moveTo(x(problem.x[row]), y(problem.target[row]));
      ctx.lineTo(x(problem.x[row]), y(clipped(said(problem.x[row]))));
    }
    ctx.stroke();
  }
  plate.lay("points", problem.id, (under) => {
    under.fillStyle = colour("ink");
    under.globalAlpha = problem.n > 300 ? 0.45 : 0.75;
    for (let i = 0; i < problem.n; i++) dot(under, x(problem.x[i]), y(problem.target[i]), POINT_PX);
  });
  ctx.strokeStyle = colour(tone);
  ctx.lineWidth = 3;
  ctx.beginPath();
  ctx.moveTo(x(-X_MOST), y(clipped(said(-X_MOST))));
  ctx.lineTo(x(X_MOST), y(clipped(said(X_MOST))));
  if (Number.isFinite(said(1))) ctx.stroke();
}

const clipped = (value) => Math.min(Math.max(value, -1e4), 1e4); // canvases know no larger numbers

function drawPoints(ctx, plate, run, tone) {
  const { width, height } = plate;
  const unit = Math.min(width, height) / 6; // px: -3..3 along the shorter side
  const x = (value) => width / 2 + unit * value;
  const y = (value) => height / 2 - unit * value;
  const { problem, weights } = run;
  drawBorder(ctx, { x, y, width, height, unit }, weights, tone);
  plate.lay("points", problem.id, (under) => {
    for (let i = 0; i < problem.n; i++) kindOf(under, x(problem.x[2 * i]), y(problem.x[2 * i + 1]), problem.target[i]);
  });
  ctx.strokeStyle = colour("warn");
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (let i = 0; i < problem.n; i++) {
    if (run.right[i]) continue;
    const [across, up] = [x(problem.x[2 * i]), y(problem.x[2 * i + 1])];
    ctx.moveTo(across + 6, up);
    ctx.arc(across, up, 6, 0, TAU);
  }
  ctx.stroke();
}

/** Discs for yes, squares that are hollow for no: to be told apart without colours. */
function kindOf(ctx, x, y, yes) {
  ctx.fillStyle = ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.4;
  if (yes) dot(ctx, x, y, POINT_PX + 0.4);
  else ctx.strokeRect(x - POINT_PX + 0.5, y - POINT_PX + 0.5, 2 * POINT_PX - 1, 2 * POINT_PX - 1);
}

/** Tint the side that is taken for yes, and draw the border, where the score is 0. */
function drawBorder(ctx, { x, y, width, height, unit }, [a, b, c], tone) {
  const length = Math.hypot(a, b);
  if (!(length > 0) || !Number.isFinite(length) || !Number.isFinite(c)) return;
  const far = (width + height) / unit;
  const [nx, ny] = [a / length, b / length];
  const [px, py] = [(-c / length) * nx, (-c / length) * ny]; // of the border, the place nearest to the middle
  const corner = (along, out) => [x(clipped(px - along * ny + out * nx)), y(clipped(py + along * nx + out * ny))];
  ctx.fillStyle = ctx.strokeStyle = colour(tone);
  ctx.globalAlpha = 0.13;
  ctx.beginPath();
  for (const [along, out] of [[-far, 0], [far, 0], [far, far], [-far, far]]) ctx.lineTo(...corner(along, out));
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.lineWidth = 3;
  ctx.beginPath();
  ctx.moveTo(...corner(-far, 0));
  ctx.lineTo(...corner(far, 0));
  ctx.stroke();
}

function drawDigits(ctx, plate, run, { tone, now, still }) {
  const wall = wallOf(plate, run.problem);
  plate.lay("digits", run.problem.id, (under) => paintDigits(under, wall, run.problem));
  run.rightSince ??= new Float64Array(run.problem.n).fill(-Infinity);
  run.wasRight ??= run.right.slice();
  for (let i = 0; i < wall.n; i++) {
    if (run.right[i] && !run.wasRight[i]) run.rightSince[i] = now;
    run.wasRight[i] = run.right[i];
    drawJudged(ctx, wall, i, run, { tone, glow: still ? 0 : 1 - (now - run.rightSince[i]) / FLASH_MS });
  }
}

/** How many digits fit, and where they stand. */
function wallOf({ width, height }, { n }) {
  const size = Math.max(MIN_DIGIT_PX, Math.ceil(Math.sqrt((width * height) / Math.min(n, 120))));
  const columns = Math.floor(width / size);
  const rows = Math.floor(height / size);
  return { size: Math.min(width / columns, height / rows), columns, n: Math.min(n, columns * rows), left: (width - columns * Math.min(width / columns, height / rows)) / 2 };
}

const cellOf = ({ size, columns, left }, i) => [left + (i % columns) * size, Math.floor(i / columns) * size];

function paintDigits(ctx, wall, problem) {
  for (let i = 0; i < wall.n; i++) {
    const [left, top] = cellOf(wall, i);
    drawPixels(ctx, left + 3, top + 3, wall.size - 6, (pixel) => inkOf(problem.x[i * problem.d + pixel]), problem.side);
  }
}

/** A shade between paper and ink; ink: 0..1. */
function inkOf(ink) {
  const [from, to] = [levels(colour("sheet")), levels(colour("ink"))];
  return `rgb(${from.map((level, c) => Math.round(level + (to[c] - level) * ink)).join(" ")})`;
}

/** A small picture, pixel by pixel; `shade(i)` gives a colour. */
export function drawPixels(ctx, left, top, size, shade, side) {
  const step = size / side;
  for (let i = 0; i < side * side; i++) {
    ctx.fillStyle = shade(i);
    const [x, y] = [left + (i % side) * step, top + Math.floor(i / side) * step];
    ctx.fillRect(x, y, step + 0.5, step + 0.5); // a little over: no seams between pixels
  }
}

/** Wrong digits pale behind a veil with what is said of them; right ones stand out, and glow when they become so. */
function drawJudged(ctx, wall, i, run, { tone, glow }) {
  const [left, top] = cellOf(wall, i);
  const size = wall.size - 2;
  if (!run.right[i]) {
    ctx.globalAlpha = 0.62;
    ctx.fillStyle = colour("quiet");
    ctx.fillRect(left + 1, top + 1, size, size);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("warn");
    ctx.font = `600 ${Math.round(wall.size * 0.36)}px sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    ctx.fillText(saidOf(run, i), left + size, top + size + 1);
    return;
  }
  ctx.fillStyle = colour(tone);
  ctx.fillRect(left + 2, top + size - 1, size - 2, 2);
  if (glow <= 0) return;
  ctx.globalAlpha = 0.55 * Math.min(glow, 1);
  ctx.fillRect(left + 1, top + 1, size, size);
  ctx.globalAlpha = 1;
}

/** What a run takes a digit for; "?" where its scores are no numbers. */
export function saidOf({ problem, allScores }, i) {
  const { k, name } = problem;
  const scores = allScores.subarray(i * k, (i + 1) * k);
  if (!scores.every(Number.isFinite)) return "?";
  if (name === "pair") return scores[0] > 0 ? "7" : "3";
  return String(scores.indexOf(Math.max(...scores)));
}

function dot(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, TAU);
  ctx.fill();
}

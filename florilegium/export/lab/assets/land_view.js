// Draw the landscape of the loss as a map, the path of a run on it, and the way down as an arrow. Computes no loss.

import { GRID } from "./land.js";
import { arrow, colour, levels } from "./plate.js";

const N_DRAWN = 1500; // of a path's places
const ARROW_PX = 46; // of the steepest first step

/** Draw the map and, on it, the path of a run; tone: the name of its colour. */
export function drawLand(plate, land, run, tone) {
  if (!plate.seen) return;
  const ctx = plate.clear();
  if (!land) return;
  plate.lay("map", land.id, (under) => paintMap(under, plate, land));
  drawPath(ctx, plate, land, run, colour(tone));
}

function screenOf({ width, height }, { across, up }) {
  const x = (a) => (width * (a - across[0])) / (across[1] - across[0]);
  const y = (b) => height * (1 - (b - up[0]) / (up[1] - up[0]));
  return ([a, b]) => [x(a), y(b)];
}

function drawPath(ctx, plate, land, run, tone) {
  const place = screenOf(plate, land);
  const known = run.path.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const every = Math.max(1, Math.ceil(known.length / N_DRAWN));
  const shown = known.filter((_, i) => i % every === 0 || i === known.length - 1).map(place).map(within(plate));
  ctx.lineWidth = 2;
  ctx.lineJoin = "round";
  ctx.strokeStyle = ctx.fillStyle = tone;
  ctx.beginPath();
  shown.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.stroke();
  if (shown.length < 60) for (const [x, y] of shown) disc(ctx, x, y, 2.5);
  if (!shown.length) return;
  ring(ctx, ...shown[0], tone);
  drawArrow(ctx, plate, land, run, shown.at(-1));
  disc(ctx, ...shown.at(-1), 5.5);
}

/** Where the shadow of the gradient on the plane points, turned round: downhill. */
function drawArrow(ctx, plate, land, run, [x, y]) {
  const [a, b] = land.placeOf(run.gradient);
  const [x0, y0] = screenOf(plate, land)([0, 0]);
  const [x1, y1] = screenOf(plate, land)([-a, -b]);
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!(length > 0) || !Number.isFinite(length)) return;
  const size = ARROW_PX * Math.min(1, 0.25 + length / plate.width); // short near the bottom, never out of sight
  ctx.lineWidth = 2.5;
  ctx.strokeStyle = colour("ink");
  arrow(ctx, x, y, (size * (x1 - x0)) / length, (size * (y1 - y0)) / length);
}

/** A path that leaves the map goes on at its edge. */
const within = ({ width, height }) => ([x, y]) => [Math.min(Math.max(x, 4), width - 4), Math.min(Math.max(y, 4), height - 4)];

function disc(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fill();
}

function ring(ctx, x, y, tone) {
  ctx.fillStyle = colour("sheet");
  disc(ctx, x, y, 5);
  ctx.stroke();
  ctx.fillStyle = tone;
}

/** Bands of colour, deeper where the loss is lower, and a line between each two. */
function paintMap(ctx, plate, land) {
  const { width, height } = ctx.canvas;
  const image = ctx.createImageData(width, height);
  const [high, low] = [levels(colour("sheet")), levels(colour("deep"))];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const depth = 1 - Math.floor(bandAt(land, x / (width - 1), y / (height - 1))) / land.nBands;
      const at = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) image.data[at + c] = high[c] + (low[c] - high[c]) * depth * depth;
      image.data[at + 3] = 255;
    }
  }
  ctx.putImageData(image, 0, 0);
  ctx.strokeStyle = colour("contour");
  ctx.lineWidth = 0.75;
  contours(ctx, plate, land);
  drawGoal(ctx, plate, land);
}

/** The band at a place of the map, 0..1 from left and from the top, straight between the four heights around it. */
function bandAt({ bands, nBands }, x, y) {
  const column = Math.min(Math.floor(x * (GRID - 1)), GRID - 2);
  const row = Math.min(Math.floor(y * (GRID - 1)), GRID - 2);
  const [right, down] = [x * (GRID - 1) - column, y * (GRID - 1) - row];
  const at = row * GRID + column;
  const top = bands[at] * (1 - right) + bands[at + 1] * right;
  const bottom = bands[at + GRID] * (1 - right) + bands[at + GRID + 1] * right;
  return Math.min(top * (1 - down) + bottom * down, nBands - 1e-6);
}

/** Lines of equal height, cell by cell: where a level cuts two sides of a cell, a straight piece joins the cuts. */
function contours(ctx, { width, height }, { bands, nBands }) {
  const [dx, dy] = [width / (GRID - 1), height / (GRID - 1)];
  ctx.beginPath();
  for (let row = 0; row < GRID - 1; row++) {
    for (let column = 0; column < GRID - 1; column++) {
      const at = row * GRID + column;
      const corners = [bands[at], bands[at + 1], bands[at + GRID + 1], bands[at + GRID]]; // clockwise from top left
      const [lowest, highest] = [Math.min(...corners), Math.max(...corners)];
      for (let level = Math.max(1, Math.ceil(lowest)); level <= highest && level < nBands; level++) {
        const cuts = cutsOf(corners, level).map(([x, y]) => [(column + x) * dx, (row + y) * dy]);
        for (let i = 0; i + 1 < cuts.length; i += 2) {
          ctx.moveTo(...cuts[i]);
          ctx.lineTo(...cuts[i + 1]);
        }
      }
    }
  }
  ctx.stroke();
}

const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];

function cutsOf(corners, level) {
  const cuts = [];
  for (let side = 0; side < 4; side++) {
    const [a, b] = [corners[side], corners[(side + 1) % 4]];
    if (a < level === b < level) continue;
    const share = (level - a) / (b - a);
    const [[x0, y0], [x1, y1]] = [CORNERS[side], CORNERS[(side + 1) % 4]];
    cuts.push([x0 + share * (x1 - x0), y0 + share * (y1 - y0)]);
  }
  return cuts;
}

/** A small cross where the rehearsal ended: the bottom, as far as anybody knows. */
function drawGoal(ctx, plate, land) {
  const [x, y] = screenOf(plate, land)(land.placeOf(land.goal));
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (const side of [-1, 1]) {
    ctx.moveTo(x - 5, y - 5 * side);
    ctx.lineTo(x + 5, y + 5 * side);
  }
  ctx.stroke();
}

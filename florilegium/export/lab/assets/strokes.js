// From strokes of a pen to the picture that the network sees: 28 x 28 gray levels, made as MNIST was made. Draws nothing.
//
// A digit is scaled so that its longer side fills 20 pixels, and moved so that its centre of mass is in the middle of 28
// (LeCun, Cortes, Burges: the MNIST database). Its lines get a width like that of MNIST's pens, whatever pen drew them:
// so neither size nor place nor pen decides what is read. Nothing is read back from a canvas, since some browsers
// add noise to that.
//
// A stroke is { points: [[x, y], ...], width }, in shares of the pad's side.

export const SIDE = 28; // px
const BOX = 20; // px, of the digit's longer side
const MIDDLE = 14; // the pixel on which MNIST's centres of mass lie
const FINE = 5; // samples per pixel in each direction, of which the mean is the gray level
const PEN_PX = [2.4, 3.4]; // width of a line, at least and at most: what is usual in MNIST
const MAX_ZOOM = 28 / 0.12; // a digit that is smaller than 0.12 of the pad is not blown up further: a dot stays a dot
const MIN_LENGTH = 0.04; // of the pad: shorter is a dot
const WIDEST = 255;

/** The 784 gray levels 0..255 of a drawing, ink high, row by row; null where there is no ink. */
export function pictureOf(strokes) {
  const drawn = strokes.filter(({ points }) => points.length);
  if (!drawn.length) return null;
  const { left, top, right, bottom } = boundsOf(drawn);
  const longer = Math.max(right - left, bottom - top);
  const pen = penOf(drawn, longer);
  const zoom = Math.min((BOX - pen) / Math.max(longer, 1e-6), MAX_ZOOM);
  const moved = (dx, dy) => drawn.map(({ points }) => points.map(([x, y]) => [(x - (left + right) / 2) * zoom + dx, (y - (top + bottom) / 2) * zoom + dy]));
  const first = inked(moved(SIDE / 2, SIDE / 2), pen / 2);
  const [x, y] = massOf(first);
  const half = [((right - left) * zoom + pen) / 2, ((bottom - top) * zoom + pen) / 2];
  const room = (shift, reach) => Math.min(Math.max(shift, reach - SIDE / 2), SIDE / 2 - reach); // no ink leaves the picture
  return inked(moved(SIDE / 2 + room(MIDDLE - x, half[0]), SIDE / 2 + room(MIDDLE - y, half[1])), pen / 2);
}

/** Whether there is no more than a dot. */
export function isDot(strokes) {
  const drawn = strokes.filter(({ points }) => points.length);
  const { left, top, right, bottom } = boundsOf(drawn);
  return Math.max(right - left, bottom - top) < MIN_LENGTH;
}

function boundsOf(strokes) {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { points } of strokes) {
    for (const [x, y] of points) {
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y);
    }
  }
  return bounds;
}

/** The width of the lines in the picture: as drawn, but within what MNIST knows. */
function penOf(strokes, longer) {
  const mean = strokes.reduce((sum, { width }) => sum + width, 0) / strokes.length;
  return Math.min(Math.max((mean * BOX) / (longer + mean), PEN_PX[0]), PEN_PX[1]);
}

/** Lines of this radius, in pixels, as gray levels: the share of each pixel's samples that lie on a line. */
function inked(lines, radius) {
  const side = SIDE * FINE;
  const samples = new Uint8Array(side * side);
  for (const points of lines) {
    if (points.length === 1) fillAround(samples, points[0], points[0], radius);
    for (let i = 1; i < points.length; i++) fillAround(samples, points[i - 1], points[i], radius);
  }
  const counts = new Uint16Array(SIDE * SIDE);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) counts[Math.floor(y / FINE) * SIDE + Math.floor(x / FINE)] += samples[y * side + x];
  }
  return Uint8Array.from(counts, (count) => Math.round((WIDEST * count) / FINE ** 2));
}

/** Mark the samples that are at most `radius` pixels from the straight line between two places. */
function fillAround(samples, [x0, y0], [x1, y1], radius) {
  const side = SIDE * FINE;
  const range = (a, b) => [Math.max(0, Math.floor((Math.min(a, b) - radius) * FINE)), Math.min(side - 1, Math.ceil((Math.max(a, b) + radius) * FINE))];
  const [left, right] = range(x0, x1);
  const [top, bottom] = range(y0, y1);
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [(column + 0.5) / FINE, (row + 0.5) / FINE];
      const along = length2 ? Math.min(Math.max(((x - x0) * dx + (y - y0) * dy) / length2, 0), 1) : 0;
      if ((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2 <= radius * radius) samples[row * side + column] = 1;
    }
  }
}

/** The centre of mass of a picture, [x, y] in pixels. */
function massOf(levels) {
  let [sum, x, y] = [0, 0, 0];
  levels.forEach((level, i) => {
    sum += level;
    x += level * (i % SIDE);
    y += level * Math.floor(i / SIDE);
  });
  return [x / sum, y / sum];
}

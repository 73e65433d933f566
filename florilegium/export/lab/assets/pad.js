// The pad: a drawing made of strokes, by mouse, pen, fingers (several at once) or keys. Reads nothing.
//
// Strokes are kept in shares of the pad's side, so that a window which changes its size, even in the middle of a stroke,
// changes nothing but how large they are shown.

import { Plate, colour } from "./plate.js";

const KEY_STEP = 0.04; // of the pad, for one press of an arrow; a quarter with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MAX_POINTS = 20_000; // of a drawing: then strokes end by themselves

export class Pad {
  /** changed(): the drawing is another.  ended(): a stroke is complete. */
  constructor(canvas, { changed, ended }) {
    Object.assign(this, { canvas, changed, ended });
    this.strokes = [];
    this.past = []; // drawings to go back to
    this.live = new Map(); // pointer's id -> its stroke; touch and mouse may draw at the same time
    this.width = 0.07; // of the pen
    this.cursor = null; // [x, y] of the pen that is led by keys
    this.plate = new Plate(canvas, () => this.draw());
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.follow(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(type, (event) => this.finish(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.liftKeys());
  }

  begin(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true, focusVisible: false });
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: what it drew is kept all the same.
    }
    this.open(event.pointerId, this.placeOf(event));
  }

  /** Browsers hand over several movements at once; all of them count. */
  follow(event) {
    const stroke = this.live.get(event.pointerId);
    if (!stroke) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) this.extend(stroke, this.placeOf(move));
    this.show();
  }

  finish({ pointerId }) {
    if (!this.live.delete(pointerId)) return;
    this.ended();
  }

  /** Start a stroke of one pointer, which may be the keys. */
  open(id, place) {
    this.past.push(this.strokes.slice());
    const stroke = { points: [place], width: this.width };
    this.strokes.push(stroke);
    this.live.set(id, stroke);
    this.show();
  }

  extend(stroke, [x, y]) {
    const [lastX, lastY] = stroke.points.at(-1);
    if ((x === lastX && y === lastY) || this.nPoints > MAX_POINTS) return;
    stroke.points.push([x, y]);
  }

  get nPoints() {
    return this.strokes.reduce((sum, { points }) => sum + points.length, 0);
  }

  placeOf({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const within = (share) => Math.min(Math.max(share, 0), 1);
    return [within((clientX - left) / width), within((clientY - top) / height)];
  }

  /** Arrows lead a pen, Space or Enter puts it down and lifts it. */
  key(event) {
    const { key, shiftKey } = event;
    if (ARROWS[key]) {
      event.preventDefault();
      const [dx, dy] = ARROWS[key].map((sign) => sign * KEY_STEP * (shiftKey ? 0.25 : 1));
      const [x, y] = this.cursor ?? [0.5, 0.5];
      this.cursor = [Math.min(Math.max(x + dx, 0), 1), Math.min(Math.max(y + dy, 0), 1)];
      if (this.live.has("keys")) this.extend(this.live.get("keys"), this.cursor);
    } else if (key === " " || key === "Enter") {
      event.preventDefault();
      this.cursor ??= [0.5, 0.5];
      if (this.live.has("keys")) this.finish({ pointerId: "keys" });
      else this.open("keys", this.cursor);
    } else return;
    this.show();
  }

  liftKeys() {
    this.cursor = null;
    this.finish({ pointerId: "keys" });
    this.draw();
  }

  /** Take the newest stroke back, or bring back what was cleared. */
  undo() {
    this.live.clear();
    this.strokes = this.past.pop() ?? [];
    this.show();
  }

  clear() {
    if (!this.strokes.length) return;
    this.live.clear();
    this.past.push(this.strokes);
    this.strokes = [];
    this.show();
  }

  show() {
    this.draw();
    this.changed();
  }

  draw() {
    const { plate } = this;
    const ctx = plate.clear();
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = colour("ink");
    for (const { points, width } of this.strokes) {
      ctx.lineWidth = width * plate.width;
      ctx.beginPath();
      smooth(ctx, points.map(([x, y]) => [x * plate.width, y * plate.height]));
      ctx.stroke();
    }
    if (this.cursor) this.drawCursor(ctx);
  }

  drawCursor(ctx) {
    const [x, y] = [this.cursor[0] * this.plate.width, this.cursor[1] * this.plate.height];
    ctx.strokeStyle = colour("accent");
    ctx.lineWidth = this.live.has("keys") ? 4 : 2;
    ctx.beginPath();
    ctx.arc(x, y, Math.max(6, (this.width * this.plate.width) / 2 + 3), 0, 2 * Math.PI);
    ctx.stroke();
  }
}

/** Lead a curve through the middles between points, so that a quick hand leaves no corners. */
function smooth(ctx, points) {
  const [first, last] = [points[0], points.at(-1)];
  ctx.moveTo(...first);
  for (let i = 1; i < points.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
    ctx.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  ctx.lineTo(...last);
}

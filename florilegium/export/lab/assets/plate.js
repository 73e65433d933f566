// A canvas that is as sharp as the screen, follows its size, and keeps what never changes painted aside.

const colours = new Map();
let version = 0; // counts changes of the page's colours

/** A colour of the style sheet by its name, such as "accent". */
export function colour(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}

/** Read the colours anew, after the reader or the system chose others. */
export function coloursChanged() {
  colours.clear();
  version++;
}

/** A colour "#rrggbb" as three numbers 0..255. */
export const levels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

export class Plate {
  /** changed(): called when it has another size and must be drawn again. */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d");
    this.kept = new Map(); // name -> { key, image }
    new ResizeObserver(() => {
      this.measure();
      changed();
    }).observe(canvas);
    this.seen = true; // whether any of it is on the screen: what is not need not be drawn
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.seen = isIntersecting;
      if (isIntersecting) changed();
    }).observe(canvas);
    this.measure();
  }

  measure() {
    this.scale = Math.min(devicePixelRatio || 1, 2);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * this.scale);
    this.canvas.height = Math.round(this.height * this.scale);
  }

  /** Wipe it, and give its context in CSS pixels. */
  clear() {
    this.ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.ctx.clearRect(0, 0, this.width, this.height);
    return this.ctx;
  }

  /** Lay down what changes with `key`, the size and the colours only; `paint(ctx)` is called when it must. */
  lay(name, key, paint) {
    if (!this.width || !this.height) return;
    const now = [key, this.canvas.width, this.canvas.height, version].join(" ");
    if (this.kept.get(name)?.key !== now) {
      const image = document.createElement("canvas");
      image.width = this.canvas.width;
      image.height = this.canvas.height;
      const ctx = image.getContext("2d");
      ctx.scale(this.scale, this.scale);
      paint(ctx);
      this.kept.set(name, { key: now, image });
    }
    this.ctx.drawImage(this.kept.get(name).image, 0, 0, this.width, this.height);
  }
}

/** An arrow from (x, y) by (dx, dy), in the stroke's colour; nothing where it is too short to see. */
export function arrow(ctx, x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (!(length > 2)) return;
  const head = Math.min(8, length / 2);
  const angle = Math.atan2(dy, dx);
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + dx, y + dy);
  for (const side of [-2.6, 2.6]) {
    ctx.moveTo(x + dx, y + dy);
    ctx.lineTo(x + dx + head * Math.cos(angle + side), y + dy + head * Math.sin(angle + side));
  }
  ctx.stroke();
}

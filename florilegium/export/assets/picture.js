// Turn the bytes of a picture into RGB pixels, the same ones that florilegium/features/decode.py gives.
//
// A JPEG is read by libjpeg-turbo (jpeg.wasm; tools/jpeg), as Pillow reads it: the same levels, reduced by 2, 4 or 8
// while decoding, whatever the browser and its colour settings. Other formats are read by the browser, laid over white
// and reduced by means over squares, as Pillow does. Nothing here leaves the device.

import { checkBytes, checkSize, isTruncated, kindOf, Refusal, statedSize } from "./kinds.js";
import { isTurnedByBrowser, orientationOf, upright } from "./orientation.js";

const MIN_DECODE_SIDE = 256; // px, as decode.py
const REDUCTIONS = [8, 4, 2];
const TILE = 1024; // px, a multiple of all reductions: phones limit how large a canvas may be
const FROM_RIGHT = [2, 3, 6, 7]; // orientations that put the stored picture's first column or row on the right
const FROM_BOTTOM = [3, 4, 7, 8];
const NEXT = "Fetch it again, or remove it.";
const TOO_MUCH = "not enough memory to decode it. Make it smaller.";
// What `fail` of tools/jpeg/reader.c says.
const JPEG_FAILURES = {
  1: `damaged or truncated: image file is truncated. ${NEXT}`,
  2: `damaged or truncated: broken data stream when reading image file. ${NEXT}`,
  3: TOO_MUCH,
  4: `damaged or truncated: a kind of JPEG that is not read. ${NEXT}`,
};

/**
 * Give { data: Uint8Array of height * width * 3, width, height } of a picture, upright.
 * `shortSide`: px; a larger picture may be reduced, never below this.  `jpeg`: the compiled jpeg.wasm.
 * Throws Refusal: no picture, not one that is read, damaged, or too large.
 */
export async function pixelsOf(blob, { shortSide, jpeg }) {
  checkBytes(blob.size);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const kind = kindOf(bytes);
  const side = Math.max(shortSide, MIN_DECODE_SIDE);
  try {
    return kind === "JPEG" ? readJpeg(bytes, side, jpeg) : await readByBrowser(blob, bytes, kind, side);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(TOO_MUCH); // what JavaScript calls a lack of memory
    throw error;
  }
}

const reductionOf = (width, height, side) => REDUCTIONS.find((f) => Math.floor(Math.min(width, height) / f) >= side) ?? 1;

function readJpeg(bytes, side, jpeg) {
  const host = {
    fail(code) {
      throw new Refusal(JPEG_FAILURES[code]);
    },
  };
  // A fresh instance for each photo: its memory goes with it, whatever the photo did to it.
  const reader = new WebAssembly.Instance(jpeg, { host }).exports;
  try {
    const at = reader.take(bytes.length);
    new Uint8Array(reader.memory.buffer, at, bytes.length).set(bytes);
    reader.open(at, bytes.length);
    checkSize(reader.width(), reader.height());
    const pixels = reader.decode(reductionOf(reader.width(), reader.height(), side));
    const [width, height] = [reader.width_out(), reader.height_out()];
    const data = new Uint8Array(reader.memory.buffer, pixels, width * height * 3).slice();
    return upright({ data, width, height }, orientationOf(bytes, "JPEG"));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw new Refusal(JPEG_FAILURES[2]); // trapped: hostile bytes
    throw error;
  }
}

async function readByBrowser(blob, bytes, kind, side) {
  const stated = statedSize(bytes, kind);
  if (stated) checkSize(...stated);
  if (isTruncated(bytes, kind)) throw new Refusal(JPEG_FAILURES[1]);
  if (!readsTrue()) throw new Refusal(ALTERED);
  const bitmap = await bitmapOf(blob);
  try {
    checkSize(bitmap.width, bitmap.height);
    const factor = reductionOf(bitmap.width, bitmap.height, side);
    const orientation = orientationOf(bytes, kind);
    if (await isTurnedByBrowser(kind)) return reduced(bitmap, factor, orientation);
    return upright(reduced(bitmap, factor), orientation);
  } finally {
    bitmap.close();
  }
}

async function bitmapOf(blob) {
  try {
    // Upright; the levels as stored, because Pillow does not convert them by a colour profile either.
    return await createImageBitmap(blob, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Refusal(`damaged or truncated: this browser cannot decode it. ${NEXT}`);
  }
}

/**
 * Read a bitmap tile by tile over white, each `factor` x `factor` square as its mean. Where it was turned by
 * `orientation`, the squares are those of the stored picture, whose last ones may be narrower.
 */
function reduced(bitmap, factor, orientation = 1) {
  const [width, height] = [Math.ceil(bitmap.width / factor), Math.ceil(bitmap.height / factor)];
  const data = new Uint8Array(width * height * 3);
  const context = paper();
  const startX = FROM_RIGHT.includes(orientation) ? bitmap.width - width * factor : 0; // 0 or a little below
  const startY = FROM_BOTTOM.includes(orientation) ? bitmap.height - height * factor : 0;
  for (let top = startY; top < bitmap.height; top += TILE) {
    for (let left = startX; left < bitmap.width; left += TILE) {
      const [x, y] = [Math.max(left, 0), Math.max(top, 0)];
      const [wide, high] = [Math.min(left + TILE, bitmap.width) - x, Math.min(top + TILE, bitmap.height) - y];
      context.fillRect(0, 0, wide, high);
      context.drawImage(bitmap, x, y, wide, high, 0, 0, wide, high);
      const tile = { rgba: context.getImageData(0, 0, wide, high).data, wide, high, skipX: x - left, skipY: y - top };
      means(tile, factor, data, 3 * (((top - startY) / factor) * width + (left - startX) / factor), 3 * width);
    }
  }
  return { data, width, height };
}

function paper() {
  const context = new OffscreenCanvas(TILE, TILE).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // what a page or a printer would show behind a transparent picture
  return context;
}

/** Write the means of a tile's squares to `out` from place `start` on, in rows `stride` apart; as Pillow's `reduce`. */
function means({ rgba, wide, high, skipX, skipY }, factor, out, start, stride) {
  for (let top = -skipY, row = start; top < high; top += factor, row += stride) {
    const [y, bottom] = [Math.max(top, 0), Math.min(top + factor, high)];
    for (let left = -skipX, to = row; left < wide; left += factor, to += 3) {
      const [x, right] = [Math.max(left, 0), Math.min(left + factor, wide)];
      const n = (bottom - y) * (right - x);
      const share = Math.floor(2 ** 24 / n); // Pillow divides by multiplying
      for (let colour = 0; colour < 3; colour++) {
        let sum = n >> 1;
        for (let v = y; v < bottom; v++) for (let u = x; u < right; u++) sum += rgba[4 * (v * wide + u) + colour];
        out[to + colour] = Math.floor((sum * share) / 2 ** 24);
      }
    }
  }
}

const ALTERED =
  "this browser alters the pixels that a page reads, to hinder tracking, so the answer would be wrong. " +
  "Allow canvas data for this page, or give the photo as JPEG.";
let isTrue;

/** Tell whether pixels come back from a canvas as they were put there; some browsers add noise. */
function readsTrue() {
  if (isTrue === undefined) {
    const side = 64;
    const sent = new ImageData(side, side);
    sent.data.forEach((_, i, data) => (data[i] = i % 4 === 3 ? 255 : (i * 37) % 256));
    const context = paper();
    context.putImageData(sent, 0, 0);
    const back = context.getImageData(0, 0, side, side).data;
    isTrue = sent.data.every((level, i) => level === back[i]);
  }
  return isTrue;
}

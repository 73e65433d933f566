// Tell what a file is by its first bytes, and what its header says, before anything is decoded.
// The same rules and the same sentences as florilegium/features/decode.py. Decodes nothing.

export const MAX_FILE_BYTES = 2 ** 29;
export const MAX_PIXELS = 89_478_485; // Pillow's own limit: 256 MiB of RGB
export const MAX_ASPECT = 64; // long side / short side
const READ = "JPEG, PNG, GIF, BMP, WEBP, AVIF";

/** A picture that is not read, with the reason and what to do, in the words of decode.py. */
export class Refusal extends Error {}

const number = (n) => n.toLocaleString("en-GB");
const latin = (bytes, from = 0, to = bytes.length) => String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));

const STARTS = [
  ["\xff\xd8\xff", "JPEG"],
  ["\x89PNG\r\n\x1a\n", "PNG"],
  ["GIF87a", "GIF"],
  ["GIF89a", "GIF"],
  ["BM", "BMP"],
];

const FOREIGN = [
  ["<?xml", "an XML file", "If it is a drawing, save it as PNG."],
  ["<!doctype html", "a web page, not a picture", "The download failed; fetch the picture again."],
  ["<html", "a web page, not a picture", "The download failed; fetch the picture again."],
  ["version https://git-lfs", "a Git LFS pointer, not the picture", "Run: git lfs pull"],
  ["%pdf", "a PDF document", "Save its pages as PNG or JPEG."],
  ["8bps", "a Photoshop document", "Save it as PNG or JPEG."],
  ["pk\x03\x04", "a ZIP archive", "Unpack it first."],
  // Python reads these two; browsers do not.
  ["ii*\0", "a TIFF picture", "Save it as PNG or JPEG."],
  ["mm\0*", "a TIFF picture", "Save it as PNG or JPEG."],
];
const HEIF = ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"];
const HEIC_HELP = "Save it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible).";

/** Give "JPEG", "PNG", "GIF", "BMP", "WEBP" or "AVIF". Throws Refusal for anything else. */
export function kindOf(bytes) {
  const start = latin(bytes, 0, 1024);
  const fits = STARTS.find(([mark]) => start.startsWith(mark));
  if (fits) return fits[1];
  if (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP") return "WEBP";
  if (start.slice(4, 8) === "ftyp") {
    const brands = start.slice(8, Math.min(1024, view(bytes).getUint32(0)));
    if (brands.includes("avif") || brands.startsWith("avis")) return "AVIF";
    if (HEIF.includes(brands.slice(0, 4))) throw new Refusal(`a HEIC photo, which is not read. ${HEIC_HELP}`);
  }
  throw new Refusal(foreign(start));
}

function foreign(start) {
  const begin = start.replace(/^[\xef\xbb\xbf \t\r\n]+/, "").toLowerCase();
  if (begin.startsWith("<") && begin.includes("<svg")) return "an SVG drawing, which is not read. Save it as PNG.";
  const known = FOREIGN.find(([mark]) => begin.startsWith(mark));
  if (known) return `${known[1]}, which is not read. ${known[2]}`;
  return `not a picture, or not one of ${READ}. Save it as JPEG or PNG, or remove it.`;
}

/** Throw Refusal where a picture of this size (px) is not decoded. */
export function checkSize(width, height) {
  if (width < 1 || height < 1) throw new Refusal(`${width} x ${height} pixels: nothing to see. Remove it.`);
  if (width * height > MAX_PIXELS)
    throw new Refusal(
      `${number(width)} x ${number(height)} pixels; at most ${number(MAX_PIXELS)} are decoded. Make it smaller.`,
    );
  if (Math.max(width, height) > MAX_ASPECT * Math.min(width, height))
    throw new Refusal(
      `${number(width)} x ${number(height)} pixels: longer than ${MAX_ASPECT} times its width. Cut out what matters.`,
    );
}

/** Throw Refusal where a file of this many bytes is not read. */
export function checkBytes(n) {
  if (n === 0) throw new Refusal("the file is empty (0 bytes). Fetch it again, or remove it.");
  if (n > MAX_FILE_BYTES)
    throw new Refusal(`${number(n)} bytes; at most ${number(MAX_FILE_BYTES)} are read. Make it smaller.`);
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Give [width, height] (px) that the header of a picture other than JPEG states, or null where it cannot be told. */
export function statedSize(bytes, kind) {
  try {
    return SIZES[kind](view(bytes), bytes);
  } catch (error) {
    if (error instanceof RangeError) return null; // a header that ends too early; decoding it will fail as well
    throw error;
  }
}

const SIZES = {
  PNG: (v) => [v.getUint32(16), v.getUint32(20)],
  GIF: (v) => [v.getUint16(6, true), v.getUint16(8, true)],
  BMP: (v) =>
    v.getUint32(14, true) === 12
      ? [v.getUint16(18, true), v.getUint16(20, true)]
      : [Math.abs(v.getInt32(18, true)), Math.abs(v.getInt32(22, true))],
  WEBP: (v, bytes) => {
    const low = (at) => v.getUint16(at, true) & 0x3fff;
    const three = (at) => v.getUint16(at, true) + (v.getUint8(at + 2) << 16) + 1;
    switch (latin(bytes, 12, 16)) {
      case "VP8 ":
        return [low(26), low(28)];
      case "VP8L": {
        const bits = v.getUint32(21, true);
        return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
      }
      default:
        return [three(24), three(27)];
    }
  },
  AVIF: (v, bytes) => {
    const at = latin(bytes, 0, 4096).indexOf("ispe"); // box type, then version and flags, width, height
    return at < 0 ? null : [v.getUint32(at + 8), v.getUint32(at + 12)];
  },
};

/** Tell whether a file ends before it says that it does, which browsers let pass and Python does not. */
export function isTruncated(bytes, kind) {
  const v = view(bytes);
  if (kind === "WEBP") return v.byteLength < 20 || v.getUint32(4, true) + 8 > bytes.length + 1;
  if (kind !== "PNG") return false;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + v.getUint32(at)) {
    if (latin(bytes, at + 4, at + 8) === "IEND") return false;
  }
  return true;
}

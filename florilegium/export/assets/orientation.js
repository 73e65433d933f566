// Turn a photo upright by the orientation in its EXIF data, as florilegium/features/decode.py does. Decodes nothing.

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const ORIENTATION = 0x112; // EXIF 2.32, table 6
const SIDEWAYS = {
  // Two white pixels side by side, to be turned by a quarter: what does this browser make of them?
  PNG: "image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAAPSURBVHjaY/z//z8DAwMADv8C/wG+It4AAAAASUVORK5CYII=",
  WEBP: "image/webp;base64,UklGRlIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TBEAAAAvAQAAAAfQ//73v/+BiOh/AABFWElGGgAAAE1NACoAAAAIAAEBEgADAAAAAQAGAAAAAAAA",
};
const WIDTHS = { 1: 1, 3: 2, 4: 4 }; // bytes of the EXIF types BYTE, SHORT, LONG

/** Give the orientation that a picture's EXIF data state, 1..8; 1 where they state none or are damaged. */
export function orientationOf(bytes, kind) {
  const { exif, xmp = "" } = EXIF_DATA[kind]?.(bytes) ?? {};
  if (!exif) return 1;
  let stated;
  try {
    stated = tag(exif) ?? /tiff:Orientation(?:="|>)([0-9])/.exec(xmp)?.[1];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return stated >= 1 && stated <= 8 ? Number(stated) : 1;
}

// Kind -> how to find its EXIF data (bytes) and, in a JPEG, its XMP data (a text).
const EXIF_DATA = {
  JPEG: segments,
  PNG: (bytes) => ({ exif: chunk(bytes, { at: 8, name: "eXIf", stop: "IDAT", little: false }) }),
  WEBP: (bytes) => ({ exif: chunk(bytes, { at: 12, name: "EXIF", little: true }) }),
};

/** Find a chunk of a PNG (length, name, content, checksum) or a WebP (name, length, content, filled to even). */
function chunk(bytes, { at, name, stop, little }) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at + (little ? 4 : 0), little);
    const found = String.fromCharCode(...bytes.subarray(at + (little ? 0 : 4), at + (little ? 4 : 8)));
    if (found === name) return bytes.slice(at + 8, at + 8 + length);
    if (found === stop) return null;
    at += 8 + length + (little ? length % 2 : 4);
  }
  return null;
}

/** Go through the segments before a JPEG's pixels. */
function segments(bytes) {
  const found = { exif: null, xmp: "" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) at += 1; // a fill byte
    else if (marker === 0xda || marker === 0xd9) break; // the pixels begin, or the file ends
    else {
      const end = at + 2 + view.getUint16(at + 2);
      if (marker === 0xe1) {
        const content = new TextDecoder("latin1").decode(bytes.subarray(at + 4, end));
        if (content.startsWith(EXIF)) found.exif ??= bytes.slice(at + 4, end);
        if (content.startsWith(XMP)) found.xmp = content;
      }
      at = end;
    }
  }
  return found;
}

/** Read the tag out of TIFF data; undefined where it is not there. Throws RangeError where the data end too early. */
function tag(exif) {
  const from = EXIF.length * (new TextDecoder("latin1").decode(exif.subarray(0, EXIF.length)) === EXIF);
  const tiff = new DataView(exif.buffer, from);
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined; // "II" or "MM"
  const little = order === 0x4949;
  const first = tiff.getUint32(4, little);
  const n = tiff.getUint16(first, little);
  for (let entry = first + 2; entry < first + 2 + 12 * n; entry += 12) {
    if (tiff.getUint16(entry, little) !== ORIENTATION) continue;
    const bytes = WIDTHS[tiff.getUint16(entry + 2, little)];
    return bytes && (bytes === 1 ? tiff.getUint8(entry + 8) : tiff[`getUint${8 * bytes}`](entry + 8, little));
  }
  return undefined;
}

const turned = {}; // kind -> whether the browser does it

/** Tell whether this browser itself turns pictures of this kind upright; not all do. */
export async function isTurnedByBrowser(kind) {
  if (!(kind in SIDEWAYS)) return true;
  if (!(kind in turned)) {
    const [type, base64] = SIDEWAYS[kind].split(";base64,");
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type }), { imageOrientation: "from-image" });
    turned[kind] = bitmap.width === 1;
    bitmap.close();
  }
  return turned[kind];
}

/** Turn RGB pixels upright. Takes and gives { data: Uint8Array of height * width * 3, width, height }. */
export function upright(picture, orientation) {
  if (orientation === 1) return picture;
  const { data, width, height } = picture;
  const sideways = orientation > 4;
  const [wide, high] = sideways ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  const [start, stepX, stepY] = STEPS[orientation](wide, high);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, to = 3 * (start + y * stepY); x < width; x++, from += 3, to += 3 * stepX) {
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { data: out, width: wide, height: high };
}

// Orientation -> (w, h of the upright picture) -> where the stored first pixel goes, one step right, one step down.
const STEPS = {
  2: (w) => [w - 1, -1, w],
  3: (w, h) => [w * h - 1, -1, -w],
  4: (w, h) => [w * (h - 1), 1, -w],
  5: (w) => [0, w, 1],
  6: (w) => [w - 1, w, -1],
  7: (w, h) => [w * h - 1, -w, -1],
  8: (w, h) => [w * (h - 1), -w, 1],
};

// Write pictures as PNG and folders as ZIP, both without compression: a few bytes each, and no library. Stores nothing.
//
// Formats: PNG (W3C 2003) with one stored block of zlib (RFC 1950, 1951); ZIP with method 0 (APPNOTE 6.3).

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The check sum of both formats. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A gray picture of side x side levels; at most 255 a side, so that it fits into one stored block. */
export function pngOf(levels, side) {
  const rows = new Uint8Array(side * (side + 1)); // each row behind a 0: no filter
  for (let y = 0; y < side; y++) rows.set(levels.subarray(y * side, (y + 1) * side), y * (side + 1) + 1);
  const header = joined([be32(side), be32(side), [8, 0, 0, 0, 0]]); // 8 bits, gray
  const n = rows.length;
  const stored = joined([[0x78, 0x01, 1, n & 255, n >> 8, ~n & 255, (~n >> 8) & 255], rows, be32(adler32(rows))]);
  return joined([[137, 80, 78, 71, 13, 10, 26, 10], chunk("IHDR", header), chunk("IDAT", stored), chunk("IEND", [])]);
}

function chunk(name, bytes) {
  const content = joined([ascii(name), bytes]);
  return joined([be32(bytes.length), content, be32(crc32(content))]);
}

function adler32(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** A ZIP of files, name -> bytes; names in ASCII, dated 1 January 1980: equal files, equal archive. */
export function zipOf(files) {
  const [parts, listed] = [[], []];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const facts = joined([le16(0), le16(0), le16(0), le16(33), le32(crc32(bytes)), le32(bytes.length), le32(bytes.length), le16(name.length), le16(0)]);
    const local = joined([ascii("PK\x03\x04"), le16(20), facts, ascii(name), bytes]);
    listed.push(joined([ascii("PK\x01\x02"), le16(20), le16(20), facts, le16(0), le16(0), le16(0), le32(0), le32(at), ascii(name)]));
    parts.push(local);
    at += local.length;
  }
  const directory = joined(listed);
  const end = joined([ascii("PK\x05\x06"), le16(0), le16(0), le16(listed.length), le16(listed.length), le32(directory.length), le32(at), le16(0)]);
  return joined([...parts, directory, end]);
}

const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const le16 = (n) => [n & 255, (n >> 8) & 255];
const le32 = (n) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
const be32 = (n) => le32(n).reverse();

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

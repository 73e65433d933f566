// Digits that a reader labelled, kept in this browser (IndexedDB) and handed out as a folder. Sends nothing anywhere.
//
// One is { id, label, read, probability, known, when, levels }.

import { pngOf, zipOf } from "./archive.js";
import { SIDE } from "./strokes.js";

const NAME = "florilegium-lab";
const STORE = "digits";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within(mode, ask) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const request = ask(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

export const keep = (digit) => within("readwrite", (store) => store.add(digit));
export const all = () => within("readonly", (store) => store.getAll());
export const forget = (id) => within("readwrite", (store) => store.delete(id));
export const forgetAll = () => within("readwrite", (store) => store.clear());

/** A ZIP with one folder per digit and a table about the pictures: what `florilegium new DIR drawn/` reads. "digits" would be a data set that has that name. */
export function folderOf(digits) {
  const named = digits.map((digit) => [`${digit.label}/${String(digit.id).padStart(4, "0")}.png`, digit]);
  const rows = named.map(([name, { read, probability, known, when }]) => [name, read, probability.toFixed(4), known ? "yes" : "no", when].join(","));
  const table = ["file_name,read_as,probability,was_known,drawn_at", ...rows].join("\n");
  return zipOf({
    ...Object.fromEntries(named.map(([name, { levels }]) => [`drawn/${name}`, pngOf(levels, SIDE)])),
    "drawn/metadata.csv": new TextEncoder().encode(`${table}\n`),
  });
}

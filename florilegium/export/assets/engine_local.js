// The engine of a page without a server: answers come from a worker on this device. Exported as engine.js.
//
// The same two functions as engine_server.js. Photos are handed to the worker and go nowhere else. Shows nothing.

import { bringUpToDate, keepForOffline } from "./offline.js";

const NEXT = "Load the page again, or try another browser.";
const STOPPED = "it stopped the classifier. Try a smaller picture.";
const PATIENCE_MS = 60_000; // for one picture: 89 megapixels take 2 s on a laptop; a worker that ran out of memory says nothing

let worker;
let started; // a promise: the worker is ready
let report = () => {};
let lastId = 0;
let watch; // a timer: how long the worker has been silent
const waiting = new Map(); // id -> { blob, name, resolve } of a picture that somebody waits for, oldest first

/** Load everything; `onProgress(share)` hears 0..1. Gives the card. Throws Error with a sentence for the reader. */
export async function load(onProgress = () => {}) {
  report = onProgress;
  await bringUpToDate();
  const card = await readCard();
  await ready(card);
  keepForOffline();
  return card;
}

/**
 * Answer one picture (a Blob): the JSON of `florilegium predict --json`, with `error` where there is none; `again` then
 * tells whether trying again may help. Rejects with AbortError where `signal` says stop.
 */
export async function classify(blob, name, { signal } = {}) {
  await ready();
  signal?.throwIfAborted();
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => waiting.delete(id) && reject(signal.reason), { once: true });
    waiting.set(id, { blob, name, resolve });
    hand(id);
  });
}

async function readCard() {
  const response = await fetch(new URL("card.json", import.meta.url));
  if (!response.ok) throw new Error(`card.json is missing (HTTP ${response.status}). Export the page again.`);
  return response.json();
}

/** Wait until a worker is ready; the first call starts it, and so does the first after a failure. */
function ready(card) {
  started ??= Promise.resolve(card ?? readCard())
    .then((found) => start(found.short_side))
    .catch((error) => {
      started = undefined;
      throw error;
    });
  return started;
}

function start(shortSide) {
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.type === "progress") report(data.share);
      else if (data.type === "ready") resolve();
      else if (data.type === "failed") reject(new Error(data.message));
      else settle(data);
    };
    worker.onerror = (event) => {
      reject(new Error(`The classifier could not be started: ${event.message || "a file is missing"}. ${NEXT}`));
      stopped();
    };
    worker.postMessage({ type: "load", shortSide });
  });
}

function hand(id) {
  const { blob, name } = waiting.get(id);
  worker.postMessage({ type: "classify", id, blob, name });
  watchOver();
}

function watchOver() {
  clearTimeout(watch);
  if (waiting.size > 0) watch = setTimeout(stopped, PATIENCE_MS);
}

function settle({ id, answer, broken }) {
  waiting.get(id)?.resolve(answer);
  waiting.delete(id);
  watchOver();
  if (broken) startAgain();
}

/** The worker came to its end over the picture that has waited longest. */
function stopped() {
  const [id] = waiting.keys();
  if (id) settle({ id, answer: { input: waiting.get(id).name, error: STOPPED }, broken: true });
}

/** End a worker that may be in disorder, and hand what still waits to a new one. */
async function startAgain() {
  worker.terminate();
  started = undefined;
  if (waiting.size === 0) return; // the next photo starts it
  try {
    await ready();
    for (const id of waiting.keys()) hand(id);
  } catch (error) {
    for (const { name, resolve } of waiting.values()) resolve({ input: name, error: error.message, again: true });
    waiting.clear();
  }
}

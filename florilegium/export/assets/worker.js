// Answer photos on this device: ONNX Runtime Web in a thread of its own, so that the page never stands still.
//
// Takes { type: "load", shortSide } once, then { type: "classify", id, blob, name }; gives { type: "progress", share },
// { type: "ready" } or { type: "failed", message }, and { type: "answer", id, answer, broken }.
// Reads the files of its own folder and nothing else, and sends nothing anywhere.

import * as ort from "./ort.mjs";
import { BYTES } from "./contents.js";
import { Refusal } from "./kinds.js";
import { metadataOf } from "./metadata.js";
import { pixelsOf } from "./picture.js";

const N_TOP = 5;
const MAX_THREADS = 4; // more bring little for one picture at a time
const WARM_SIDE = 256; // px: the first run sets up memory that later ones use
const NEXT = "Load the page again, or try another browser.";

let engine;
let queue = Promise.resolve();

self.onmessage = ({ data }) => {
  // One after the other: two photos at once would need twice the memory and be done no sooner.
  queue = queue.then(() => (data.type === "load" ? load(data) : classify(data)));
};

async function load({ shortSide }) {
  try {
    const progress = meter(["model.onnx", "ort.wasm.gz", "jpeg.wasm.gz"]);
    const [model, runtime, jpeg] = await Promise.all([
      fetched("model.onnx", progress),
      fetched("ort.wasm.gz", progress).then(unpacked),
      fetched("jpeg.wasm.gz", progress).then(unpacked).then(WebAssembly.compile),
    ]);
    const session = await sessionOf(model, runtime);
    engine = { session, jpeg, shortSide, ...tablesOf(metadataOf(model)) };
    await run({ data: new Uint8Array(3 * WARM_SIDE ** 2), width: WARM_SIDE, height: WARM_SIDE });
    self.postMessage({ type: "ready" });
  } catch (error) {
    self.postMessage({ type: "failed", message: `The classifier could not be started: ${said(error)}. ${NEXT}` });
  }
}

/** Report the share (0..1) of these files that has arrived. */
function meter(names) {
  const total = names.reduce((sum, name) => sum + BYTES[name], 0);
  let arrived = 0;
  return (n) => {
    arrived += n;
    self.postMessage({ type: "progress", share: Math.min(1, arrived / total) });
  };
}

async function fetched(name, progress) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} is missing (HTTP ${response.status})`);
  const parts = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    progress(value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Undo gzip; some hosts have undone it already. */
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

function sessionOf(model, runtime) {
  ort.env.wasm.wasmBinary = runtime;
  // Threads share memory, which browsers allow only where the host sends two headers (docs/export.md).
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency ?? 1) : 1;
  ort.env.logLevel = "error";
  return ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
}

/** Read the lists that turn the graph's numbers into an answer. */
function tablesOf(metadata) {
  return {
    classes: JSON.parse(metadata.classes),
    strangenessLimit: JSON.parse(metadata.florilegium).strangeness_limit ?? null,
    exemplars: JSON.parse(metadata.exemplars ?? "[]"),
  };
}

async function classify({ id, blob, name }) {
  try {
    const { jpeg, shortSide } = engine;
    const answer = answerOf(name, await run(await pixelsOf(blob, { jpeg, shortSide })));
    self.postMessage({ type: "answer", id, answer });
  } catch (error) {
    const isOurs = error instanceof Refusal;
    const answer = isOurs
      ? { input: name, error: error.message }
      : { input: name, error: `cannot be read: ${said(error)}. Try it again.`, again: true };
    // What ONNX Runtime throws may leave its memory in disorder: then the page starts another worker.
    self.postMessage({ type: "answer", id, answer, broken: !isOurs && !(error instanceof DOMException) });
  }
}

const said = (error) => String(error?.message || error).split("\n")[0].slice(0, 200).replace(/\.$/, "");

async function run({ data, width, height }) {
  const image = new ort.Tensor("uint8", data, [1, height, width, 3]);
  try {
    const outputs = await engine.session.run({ image });
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data]));
  } catch (error) {
    if (/bad_alloc|memory/i.test(said(error))) throw new Error("not enough memory");
    throw error;
  }
}

/** Put an answer together as `prediction_dict` of florilegium/model/predict.py does. */
function answerOf(name, { probabilities, known, strangeness, similar, similarity }) {
  if (!probabilities.every(Number.isFinite)) throw new Refusal("the model gives no finite numbers for it. Look at it, or take another model.");
  const { classes, strangenessLimit, exemplars } = engine;
  const order = Array.from(probabilities, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  const top = order.slice(0, N_TOP).map((i) => ({ label: classes[i], probability: probabilities[i] }));
  const isStrange = strangeness && strangenessLimit !== null && strangeness[0] > Math.fround(strangenessLimit);
  return {
    input: name,
    ...top[0],
    top,
    known: Boolean(known[0]),
    why: known[0] ? null : isStrange ? "strange" : "unsure",
    similar: Array.from(similar ?? [], (row, i) => similarOf(exemplars[Number(row)], similarity[i])),
  };
}

function similarOf({ label, origin, licence, thumbnail }, similarity) {
  return {
    label,
    similarity,
    origin: origin ?? null,
    licence: licence ?? null,
    thumbnail: thumbnail ? `data:image/webp;base64,${thumbnail}` : null,
  };
}

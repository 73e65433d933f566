// Read digits on this device: ONNX Runtime Web in a thread of its own, so that the pen never waits.
//
// Says { type: "ready" } or { type: "failed", message } by itself, then takes 784 gray levels at a time and gives
// { probabilities, known, strangeness, strangenessLimit }. Reads the files of its own folder; sends nothing anywhere.

import * as ort from "./ort.mjs";
import { metadataOf } from "./metadata.js";

const SIDE = 28;

const loading = load();
let queue = loading;

self.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};

async function load() {
  try {
    const [model, runtime] = await Promise.all([fetched("model.onnx"), fetched("ort.wasm.gz").then(unpacked)]);
    ort.env.wasm.wasmBinary = runtime;
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    // A small network: further optimisation takes longer (a tenth of a second) than all that it would save.
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], graphOptimizationLevel: "basic" });
    const limit = JSON.parse(metadataOf(model).florilegium).strangeness_limit ?? null;
    await run(session, new Uint8Array(SIDE * SIDE)); // the first run sets up memory
    self.postMessage({ type: "ready" });
    return { session, limit };
  } catch (error) {
    self.postMessage({ type: "failed", message: `The reader could not be started: ${said(error)}. Load the page again, or try another browser.` });
  }
}

const said = (error) => String(error?.message || error).split("\n")[0].slice(0, 200).replace(/\.$/, "");

async function fetched(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} is missing (HTTP ${response.status})`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Undo gzip; some hosts have undone it already. */
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

async function run(session, levels) {
  const colours = new Uint8Array(3 * levels.length);
  levels.forEach((level, i) => colours.fill(level, 3 * i, 3 * i + 3));
  return session.run({ image: new ort.Tensor("uint8", colours, [1, SIDE, SIDE, 3]) });
}

async function answer(levels) {
  try {
    const { session, limit } = await loading;
    const { probabilities, known, strangeness } = await run(session, levels);
    self.postMessage({
      type: "answer",
      probabilities: Array.from(probabilities.data),
      known: Boolean(known.data[0]),
      strangeness: strangeness ? strangeness.data[0] : null,
      strangenessLimit: limit,
    });
  } catch (error) {
    self.postMessage({ type: "answer", error: said(error) });
  }
}

// The engine of a page with a server: each photo goes to api/predict and comes back as an answer. Served as engine.js.
//
// The same two functions as engine_local.js. Waits its turn where the server is busy. Shows nothing.

const API = new URL("api/", import.meta.url);
const TURNS_MOST = 8; // how often a busy server is asked again
const WAIT_S = 1; // where it does not say how long
const GONE = "The server does not answer. Is it still running, and is there a connection?";

/** Give the card. `onProgress(share)` hears 0..1. Throws Error with a sentence for the reader. */
export async function load(onProgress = () => {}) {
  const response = await fetch(new URL("card", API)).catch(() => Promise.reject(new Error(GONE)));
  if (!response.ok) throw new Error(await message(response));
  onProgress(1);
  return response.json();
}

/**
 * Answer one picture (a Blob): the JSON of `florilegium predict --json`, with `error` where there is none; `again` then
 * tells whether trying again may help, `away` that nobody answered. Rejects with AbortError where `signal` says stop.
 */
export async function classify(blob, name, { signal } = {}) {
  const form = new FormData();
  const mayCheck = document.getElementById("may-check"); // only where answers are recorded
  if (mayCheck) form.append("may_check", mayCheck.checked ? "yes" : "no");
  form.append("key", number());
  form.append("photos", blob, name);
  for (let turn = 1; ; turn++) {
    const response = await send(form, signal);
    if (!response) return { input: name, error: GONE, again: true, away: true };
    if (response.status !== 429 || turn === TURNS_MOST) return answer(response, name);
    await pause(Number(response.headers.get("Retry-After")) || WAIT_S, signal);
  }
}

async function send(form, signal) {
  try {
    return await fetch(new URL("predict", API), { method: "POST", body: form, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined; // no connection: fetch says only "Failed to fetch"
  }
}

async function answer(response, name) {
  const again = [408, 429, 500, 502, 503, 504].includes(response.status);
  try {
    const document = await response.clone().json();
    const first = response.ok ? document[0] : document.answers?.[0];
    if (first) return { ...first, input: name };
  } catch {
    // Not our server's words: something between us and it answered.
  }
  return { input: name, error: await message(response), again };
}

async function message(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server answered with HTTP ${response.status}. Try again later.`;
  }
}

/** A number of its own for what is sent, so that it counts once however often it is sent again. */
const number = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

// Hand pictures to the worker that reads them, one at a time, and forget those that were overtaken. Shows nothing.

const NEXT = "Load the page again, or try another browser.";

let worker;
let ready; // a promise
let busy = false;
let waiting; // { levels, resolve }: only the newest one is worth reading

/** Start the worker; resolves when it can read. Rejects with a sentence for the reader. */
export function start() {
  ready ??= new Promise((resolve, reject) => {
    worker = new Worker(new URL("reader_worker.js", import.meta.url), { type: "module" });
    worker.onerror = (event) => reject(new Error(`The reader could not be started: ${event.message || "a file is missing"}. ${NEXT}`));
    worker.onmessage = ({ data }) => (data.type === "ready" ? resolve() : data.type === "failed" ? reject(new Error(data.message)) : settle(data));
  });
  return ready;
}

let settle = () => {};

/** Read 784 levels: { probabilities, known, strangeness, strangenessLimit }, or undefined where a newer picture came. */
export async function read(levels) {
  await start();
  return new Promise((resolve) => {
    waiting?.resolve(undefined);
    waiting = { levels, resolve };
    next();
  });
}

function next() {
  if (busy || !waiting) return;
  const { levels, resolve } = waiting;
  waiting = undefined;
  busy = true;
  settle = (answer) => {
    busy = false;
    resolve(answer.error ? undefined : answer);
    next();
  };
  worker.postMessage(levels);
}

// Keep the page for times without a network, and bring it up to date. Knows nothing of answers.

const workers = navigator.serviceWorker; // missing without https and in some private windows: then the page works online

// The old version may be held up by a download that was cut off; rather than wait, the page goes on with it.
const PATIENCE_MS = 2000;
const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

/** Register the service worker that keeps all files of this page. */
export async function keepForOffline() {
  try {
    await workers?.register(new URL("service_worker.js", import.meta.url), { updateViaCache: "none" });
  } catch (error) {
    console.warn(`This page will need the network next time: ${error.message}`);
  }
}

/**
 * Load the page again where a new version lies ready and no other window shows the old one. Called before the reader
 * has done anything, so nothing is lost.
 */
export async function bringUpToDate() {
  const registration = await workers?.getRegistration().catch(() => undefined);
  if (!registration?.waiting || !workers.controller) return;
  const { port1, port2 } = new MessageChannel();
  const said = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  const changed = new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
  registration.waiting.postMessage("take over", [port2]);
  if (!(await said)) return;
  if (!(await Promise.race([changed.then(() => true), later(PATIENCE_MS, false)]))) return;
  location.reload();
  await new Promise(() => {}); // the page is going
}

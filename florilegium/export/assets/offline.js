// Keep the page for times without a network, and bring it up to date. Knows nothing of answers.

const PATIENCE_MS = 2000; // then the page goes on with the old version, which may have work to end

const workers = navigator.serviceWorker; // missing without https and in some private windows: then the page works online

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
  const changed = new Promise((resolve) => workers.addEventListener("controllerchange", () => resolve(true), { once: true }));
  if (!(await asked(registration.waiting))) return;
  const isNew = await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, false))]);
  if (!isNew) return;
  location.reload();
  await new Promise(() => {}); // the page is going
}

/** Ask a waiting version to take over; give whether it does. */
function asked(version) {
  const { port1, port2 } = new MessageChannel();
  version.postMessage("take over", [port2]);
  return new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
}

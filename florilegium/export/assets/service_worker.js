// Keep every file of this page on the device, so that it opens without a network.
//
// One version is kept whole or not at all: each file is compared with its SHA-256 before any is used, so a host that is
// just being updated cannot mix two versions. A new version waits until no page shows the old one.
// Answers for the files in its list and for nothing else; never asks another host.

const VERSION = "{{ version }}"; // a hash of all files: other files, other version, other bytes of this script
const FILES = {{ files }}; // path -> SHA-256
const PAGE = "index.html";
const MINE = `florilegium ${self.registration.scope} `; // other pages of this host keep their own
const CACHE = MINE + VERSION;

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("message", (event) => event.data === "take over" && event.waitUntil(takeOver(event)));
self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path !== undefined && Object.hasOwn(FILES, path)) event.respondWith(answer(path, event.request));
});

async function keepAll() {
  const cache = await caches.open(CACHE);
  await Promise.all(Object.entries(FILES).map(([path, sha256]) => keep(cache, path, sha256)));
}

async function keep(cache, path, sha256) {
  if (await cache.match(path)) return; // an earlier try was cut off
  // Some hosts send /index.html on to /, and an answer that was sent on may not open a page.
  const response = await fetch(path === PAGE ? "./" : path, { cache: "no-cache" });
  const bytes = await response.arrayBuffer();
  if (!response.ok || (await hexDigest(bytes)) !== sha256) throw new Error(`${path} is not the file of version ${VERSION}`);
  const type = response.headers.get("content-type") ?? "application/octet-stream";
  await cache.put(path, new Response(bytes, { headers: { "content-type": type } }));
}

async function hexDigest(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(MINE) && name !== CACHE).map((name) => caches.delete(name)));
}

/** Take the place of the old version where the page that asks is the only one; say whether. */
async function takeOver(event) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const alone = pages.filter(({ url }) => url.startsWith(self.registration.scope)).length <= 1;
  event.ports[0].postMessage(alone);
  if (alone) await self.skipWaiting();
}

/** Give the path below this page's folder; the folder itself is its index.html. */
function pathOf(request) {
  const url = new URL(request.url);
  const scope = new URL(self.registration.scope);
  if (request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return undefined;
  return url.pathname.slice(scope.pathname.length) || PAGE;
}

async function answer(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

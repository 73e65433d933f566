// The chat without loading the page anew: a question is sent, and what is missing is asked for every few seconds.

const log = document.getElementById("log");
const form = document.getElementById("say");
const notice = document.getElementById("notice");
const SOON_MS = 2000;
const LATE_MS = 30000; // who waits for long is asked for less and less often
let wait = SOON_MS;
let timer;
document.documentElement.classList.add("script");

/** Put in what changed and nothing else, so that a screen reader reads what is new alone. */
function put(html) {
  const fresh = document.createRange().createContextualFragment(html); // from our own server, which escapes all data
  const list = log.querySelector("ol");
  for (const item of fresh.querySelectorAll("li")) {
    const there = list.querySelector(`[data-ticket="${CSS.escape(item.dataset.ticket)}"]`);
    if (!there) list.append(item);
    else if (there.dataset.state !== item.dataset.state) {
      wait = SOON_MS;
      there.replaceWith(item);
    }
  }
  const tickets = fresh.querySelector("ol").dataset.tickets;
  form.elements.tickets.value = tickets;
  history.replaceState(null, "", `?tickets=${encodeURIComponent(tickets)}`); // the address leads back here
}

const isWaiting = () => log.querySelector('[data-state^="waiting"]') !== null;

function askSoon() {
  clearTimeout(timer);
  if (isWaiting()) timer = setTimeout(() => void ask(), wait);
}

async function ask() {
  wait = Math.min(wait * 1.3, LATE_MS);
  const address = `${form.getAttribute("action")}?tickets=${encodeURIComponent(form.elements.tickets.value)}`;
  const response = await fetch(address, { headers: { "X-Fragment": "1" } }).catch(() => null);
  if (response?.ok) put(await response.text());
  askSoon();
}

function say(sentence) {
  notice.textContent = sentence;
  notice.hidden = !sentence;
}

let isSending = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isSending) void send();
});

async function send() {
  isSending = true;
  say("");
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Fragment": "1" } }).catch(() => null);
  isSending = false;
  if (!response?.ok) {
    const document = await response?.json().catch(() => null);
    say(document?.error?.message ?? "The server does not answer. Your words are still here; send them again.");
    return; // the key stays: sent again, it is taken once
  }
  put(await response.text());
  form.elements.text.value = "";
  form.elements.key.value = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
  form.elements.text.focus();
  log.lastElementChild.lastElementChild?.scrollIntoView({ block: "nearest" });
  wait = SOON_MS;
  askSoon();
}

form.elements.text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
askSoon();

// Send forms one after the other and give the answers' HTML. A click is never lost: while the server is away it is
// sent again, with the same ticket, so that the server records it once.

const AGAIN_MS = 800;
const MOST_TRIES = 450; // six minutes
let last = Promise.resolve(); // the form that was sent last: the next one waits for it

/** Send a form as if `button` was pressed. Gives `{ html }`, or `{ html: null, refusal: { kind, message } }`. */
export function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button)); // as it is now, whatever becomes of the form
  if (form.id === "undo") body.set("click", number());
  const address = form.getAttribute("action");
  const answer = last.then(() => untilAnswered(address, body));
  last = answer.catch(() => null);
  return answer;
}

async function untilAnswered(address, body) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await fetch(address, { method: "POST", body, headers: { "X-Fragment": "1" } }).catch(() => null);
    if (response?.ok) {
      say("");
      return { html: await response.text() };
    }
    if (response && response.status !== 503) return refused(response);
    say("The server does not answer. Your click is kept and sent again.");
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
  say("The server did not answer for six minutes. Start it again and load this page: what it confirmed is safe.");
  return { html: null, refusal: null };
}

async function refused(response) {
  const document = await response.json().catch(() => null);
  const message = `The server could not do it (status ${response.status}). Nothing was recorded; try again.`;
  const refusal = document?.error ?? { kind: "Refused", message };
  say(refusal.message);
  if (refusal.kind === "Overtaken") setTimeout(() => location.reload(), 2500);
  return { html: null, refusal };
}

const number = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Show a sentence at the foot of the page; an empty one takes it away. */
export function say(sentence) {
  const notice = document.getElementById("notice");
  notice.textContent = sentence;
  notice.hidden = !sentence;
}

/** Tell what was done, where screen readers hear of it: in the line of status that no swap takes away. */
export function tell(sentence) {
  const line = document.getElementById("said");
  if (line) line.textContent = sentence;
}

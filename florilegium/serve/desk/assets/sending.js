// Send a form and give the answer's HTML. A click is never lost: while the server is away it is sent again, with the
// same ticket, so that the server records it once.

const AGAIN_MS = 800;
const MOST_TRIES = 450; // six minutes
let busy = false;
let refusal = null;

/** Give why the last form was refused: `{ kind, message }`, or null. */
export const lastRefusal = () => refusal;

/** Send a form as if `button` was pressed; null: it was refused, or another one is on its way. */
export async function send(form, button) {
  if (busy) return null;
  busy = true;
  refusal = null;
  try {
    const body = new URLSearchParams(new FormData(form, button));
    if (form.id === "undo") body.set("click", number());
    return await untilAnswered(form.getAttribute("action"), body);
  } finally {
    busy = false;
  }
}

async function untilAnswered(address, body) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await fetch(address, { method: "POST", body, headers: { "X-Fragment": "1" } }).catch(() => null);
    if (response?.ok) {
      say("");
      return response.text();
    }
    if (response && response.status < 500) {
      const document = await response.json().catch(() => null);
      refusal = document?.error ?? { kind: "Refused", message: `The server refused it (${response.status}).` };
      say(refusal.message);
      if (refusal.kind === "Overtaken") setTimeout(() => location.reload(), 2500);
      return null;
    }
    say("The server does not answer. Your click is kept and sent again.");
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
  say("The server did not answer for six minutes. Start it again and load this page: what it confirmed is safe.");
  return null;
}

const number = () => [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Show a sentence at the foot of the page; an empty one takes it away. */
export function say(sentence) {
  const notice = document.getElementById("notice");
  notice.textContent = sentence;
  notice.hidden = !sentence;
}

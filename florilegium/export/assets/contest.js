// Under every answer "This is wrong": a link to the form. The form opens in a tab of its own and asks this one for the
// photo or text, so that it is sent only where its owner allows it there, and lies on no disk meanwhile.

const held = new Map(); // ticket -> { plate, file } of a photo or text that was answered

document.addEventListener("answered", ({ target, detail: { answer, file } }) => {
  const line = target.querySelector(".contest");
  const link = line.querySelector("a");
  line.hidden = !answer.ticket;
  if (!answer.ticket) return;
  for (const [ticket, { plate }] of held) if (!plate.isConnected) held.delete(ticket); // removed by its owner
  held.set(answer.ticket, { plate: target, file });
  link.href = `appeal/${encodeURIComponent(answer.ticket)}`;
  link.target = "_blank";
  link.rel = "opener"; // the form may ask this page
});

// A page that comes with the answer to a text.
for (const link of document.querySelectorAll("[data-contested]")) {
  held.set(link.dataset.contested, { plate: link, file: document.getElementById("text").defaultValue });
  link.target = "_blank";
  link.rel = "opener";
}

addEventListener("message", ({ data, origin, source }) => {
  if (origin !== location.origin || !held.has(data?.wanted)) return;
  source.postMessage({ contested: data.wanted, content: held.get(data.wanted).file }, location.origin);
});

// Keys for the study page: space shows the answer, 1 to 4 grade it, u takes the last answer back. Without this script
// everything works by mouse, touch and tab.
const card = document.querySelector(".card");
const answer = card?.querySelector(".answer");
const said = card?.querySelector("#said");
const began = performance.now();

function show() {
  if (answer && !answer.open) answer.open = true;
}

answer?.addEventListener("toggle", () => {
  if (!answer.open) return;
  const seconds = card.querySelector("[name=seconds]");
  if (seconds.disabled) {
    seconds.value = ((performance.now() - began) / 1000).toFixed(2);
    seconds.disabled = false;
  }
  if (said) {
    said.readOnly = true; // what is named after looking says nothing
    const named = said.value.trim();
    const right = named.toLowerCase() === said.dataset.answer.toLowerCase();
    card.querySelector(".judged").textContent = !named ? "" : right ? "Right." : `Not ${named}.`;
  }
  card.querySelector(".told").focus({ preventScroll: true });
  card.querySelector(".grades").scrollIntoView({ block: "nearest" });
});

function grade(key) {
  card?.querySelector(`[name=rating][value="${key}"]`)?.click();
}

function isTyping(target) {
  return target instanceof HTMLInputElement && target.type !== "checkbox" && !target.readOnly;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (isTyping(event.target)) {
    if (event.key === "Enter" && event.target === said) {
      event.preventDefault();
      show();
    }
    return;
  }
  const onButton = event.target instanceof Element && event.target.closest("button, a, summary, input");
  if (event.key === " " && card && !onButton) {
    event.preventDefault();
    show();
  } else if (answer?.open && ["1", "2", "3", "4"].includes(event.key)) {
    event.preventDefault();
    grade(event.key);
  } else if (event.key === "u") {
    event.preventDefault();
    document.getElementById("undo").requestSubmit();
  }
});

// One answer per card: a second click while the first is on its way is not sent.
card?.addEventListener("submit", (event) => {
  if (card.dataset.sent) event.preventDefault();
  else if (!answer.open) {
    event.preventDefault();
    show();
  } else card.dataset.sent = "yes";
});

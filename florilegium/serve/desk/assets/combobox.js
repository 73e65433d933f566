// Type a class and choose among those that fit; follows the combobox pattern of the ARIA practices.

import { say } from "./sending.js";

const WAIT_MS = 60; // after the last key, before the server is asked

/** Bring an input with its list to life. */
export function comboboxIn(input) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  let waiting, meant; // meant: the class that the last Enter asked about
  let chosen = -1;
  let isMoved = false; // by the arrows: then the choice is the reader's, not ours

  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    chosen = -1;
    isMoved = false;
  };
  const choose = (place) => {
    chosen = place;
    for (const [i, option] of options().entries()) option.setAttribute("aria-selected", String(i === place));
    if (place >= 0) {
      input.setAttribute("aria-activedescendant", options()[place].id);
      options()[place].scrollIntoView({ block: "nearest" });
    }
  };
  const move = (place) => {
    isMoved = true;
    choose(place);
  };
  const take = (name) => {
    if (!input.isConnected) return; // the next card lies there already
    input.value = name;
    close();
    const button = input.form.querySelector("button[value=label]");
    if (button) button.click();
    else input.dispatchEvent(new Event("change", { bubbles: true })); // a form with more to fill in
  };
  const show = (names) => {
    list.replaceChildren(
      ...names.map((name, i) => {
        const option = document.createElement("span");
        option.id = `option-${i}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = name;
        option.onmousedown = (event) => event.preventDefault(); // keep the focus in the input
        option.onclick = () => take(name);
        return option;
      }),
    );
    list.hidden = !names.length;
    input.setAttribute("aria-expanded", String(names.length > 0));
    const typed = plain(input.value);
    if (names.length && typed && plain(names[0]).startsWith(typed)) choose(0);
  };
  const ask = async () => {
    const typed = input.value;
    const source = input.dataset.source ?? `${document.documentElement.dataset.base}/classes`;
    const response = await fetch(`${source}?q=${encodeURIComponent(typed)}`).catch(() => null);
    if (!response?.ok) return;
    const names = await response.json();
    if (input.value === typed && document.activeElement === input && !isMoved) show(names);
  };

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    if (meant) say("");
    meant = undefined;
    isMoved = false;
    waiting = setTimeout(() => void ask(), WAIT_MS);
  });
  input.addEventListener("focus", () => void ask());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // that Enter ends a sign of Chinese or Japanese, not the name
    const n = options().length;
    if (event.key === "ArrowDown" && n) move((chosen + 1) % n);
    else if (event.key === "ArrowUp" && n) move(chosen < 0 ? n - 1 : (chosen - 1 + n) % n);
    else if (event.key === "Enter") void answer();
    else return;
    event.preventDefault();
  });
  // Who types quickly presses Enter before the list has come: it is waited for.
  const answer = async () => {
    clearTimeout(waiting);
    if (isMoved && chosen >= 0) return take(options()[chosen].textContent);
    const typed = input.value.trim();
    if (!typed) return say("Type a class first, or choose one with the arrow keys.");
    if (isNew()) return take(typed);
    if (meant) return take(meant);
    await ask();
    const same = options().find((option) => plain(option.textContent) === plain(typed));
    if (same) return take(same.textContent);
    if (list.hidden || chosen < 0) return take(typed); // no class begins so: the server says what it knows
    meant = options()[chosen].textContent;
    say(`Enter again says “${meant}”; the arrow keys choose another. For a class “${typed}”, tick “a new class”.`);
  };
  const isNew = () => input.form?.elements.new_class?.checked;
}

const plain = (name) => name.trim().toLowerCase();

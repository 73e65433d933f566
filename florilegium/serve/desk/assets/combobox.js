// Type a class and choose among those that fit; follows the combobox pattern of the ARIA practices.

const WAIT_MS = 60; // after the last key, before the server is asked

/** Bring an input with its list to life. */
export function comboboxIn(input) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  let waiting, chosen = -1;

  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    chosen = -1;
  };
  const choose = (place) => {
    chosen = place;
    for (const [i, option] of options().entries()) option.setAttribute("aria-selected", String(i === place));
    if (place >= 0) {
      input.setAttribute("aria-activedescendant", options()[place].id);
      options()[place].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (name) => {
    input.value = name;
    close();
    input.form.querySelector("button[value=label]").click();
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
    const typed = input.value.trim().toLowerCase();
    if (names.length && typed && names[0].toLowerCase().startsWith(typed)) choose(0);
  };
  const ask = async () => {
    const typed = input.value;
    const response = await fetch(`/classes?q=${encodeURIComponent(typed)}`).catch(() => null);
    if (response?.ok && input.value === typed && document.activeElement === input) show(await response.json());
  };

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void ask(), WAIT_MS);
  });
  input.addEventListener("focus", () => void ask());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const n = options().length;
    if (event.key === "ArrowDown" && n) choose((chosen + 1) % n);
    else if (event.key === "ArrowUp" && n) choose((chosen - 1 + n) % n);
    else if (event.key === "Enter") void answer();
    else return;
    event.preventDefault();
  });
  // Who types quickly presses Enter before the list has come: it is waited for.
  const answer = async () => {
    clearTimeout(waiting);
    if (input.value.trim() && chosen < 0 && !isNew()) await ask();
    const name = !list.hidden && chosen >= 0 && !isNew() ? options()[chosen].textContent : input.value;
    if (name.trim()) take(name);
  };
  const isNew = () => input.form.elements.new_class?.checked;
}

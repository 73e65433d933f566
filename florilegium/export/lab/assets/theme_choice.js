// The three buttons that choose the page's colours. theme.js has set the choice of last time before anything was drawn.

/** Bring the buttons to life; `changed()` is called whenever the page has other colours. */
export function followTheme(changed) {
  const root = document.documentElement;
  document.getElementById(`theme-${root.dataset.theme ?? "auto"}`).checked = true;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  for (const input of document.querySelectorAll("[name=theme]")) {
    input.onchange = () => {
      if (input.value === "auto") delete root.dataset.theme;
      else root.dataset.theme = input.value;
      remember(input.value);
      changed();
    };
  }
}

function remember(theme) {
  try {
    if (theme === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // No storage in this window: the choice holds until the page is closed.
  }
}

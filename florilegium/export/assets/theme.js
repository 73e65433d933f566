// Before anything is drawn: the colours that the reader chose last time, and a word to the style sheet that scripts run.
{
  const root = document.documentElement;
  root.classList.add("script");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // No storage in this window: the page follows the system.
  }
}

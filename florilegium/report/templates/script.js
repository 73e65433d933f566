// Two comforts; without them every item can still be reached through the lists below the table.
(() => {
  const viewer = document.getElementById("viewer");
  const box = document.getElementById("viewer-items");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-cell]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const details = document.getElementById(link.hash.slice(1)).closest("details");
    const copy = (part) => details.querySelector(part).cloneNode(true).childNodes;
    document.getElementById("viewer-title").replaceChildren(...copy("summary"));
    box.replaceChildren(...copy(".inside"));
    viewer.showModal();
    box.scrollTop = 0;
  });
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer || event.target.closest("button")) viewer.close();
  });
  const before = (a, b) => (a === "" || b === "" || isNaN(a - b) ? a.localeCompare(b) : a - b);
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.querySelectorAll("thead th")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const rows = [...table.tBodies[0].rows].sort((a, b) => before(value(a), value(b)));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
      });
    });
  }
})();

// Finds chapters in the index of search-index.js: every word of the question must begin a word of the chapter.
{
  const { pages, words: all, found } = self.journalIndex;
  const words = all ? all.split(" ") : [];
  const box = document.getElementById("q");
  const list = document.getElementById("found");
  const count = document.getElementById("count");

  /** Small letters without accents, as the index was written. */
  const folded = (text) => text.toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replace(/\p{M}/gu, "");

  /** The first place in the sorted words that is not before `word`. */
  const placeOf = (word) => {
    let low = 0;
    let high = words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle] < word) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** Page number -> weight, for words that begin so. */
  const holding = (start) => {
    const weights = new Map();
    for (let place = placeOf(start); place < words.length && words[place].startsWith(start); place += 1) {
      const exact = words[place] === start ? 3 : 1;
      for (let i = 0; i < found[place].length; i += 2) {
        const page = found[place][i];
        weights.set(page, (weights.get(page) ?? 0) + exact * found[place][i + 1]);
      }
    }
    return weights;
  };

  const look = (question) => {
    const asked = folded(question).match(/[\p{L}\p{N}]+/gu) ?? [];
    if (asked.length === 0) return null;
    const [first, ...others] = asked.map(holding);
    const kept = [...first].filter(([page]) => others.every((weights) => weights.has(page)));
    const total = ([page, weight]) => others.reduce((sum, weights) => sum + weights.get(page), weight);
    return kept.sort((a, b) => total(b) - total(a) || b[0] - a[0]).map(([page]) => pages[page]);
  };

  const line = ([address, title, day, summary]) => {
    const item = document.createElement("li");
    const heading = document.createElement("h2");
    const link = document.createElement("a");
    link.href = address;
    link.textContent = title;
    heading.append(link);
    item.append(heading);
    for (const [name, text] of [["day", day === title ? "" : day], ["", summary]]) {
      if (!text) continue;
      const paragraph = document.createElement("p");
      paragraph.className = name;
      paragraph.textContent = text;
      item.append(paragraph);
    }
    return item;
  };

  const show = () => {
    const hits = look(box.value);
    list.replaceChildren(...(hits ?? []).map(line));
    count.textContent = hits === null ? "" : `${hits.length} ${hits.length === 1 ? "chapter" : "chapters"}`;
  };

  box.value = new URLSearchParams(location.search).get("q") ?? "";
  box.addEventListener("input", show);
  box.form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  show();
}

"""A journal of 200 chapters as a site; beside it what turning the Markdown alone takes.

Promise: a site of 200 chapters is read, built and written in under 5 s.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from markdown_it import MarkdownIt

from florilegium.export.folder import write_folder
from florilegium.journal import SECTIONS, read_journal, sound
from florilegium.journal.site import build

N_CHAPTERS, N_RUNS, N_WORDS = 200, 3, 80  # words of each of the seven sections
PROMISE_S = 5.0
SYLLABLES = ("ba", "cor", "dis", "en", "fla", "gra", "hum", "in", "lo", "mer", "nat", "or", "per", "qui", "ros", "sta")


def write_journal(folder: Path) -> None:
    """Write 200 chapters of some 600 words with links, tags, steps, footnotes and a table, one of ten a draft."""
    chance = random.Random(0)  # noqa: S311 - a benchmark's words
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(4000)]
    days = [date(2023, 1, 1) + timedelta(days=7 * i) for i in range(N_CHAPTERS)]
    for place, day in enumerate(days):
        other = chance.choice(days)
        parts = [f"## {name}\n\n{' '.join(chance.choices(words, k=N_WORDS))}.[^{place}]\n" for name in SECTIONS]
        extra = f"See [that week]({other}.md).\n\n- [x] done\n- [ ] open\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        head = (
            f"---\ndate: {day}\ndraft: {'true' if place % 10 == 9 else 'false'}\ntags: [{words[place % 12]}]\n---\n\n"
        )
        text = head + "\n".join(parts) + "\n" + extra + f"[^{place}]: run {place}\n"
        (folder / f"{day}.md").write_text(text, encoding="utf-8")


def best(work: Callable[[], object]) -> float:
    """Give the shortest of several times: the others say what else the machine was doing."""
    times = []
    for _ in range(N_RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Measure, and fail where the promise is broken."""
    with tempfile.TemporaryDirectory() as name:
        folder, site = Path(name) / "journal", Path(name) / "site"
        folder.mkdir()
        write_journal(folder)
        made = build(sound(read_journal(folder)))
        bodies = [chapter.body for chapter in read_journal(folder).chapters]
        built = best(lambda: build(sound(read_journal(folder))))
        whole = best(lambda: write_folder(site, build(sound(read_journal(folder))).files, kind="journal"))
        alone = best(lambda: [MarkdownIt("commonmark").enable("table").render(body) for body in bodies])
        index = len(made.files["search-index.js"])
    print(f"{N_CHAPTERS} chapters, {made.n_chapters} published")
    print(f"read and built in {built:.2f} s; read, built and written in {whole:.2f} s")
    print(f"markdown-it-py alone on the same texts: {alone:.2f} s")
    print(f"search index {index / 1e3:.0f} kB, site {sum(map(len, made.files.values())) / 1e6:.2f} MB")
    if whole > PROMISE_S:
        sys.exit(f"{whole:.1f} s: {PROMISE_S} s were promised")

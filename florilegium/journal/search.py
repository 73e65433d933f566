"""The small index that the site's search looks into. Path: markup -> **search** -> site.

Words of all chapters, sorted, each with the chapters that hold it: a reader's browser finds a beginning of a word by
halving. Written as a script that sets one value, because a page opened as a file may load scripts and nothing else.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+")
MIN_LETTERS = 2  # single letters find everything
TITLE_WEIGHT = 5  # a word of the title counts as often


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One chapter as the search knows it."""

    address: str
    title: str
    day: str
    summary: str
    text: str
    tags: tuple[str, ...] = ()


def folded(text: str) -> str:
    """Give a text as it is searched: small letters, without accents.

    >>> folded("Über Café STRASSE")
    'uber cafe strasse'
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.category(letter).startswith("M"))


def words(text: str) -> list[str]:
    """Give the words of a text as they are searched."""
    return [word for word in WORD.findall(folded(text)) if len(word) >= MIN_LETTERS]


def index(pages: Sequence[Page]) -> Mapping[str, object]:
    """Give words, the pages that hold each (as pairs of page and weight), and what to show of pages."""
    found: dict[str, dict[int, int]] = {}
    for number, page in enumerate(pages):
        for word in words(page.text):
            weights = found.setdefault(word, {})
            weights[number] = weights.get(number, 0) + 1
        for word in words(f"{page.title} {' '.join(page.tags)}"):
            weights = found.setdefault(word, {})
            weights[number] = weights.get(number, 0) + TITLE_WEIGHT
    ordered = sorted(found)
    return {
        "pages": [[page.address, page.title, page.day, page.summary] for page in pages],
        "words": " ".join(ordered),
        "found": [[n for pair in found[word].items() for n in pair] for word in ordered],
    }


def script(pages: Sequence[Page]) -> str:
    """Give the index as a script."""
    text = json.dumps(index(pages), ensure_ascii=False, separators=(",", ":"))
    # U+2028 and U+2029 end a line in old readers of JavaScript; nothing here may end the element that loads it.
    safe = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("</", "<\\/")
    return f"self.journalIndex = {safe};\n"

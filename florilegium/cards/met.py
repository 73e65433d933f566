"""Which terms somebody has met: those that stand in what was shown to them. Path: glossary -> **met** -> project.

Reads texts that it is given; opens nothing.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from html.parser import HTMLParser

from florilegium.cards.glossary import Term

_HIDDEN = {"script", "style", "template", "svg"}  # what a reader of a page does not read


def terms_met(terms: Sequence[Term], texts: Iterable[str], *, commands: Collection[str] = ()) -> tuple[Term, ...]:
    """Give the terms that stand in texts as whole words, or belong to a command that was used; in their order.

    >>> from florilegium.cards.glossary import read_glossary
    >>> [term.name for term in terms_met(read_glossary(), ["Its baselines and the test set"])]
    ['test set', 'baseline']
    """
    whole = " ".join(" ".join(text.split()) for text in texts).casefold()
    return tuple(term for term in terms if _is_named(term, whole) or _is_used(term, commands))


def page_text(html: str) -> str:
    """Give what a reader sees of a page."""
    reader = _Reader()
    reader.feed(html)
    return " ".join(reader.words)


def _is_named(term: Term, text: str) -> bool:
    name = term.name.casefold()
    # A plain search first: most terms do not occur at all, and a pattern is ten times as slow.
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text) is not None


def _is_used(term: Term, commands: Collection[str]) -> bool:
    words = [word for word in term.see.split() if not word.startswith("-")]
    return words[:1] == ["florilegium"] and len(words) > 1 and words[1] in commands


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self._hidden += tag in _HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

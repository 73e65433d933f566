"""Take personal data out of a text before it leaves, and put it back. Path: errors -> **privacy** -> draft.

Masks e-mail addresses, telephone numbers and the names that it is given; takes pictures out. A name that it was not
given it cannot know. Give it what was written, before anything escapes or quotes it: an escaped name is not found.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from string import ascii_uppercase

EMAIL = re.compile(r"[\w.%+\-]{1,64}@[\w.\-]{1,253}\.[^\W\d_]{2,}")  # in any script (RFC 6531)
PHONE = re.compile(r"(?<![\w.,])(?:\+|\(0|0)[\d()/.\s\u00a0-]{6,}\d(?!\w)")
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)|data:image/[^\s)\"']+")
MIN_DIGITS = 7  # of a telephone number
MIN_NAME = 2  # letters: one letter is everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """Texts that may leave together, and what stands for what in them."""

    texts: tuple[str, ...]
    behind: Mapping[str, str]  # what stands in the text -> what it stands for
    n_pictures: int

    @property
    def text(self) -> str:
        """Give the texts as one."""
        return "\n".join(self.texts)

    def unmasked(self, text: str) -> str:
        """Put back what was masked, in an answer."""
        for shown, hidden in self.behind.items():
            text = text.replace(shown, hidden)
        return text

    def count(self, kind: str) -> int:
        """Count what was masked of one kind: EMAIL, PHONE or PERSON."""
        return sum(shown.startswith(f"[{kind}_") for shown in self.behind)

    @property
    def words(self) -> str:
        """Say what was masked; empty where nothing was."""
        said = [
            f"{n} {noun if n == 1 else noun + ending}"
            for n, noun, ending in (
                (self.count("EMAIL"), "e-mail address", "es"),
                (self.count("PHONE"), "telephone number", "s"),
                (self.count("PERSON"), "name", "s"),
                (self.n_pictures, "picture", "s"),
            )
            if n
        ]
        return ", ".join(said)


def mask(*texts: str, names: Iterable[str] = ()) -> Masked:
    """Mask texts; what two of them say is masked alike. `names`: of people, such as those who gave labels."""
    behind: dict[str, str] = {}
    shown_for: dict[str, str] = {}
    letters = _letters("\n".join(texts))
    named = _pattern(names)
    n_pictures = 0

    def hide(kind: str, found: str) -> str:
        key = f"{kind} {found.casefold()}"
        if key not in shown_for:
            shown_for[key] = f"[{kind}_{next(letters)}]"
            behind[shown_for[key]] = found
        return shown_for[key]

    def hidden(text: str) -> str:
        nonlocal n_pictures
        text = unicodedata.normalize("NFC", text)  # an accent may be a sign of its own
        text, n_here = PICTURE.subn(lambda match: match[1] or "", text)
        n_pictures += n_here
        text = EMAIL.sub(lambda match: hide("EMAIL", match[0]), text)
        text = PHONE.sub(lambda match: hide("PHONE", match[0]) if _is_phone(match[0]) else match[0], text)
        return text if named is None else named.sub(lambda match: hide("PERSON", match[0]), text)

    return Masked(texts=tuple(map(hidden, texts)), behind=behind, n_pictures=n_pictures)


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Give what finds these names as whole words, the longest first; None: there are none."""
    composed = {unicodedata.normalize("NFC", name.strip()) for name in names}
    known = sorted((name for name in composed if len(name) >= MIN_NAME), key=len, reverse=True)
    if not known:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", re.IGNORECASE)


def without_pictures(text: str) -> str:
    """Take the pictures out of a text and leave everything else."""
    return PICTURE.sub(lambda match: match[1] or "", text)


def _is_phone(found: str) -> bool:
    return sum(map(str.isdigit, found)) >= MIN_DIGITS and not ISO_DAY.search(found)


def _letters(text: str) -> Iterator[str]:
    """Give A, B, ... AA, AB, ... but none that the text has in such a place already."""
    for length in (1, 2, 3):
        for each in product(ascii_uppercase, repeat=length):
            if f"_{''.join(each)}]" not in text:
                yield "".join(each)

"""Tell class names that are probably one name written twice. Path: dataset -> **audit** -> split. Sees names only."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

MIN_LENGTH = 5  # letters: "rose" and "nose" are two things, "daisy" and "dasiy" hardly


def plain(name: str) -> str:
    """Give a name without case, accents' forms, spaces and punctuation; a name of signs only as it is, trimmed.

    >>> plain(" Card_Arrival "), plain("card-arrival"), plain("C++"), plain("C")
    ('cardarrival', 'cardarrival', 'c++', 'c')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    # Signs that carry meaning stay: C, C++ and C# are three languages, -1 and 1 two numbers.
    return re.sub(r"[\s_\-.,;:!?'\"()\[\]/\\]+", "", re.sub(r"^-(?=\d)", "minus", folded.strip())) or folded.strip()


def same_names(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Give sets of names that differ only by case, spaces or punctuation, each sorted.

    >>> same_names(["Card ", "card", "money"])
    [('Card ', 'card')]
    """
    spelled = defaultdict(list)
    for name in names:
        spelled[plain(name)].append(name)
    return [tuple(sorted(group)) for group in spelled.values() if len(group) > 1]


def misspelt(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names one typing slip apart: a letter more, less, other, or two neighbours swapped.

    Names with different digits are different names, and so are short ones. Cost is linear in the number of names: two
    strings one slip apart become equal when at most one letter is left out of each.

    >>> list(misspelt(["daisy", "dasiy", "tulip", "class 1", "class 2"]))
    [('daisy', 'dasiy')]
    """
    shortened: dict[str, list[str]] = defaultdict(list)
    first = {plain(name): name for name in names}
    for word in (w for w in first if len(w) >= MIN_LENGTH):
        for cut in {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}:
            shortened[cut].append(word)
    seen = set()
    for words in shortened.values():
        for i, one in enumerate(words):
            for other in words[i + 1 :]:
                if (one, other) not in seen and _one_slip(one, other):
                    seen.add((one, other))
                    yield first[one], first[other]


def _one_slip(one: str, other: str) -> bool:
    """Tell whether one letter more, less, other or swapped makes the words equal; a digit is never a slip."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    a, b = one[start : len(one) - end], other[start : len(other) - end]
    if any(letter.isdigit() for letter in a + b):
        return False
    return (len(a) <= 1 and len(b) <= 1) or (len(a) == len(b) == 2 and a == b[::-1])

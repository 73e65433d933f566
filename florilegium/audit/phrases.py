"""The small change of findings: counts with their nouns, shares, lists of names. Path: dataset -> **audit** -> split.

Evaluation has words of its own (`evaluation/words.py`); it lies downstream, so nothing is taken from there.
"""

import shlex
from collections.abc import Iterable


def counted(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    >>> counted(1, "text"), counted(1200, "text"), counted(2, "class", "classes")
    ('1 text', '1,200 texts', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Write a share (0..1); never 0 % for what is there, never 100 % for what is not all.

    >>> percent(0.021), percent(0.0001), percent(0.9999), percent(1.0)
    ('2.1 %', 'under 0.1 %', 'over 99.9 %', '100 %')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}".replace("%", " %")
    tenths = round(1000 * share)
    if tenths == 0:
        return "under 0.1 %"
    return "over 99.9 %" if tenths == 1000 else f"{tenths / 10:.1f} %"


def part(n: int, whole: int, one: str, many: str | None = None) -> str:
    """Write how many of how many, and the share.

    >>> part(1, 8, "class", "classes"), part(3, 1200, "text")
    ('1 of 8 classes (12.5 %)', '3 of 1,200 texts (0.2 %)')
    """
    return f"{n:,} of {counted(whole, one, many)} ({percent(n / max(whole, 1))})"


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Write names in quotes, the first `most` of them and how many more there are.

    >>> listed(["rose"]), listed(["a", "b", "c"], most=2)
    ("'rose'", "'a', 'b' and 1 more")
    """
    quoted = [repr(name) for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most:,} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def verb(n: int, one: str, many: str) -> str:
    """Choose the form of a verb.

    >>> verb(1, "is", "are"), verb(0, "is", "are")
    ('is', 'are')
    """
    return one if n == 1 else many


def command(*words: str) -> str:
    """Write a command as it is typed, each word quoted where the shell asks for it.

    >>> command("relabel", "my photo.jpg", "rose")
    "florilegium relabel 'my photo.jpg' rose"
    """
    return shlex.join(["florilegium", *words])

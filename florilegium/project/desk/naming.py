"""Which class a person means. Path: **project** (shell)."""

import difflib
import unicodedata
from collections.abc import Sequence

from florilegium.errors import InputError

MOST_CHARS = 200  # of a class name: a folder of that name can be made on any disk
MOST_NAMED = 12


class NewClass(InputError):
    """A class that no item has yet: more often a slip than meant, so it is asked about."""


def class_name(given: str | None, classes: Sequence[str], *, new_class: bool) -> str:
    """Give the class that is meant.

    Raises: InputError: nothing, too long, or signs that cannot be printed.  NewClass: no item has it yet.

    >>> class_name(" rose ", ["peony", "rose"], new_class=False)
    'rose'
    """
    name = unicodedata.normalize("NFC", (given or "").strip())
    if not name:
        raise InputError("No class was named. Choose one of the list, or write a new one.")
    if len(name) > MOST_CHARS:
        raise InputError(f"{name[:40]} ...: {len(name):,} characters; a class name has at most {MOST_CHARS}.")
    if any(unicodedata.category(sign)[0] == "C" for sign in name):
        raise InputError(f"{name!a}: a class name holds printable signs only.")
    if name not in classes and not new_class:
        near = near_to(name, classes)
        hint = f"Nearest: {', '.join(near)}." if near else f"There are {', '.join(classes[:MOST_NAMED]) or 'none yet'}."
        raise NewClass(f"No class {name!r} yet. {hint} Say that it is new, or choose another.")
    return name


def near_to(name: str, classes: Sequence[str]) -> list[str]:
    """Give the classes that are written much like a name, the nearest first; case and what joins words do not count.

    >>> near_to("card_arival", ["lost_card", "card_arrival"]), near_to("LOST CARD", ["lost_card", "top_up"])
    (['card_arrival'], ['lost_card'])
    """
    plain: dict[str, list[str]] = {}
    for each in classes:
        plain.setdefault(_plain(each), []).append(each)
    found = difflib.get_close_matches(_plain(name), plain, n=3, cutoff=0.6)
    return [each for key in found for each in plain[key]]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def matching(words: str, classes: Sequence[str], *, n: int = 12) -> list[str]:
    """Give the classes that fit what was typed: those that begin so, then words that do, then those that hold it.

    >>> matching("ro", ["primrose", "rose", "tea rose", "iris"])
    ['rose', 'tea rose', 'primrose']
    """
    typed = words.strip().casefold()
    ranked = []
    for name in classes:
        plain = name.casefold()
        if typed in plain:
            rank = 0 if plain.startswith(typed) else 1 if f" {typed}" in plain.replace("_", " ") else 2
            ranked.append((rank, name))
    return [name for _, name in sorted(ranked)][:n]

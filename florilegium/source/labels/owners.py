"""Find the items that a label file means. Path: **source** -> dataset. Sees names and hashes, no disk.

By its exact name, else by its contents (SHA-256), else by the only item whose path ends alike. Contents say more than a
name: where both are given and contradict each other, the item with these contents is meant.
"""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from florilegium.source.base import Sample
from florilegium.source.labels.said import Said
from florilegium.source.matching import Matching

MAX_SHOWN = 80  # signs of a name in a message
MOST_NEAREST = 10  # strays for which near names are looked up
MOST_COMPARED = 100_000  # names that they are compared with, all together: about two seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The item that is meant."""

    said: Said
    row: int  # of the samples
    by: str  # name, contents or ending
    changed: bool = False  # the item has other contents than those that were labelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something said of no item that is here."""

    said: Said
    reason: str  # with the nearest names


def owners(said: Sequence[Said], samples: Sequence[Sample]) -> tuple[list[Owner], list[Stray]]:
    """Find the item of each thing said; what fits none, or several, is a stray with its reason."""
    names = [sample.name for sample in samples]
    exact = {name: row for row, name in enumerate(names)}
    by_hash: dict[str, list[int]] = defaultdict(list)
    for row, sample in enumerate(samples):
        by_hash[sample.sha256].append(row)
    matching = Matching(names)
    n_nearest = min(MOST_NEAREST, max(1, MOST_COMPARED // max(len(names), 1)))
    found: list[Owner] = []
    strays: list[Stray] = []
    for one in said:
        owner = _owner(one, exact, by_hash, matching)
        if isinstance(owner, Owner):
            found.append(owner)
        else:
            strays.append(Stray(said=one, reason=_reason(one, owner, names, with_nearest=len(strays) < n_nearest)))
    return found, strays


def _owner(one: Said, exact: dict[str, int], by_hash: dict[str, list[int]], matching: Matching) -> Owner | list[int]:
    """Give the item that is meant, or the several that may be."""
    row = next((exact[name] for name in one.names if name in exact), None)
    same = by_hash.get((one.sha256 or "").lower(), [])
    if row is not None and (one.sha256 is None or row in same or not same):
        return Owner(said=one, row=row, by="name", changed=one.sha256 is not None and row not in same)
    if len(same) == 1:
        return Owner(said=one, row=same[0], by="contents")
    if same:
        return same
    vague: list[int] = []
    for name in one.names:
        fits = matching.fitting(name)
        # An ending alone is weak: contents that are known to be others speak against it.
        if len(fits) == 1 and one.sha256 is None:
            return Owner(said=one, row=fits[0], by="ending")
        vague = vague or fits
    return vague


def _reason(one: Said, several: list[int], names: Sequence[str], *, with_nearest: bool) -> str:
    called = repr(one.names[0][:MAX_SHOWN]) if one.names else f"contents {(one.sha256 or '')[:16]}"
    if len(several) == 1:
        return f"{called}: {names[several[0]]} is called alike, but has other contents"
    if several:
        listed = ", ".join(names[row] for row in several[:3])
        more = ", ..." if len(several) > 3 else ""
        return f"{called} may be {len(several)} items ({listed}{more}); write the whole name"
    near = difflib.get_close_matches(one.names[-1], names, n=3, cutoff=0.3) if one.names and with_nearest else []
    return f"{called}: no such item" + (f"; nearest: {', '.join(near)}" if near else "")

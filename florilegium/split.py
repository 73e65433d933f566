"""Put whole groups on a side, once and for good; and deal them into folds. Path: audit -> **split** -> baseline.

Takes numbers and names, never items. Chance is a hash of names and seed, so the order of rows does not matter and a
second call on grown data finds every earlier item where it was.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.audit.duplicates import combine
from florilegium.source.base import Side
from florilegium.types import Ints

N_FOLDS = 5
NOT_ASKED = -1  # the fold of an item that is always learned from and never asked about
# A group that holds more of the items than this is never held out: what is left to learn from would no longer be like
# what the model is trained on (docs/decisions/0006-giant-groups.md).
GIANT = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Labelled rows that must not be divided."""

    rows: tuple[int, ...]
    chance: bytes  # a hash: sorts groups at random, the same way every time
    counts: Mapping[int, int]  # class number -> rows of the group


def seal(
    names: Sequence[str],
    y: Ints,
    groups: Ints,
    *,
    seed: int,
    share_test: float = 0.2,
    brought: Sequence[Side | None] | None = None,
    previous: Mapping[int, Side] | None = None,
) -> tuple[Side | None, ...]:
    """Place every labelled item on a side.

    Whole groups without a side yet go to test, in an order drawn from their names, until each class has about
    `share_test` of its items there. Every class keeps a group to learn from; a group larger than the share stays in
    train. A class that got no test item that way gives its smallest group, where that is no more than half of it.
    Args: names, y, groups: (n,) stable names, class numbers (-1: unlabelled, not placed) and groups.
        brought: sides that the source itself gives; if any is test, these stand, and what has none is train.
        previous: row -> side given earlier; kept, whatever else is said.
    What has no side joins the side of its group's other members. Where those lie on both sides already, it is left
    unplaced (None), because on either side it would leak.

    >>> sides = seal(list("abcdefghij"), np.zeros(10, dtype=np.int64), np.arange(10), seed=0)
    >>> sides.count(Side.TEST), sides.count(Side.TRAIN)
    (2, 8)
    """
    sides: list[Side | None] = [None] * len(names)
    for row, side in (previous or {}).items():
        sides[row] = side
    ready_made = brought is not None and Side.TEST in brought
    if brought is not None and ready_made:
        sides = [old or (new if c >= 0 else None) for old, new, c in zip(sides, brought, y.tolist(), strict=True)]
    still_open = _join(_groups(names, y, groups, seed=seed), sides, groups)
    if ready_made:
        _put(still_open, Side.TRAIN, sides)
    else:
        _fill(still_open, sides, y, share_test)
    return tuple(sides)


def _groups(names: Sequence[str], y: Ints, groups: Ints, *, seed: int) -> list[_Group]:
    """Gather the labelled rows of each group, in an order that only names and seed decide."""
    members: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(y >= 0).tolist():
        members[int(groups[row])].append(row)
    numbers = y.tolist()
    made = [
        _Group(
            rows=tuple(rows),
            chance=_chance(min(names[i] for i in rows), seed),
            counts=Counter(numbers[i] for i in rows),
        )
        for rows in members.values()
    ]
    return sorted(made, key=lambda g: g.chance)


def _chance(name: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{name}".encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _join(made: Iterable[_Group], sides: list[Side | None], groups: Ints) -> list[_Group]:
    """Put what has no side yet beside its group's other members; give the groups of which no member has a side."""
    taken: dict[int, set[Side]] = defaultdict(set)  # members that lost their label count too: it may come back
    for group, side in zip(groups.tolist(), sides, strict=True):
        if side is not None:
            taken[group].add(side)
    still_open = []
    for each in made:
        known = taken.get(int(groups[each.rows[0]]), set())
        if not known:
            still_open.append(each)
        elif len(known) == 1:
            _put([each], next(iter(known)), sides)
    return still_open


def _put(placed: Iterable[_Group], side: Side, sides: list[Side | None]) -> None:
    for group in placed:
        for i in group.rows:
            if sides[i] is None:
                sides[i] = side


def _fill(still_open: list[_Group], sides: list[Side | None], y: Ints, share_test: float) -> None:
    """Send groups to test while each of their classes has room there and another group to learn from."""
    n_of = Counter(y[y >= 0].tolist())
    placed = Counter((c, side) for c, side in zip(y.tolist(), sides, strict=True) if c >= 0 and side is not None)
    room = {c: round(share_test * n) - placed[c, Side.TEST] for c, n in n_of.items()}
    to_learn = Counter(c for group in still_open for c in group.counts)  # groups of the class that may yet be train
    to_learn.update(c for c in n_of if placed[c, Side.TRAIN])
    tested = {c for c in n_of if placed[c, Side.TEST]}
    left = []
    for group in still_open:
        if all(room[c] >= count and to_learn[c] > 1 for c, count in group.counts.items()):
            _put([group], Side.TEST, sides)
            for c, count in group.counts.items():
                room[c] -= count
                to_learn[c] -= 1
            tested |= group.counts.keys()
        else:
            left.append(group)
    rescued = _rescued(left, {c: n - placed[c, Side.TEST] for c, n in n_of.items() if c not in tested}, to_learn)
    _put(rescued, Side.TEST, sides)
    _put(left, Side.TRAIN, sides)


def _rescued(left: list[_Group], n_of: Mapping[int, int], to_learn: Mapping[int, int]) -> list[_Group]:
    """Choose the smallest group of each class without a test item, where at least as much is left to learn from.

    Args: left: groups that would go to train.  n_of: items of the classes without a test item.
        to_learn: class -> its groups in train.
    """
    smallest: dict[int, _Group] = {}
    for group in left:
        (c, n), *others = group.counts.items()
        if c not in n_of or others or 2 * n > n_of[c] or to_learn[c] < 2:
            continue
        if c not in smallest or n < smallest[c].counts[c]:  # of equal ones the first, which chance has put there
            smallest[c] = group
    return list(smallest.values())


def folds(names: Sequence[str], y: Ints, groups: Ints, *, n_folds: int = N_FOLDS, seed: int) -> Ints:
    """Deal n items into folds 0..n_folds-1, whole groups together, each class spread as evenly as groups allow.

    A group of more than a third of the items is never asked about, unless too few others are left to fill the folds.
    Args: names, y, groups: (n,), as for `seal`.
    Returns: (n,) fold numbers, -1 for unlabelled items and for a giant group; the same whatever the order of rows.

    >>> folds(list("abcdef"), np.array([0, 0, 0, 1, 1, 1]), np.arange(6), n_folds=3, seed=0).tolist().count(2)
    2
    """
    n_of = Counter(y[y >= 0].tolist())
    counts = [Counter[int]() for _ in range(n_folds)]  # items of each class that a fold holds
    loads = [0] * n_folds
    found = np.full(len(names), -1, dtype=np.int64)
    # The largest first, while there is room to balance them.
    made = _groups(names, y, groups, seed=seed)
    modest = [group for group in made if len(group.rows) <= GIANT * sum(n_of.values())]
    dealt = modest if len(modest) >= n_folds else made
    for group in sorted(dealt, key=lambda g: (-len(g.rows), g.chance)):
        # What the sum over classes of squared shares would grow by; then the emptier fold; then chance.
        fold = min(
            range(n_folds),
            key=lambda f: (
                sum(k * (2 * counts[f][c] + k) / n_of[c] ** 2 for c, k in group.counts.items()),
                loads[f],
                (f - group.chance[0]) % n_folds,
            ),
        )
        counts[fold].update(group.counts)
        loads[fold] += len(group.rows)
        found[list(group.rows)] = fold
    return found


def source_folds(origins: Sequence[str | None], groups: Ints, *, n_folds: int = N_FOLDS) -> Ints | None:
    """Deal whole sources into folds, so that each fold is judged by what was learned from other sources only.

    Sources that share a group are kept together. One of more than a third of the items gets the fold -1 (always learned
    from, never asked about), unless fewer than `n_folds` others are left.
    Args: origins: (n,) where each item comes from; None: unknown, each group for itself.  groups: (n,).
    Returns: (n,) fold numbers, or None where there are fewer than two sources that share no group.

    >>> source_folds(["ann", "bob", "eve", "joe"], np.arange(4), n_folds=2).tolist()
    [0, 1, 0, 1]
    """
    number = {origin: i for i, origin in enumerate(sorted({o for o in origins if o is not None}))}
    named = np.array([-1 if o is None else number[o] for o in origins], dtype=np.int64)
    units = combine(named, groups)
    if len(np.unique(units[named >= 0])) < 2:
        return None
    sizes = np.bincount(units)
    first_name = np.full(len(sizes), len(number))
    np.minimum.at(first_name, units[named >= 0], named[named >= 0])
    modest = sizes <= GIANT * len(units)
    asked = modest if modest.sum() >= n_folds else np.ones(len(sizes), dtype=np.bool_)
    loads = [(0, fold) for fold in range(min(n_folds, int(asked.sum())))]
    fold_of = np.full(len(sizes), NOT_ASKED, dtype=np.int64)
    order = np.lexsort((first_name, -sizes))  # equal sizes by name, whatever the order of rows
    for unit in order[asked[order]].tolist():
        load, fold = heapq.heappop(loads)
        fold_of[unit] = fold
        heapq.heappush(loads, (load + int(sizes[unit]), fold))
    found: Ints = fold_of[units]
    return found

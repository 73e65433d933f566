"""Sides and folds: whole groups, kept for good, the same whatever the order of rows."""

import hashlib
import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium import split
from florilegium.source.base import Side
from florilegium.types import Ints

TRAIN, TEST = Side.TRAIN, Side.TEST

# Items: class (-1: unlabelled) and group number; an item's name is its place in the list.
items = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 25)), min_size=1, max_size=60)
seeds = st.integers(0, 2**40)
shares = st.sampled_from([0.02, 0.2, 0.5, 0.8])


def columns(table: list[tuple[int, int]]) -> tuple[list[str], Ints, Ints]:
    """Give names, classes and groups."""
    y, groups = np.array(table, dtype=np.int64).reshape(-1, 2).T
    return [f"item {i}" for i in range(len(table))], y, groups


def by_group(sides: tuple[Side | None, ...], groups: Ints) -> dict[int, set[Side]]:
    """Give the sides on which each group has members."""
    found: dict[int, set[Side]] = {}
    for group, side in zip(groups.tolist(), sides, strict=True):
        if side is not None:
            found.setdefault(group, set()).add(side)
    return found


@given(table=items, seed=seeds, share=shares)
def test_groups_never_straddle(table: list[tuple[int, int]], seed: int, share: float) -> None:
    """Every labelled item has a side, no unlabelled one has, and each group lies on one side."""
    names, y, groups = columns(table)
    sides = split.seal(names, y, groups, seed=seed, share_test=share)

    assert [side is not None for side in sides] == (y >= 0).tolist()
    assert all(len(found) == 1 for found in by_group(sides, groups).values())


@given(table=items, seed=seeds, share=shares)
def test_every_class_keeps_something_to_learn_from(table: list[tuple[int, int]], seed: int, share: float) -> None:
    """No class is wholly in test, whatever share is asked for."""
    names, y, groups = columns(table)
    sides = np.array(split.seal(names, y, groups, seed=seed, share_test=share))

    assert all((sides[y == c] == TRAIN).any() for c in set(y[y >= 0].tolist()))


@given(table=items, more=items, seed=seeds)
def test_what_is_sealed_stays_sealed_when_data_grow(
    table: list[tuple[int, int]], more: list[tuple[int, int]], seed: int
) -> None:
    """New items never move an old one, and join their group's side where that is one side."""
    names, y, groups = columns(table)
    before = split.seal(names, y, groups, seed=seed)
    names, y, groups = columns(table + more)
    kept = {i: side for i, side in enumerate(before) if side is not None}
    after = split.seal(names, y, groups, seed=seed, previous=kept)

    assert after[: len(before)] == tuple(
        side if side is not None else now for side, now in zip(before, after, strict=False)
    )
    assert all(len(found) == 1 for found in by_group(after, groups).values())


@given(table=items, seed=seeds, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(table: list[tuple[int, int]], seed: int, order: random.Random) -> None:
    """The same items in another order, with groups numbered otherwise, get the same sides and folds."""
    names, y, groups = columns(table)
    rows = np.array(order.sample(range(len(names)), len(names)))
    mixed = [names[i] for i in rows]
    renamed = 1000 - groups[rows]
    sides = split.seal(names, y, groups, seed=seed)
    folds = split.folds(names, y, groups, seed=seed)

    assert split.seal(mixed, y[rows], renamed, seed=seed) == tuple(sides[i] for i in rows)
    assert split.folds(mixed, y[rows], renamed, seed=seed).tolist() == folds[rows].tolist()


@given(sizes=st.lists(st.integers(5, 60), min_size=1, max_size=5), largest=st.integers(1, 4), seed=seeds)
def test_each_class_gives_its_share(sizes: list[int], largest: int, seed: int) -> None:
    """With groups of up to m items, each class's test share is right to within one group."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    groups = y * 1000 + np.concatenate([np.repeat(np.arange(n), rng.integers(1, largest + 1, n))[:n] for n in sizes])
    sides = np.array(split.seal([str(i) for i in range(len(y))], y, groups, seed=seed))
    for c, n in enumerate(sizes):
        n_test = int((sides[y == c] == TEST).sum())

        assert round(0.2 * n) - largest < n_test <= max(round(0.2 * n), largest)


def test_large_data_are_split_exactly() -> None:
    """A thousand items of two classes, each alone: exactly 200 are sealed, 100 of each."""
    y = np.arange(1000) % 2
    sides = np.array(split.seal([str(i) for i in range(1000)], y, np.arange(1000), seed=7))

    assert [(sides[y == c] == TEST).sum() for c in (0, 1)] == [100, 100]


def test_the_seed_decides() -> None:
    """The same seed gives the same sides, another seed others; about a fifth of a fifth is in both by chance."""
    names, y, groups = [str(i) for i in range(1000)], np.zeros(1000, dtype=np.int64), np.arange(1000)
    one, again, other = (np.array(split.seal(names, y, groups, seed=s)) == TEST for s in (1, 1, 2))

    assert (one == again).all()
    assert 15 <= (one & other).sum() <= 70  # 40 expected, 4.4 standard deviations either way


def test_the_very_sides_of_a_seed_are_kept() -> None:
    """Sides are a published function of names and seed (BLAKE2b), the same on every machine and in every version."""
    sides = split.seal(list("abcdefghij"), np.zeros(10, dtype=np.int64), np.arange(10), seed=0)
    by_chance = sorted("abcdefghij", key=lambda n: hashlib.blake2b(f"0:{n}".encode(), digest_size=16).digest())

    assert {n for n, s in zip("abcdefghij", sides, strict=True) if s is TEST} == set(by_chance[:2]) == {"a", "i"}


@pytest.mark.parametrize("n", [2, 3])
def test_a_tiny_class_gives_one_item(n: int) -> None:
    """Of two or three items one is sealed, so that the class is judged at all."""
    sides = split.seal([str(i) for i in range(n)], np.zeros(n, dtype=np.int64), np.arange(n), seed=0)

    assert sides.count(TEST) == 1


def test_a_class_of_one_group_is_learned_from() -> None:
    """What cannot be divided stays in train."""
    assert split.seal(list("abc"), np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64), seed=0) == (TRAIN,) * 3


def test_a_split_that_the_source_brings_stands() -> None:
    """Published sides are kept even where a group straddles; what has none joins its group, else train."""
    brought = [TEST, TRAIN, None, None, None, None]
    groups = np.array([0, 0, 1, 2, 0, 3])
    brought[3] = TEST
    y = np.array([0, 0, 0, 0, 0, -1])
    sides = split.seal(list("abcdef"), y, np.array([0, 0, 1, 2, 0, 3]), seed=0, brought=brought)
    joined = split.seal(list("abcdef"), y, np.array([0, 0, 2, 2, 0, 3]), seed=0, brought=brought)

    assert groups[4] == groups[0]
    assert sides == (TEST, TRAIN, TRAIN, TEST, None, None)
    assert joined == (TEST, TRAIN, TEST, TEST, None, None)


def test_sides_that_say_train_only_are_no_split() -> None:
    """A source whose every item says train brings no test set, so one is sealed."""
    sides = split.seal(
        [str(i) for i in range(10)], np.zeros(10, dtype=np.int64), np.arange(10), seed=0, brought=[TRAIN] * 10
    )

    assert sides.count(TEST) == 2


def test_what_would_leak_on_either_side_is_left_out() -> None:
    """A new item that links a sealed one with a learned one gets no side; one of a known group joins it."""
    y = np.zeros(4, dtype=np.int64)
    sides = split.seal(list("abcd"), y, np.array([0, 0, 0, 1]), seed=0, previous={0: TEST, 1: TRAIN})

    assert sides[2] is None
    assert sides[3] is not None


def test_an_item_taken_out_of_the_set_still_holds_its_group() -> None:
    """A copy of a sealed item that lost its label goes to test: the label may come back."""
    y = np.array([-1, 0, 0, 0])
    sides = split.seal(list("abcd"), y, np.array([0, 0, 1, 2]), seed=0, previous={0: TEST})

    assert sides[:2] == (TEST, TEST)


@given(table=items, seed=seeds, n_folds=st.integers(2, 6))
def test_folds_keep_groups_together_and_are_even(table: list[tuple[int, int]], seed: int, n_folds: int) -> None:
    """Labelled items have a fold unless their group is a giant, no group is in two, single items are dealt evenly."""
    names, y, groups = columns(table)
    folds = split.folds(names, y, groups, n_folds=n_folds, seed=seed)
    alone = split.folds(names, y, np.arange(len(y)), n_folds=n_folds, seed=seed)

    sizes = {g: int(((groups == g) & (y >= 0)).sum()) for g in set(groups.tolist())}
    spared = {g for g, size in sizes.items() if size > (y >= 0).sum() / 3}
    assert (folds[y < 0] == -1).all()
    assert {int(g) for g in groups[(y >= 0) & (folds < 0)]} <= spared
    assert all(len(set(folds[(groups == g) & (y >= 0)])) <= 1 for g in set(groups.tolist()))
    for c in set(y[(y >= 0) & (alone >= 0)].tolist()):
        assert np.ptp(np.bincount(alone[y == c], minlength=n_folds)) <= 1


def test_classes_of_one_item_fill_all_folds() -> None:
    """Ten thousand classes with one item each are dealt to five folds of 2,000."""
    n = 10_000
    folds = split.folds([str(i) for i in range(n)], np.arange(n), np.arange(n), seed=0)

    assert np.bincount(folds).tolist() == [2000] * 5


@given(
    origins=st.lists(st.sampled_from([None, "ann", "bob", "eve", "joe"]), min_size=1, max_size=40),
    groups=st.lists(st.integers(0, 30), min_size=40, max_size=40),
    n_folds=st.integers(2, 6),
)
def test_source_folds_divide_neither_source_nor_group(
    origins: list[str | None], groups: list[int], n_folds: int
) -> None:
    """A source is in one fold and so is a group; where fewer than two sources are independent there are no folds."""
    numbers = np.array(groups[: len(origins)])
    folds = split.source_folds(origins, numbers, n_folds=n_folds)
    if folds is None:
        return

    assert len({*origins} - {None}) >= 2
    for name in {*origins} - {None}:
        assert len({f for f, o in zip(folds.tolist(), origins, strict=True) if o == name}) == 1
    assert all(len(set(folds[numbers == g])) == 1 for g in set(numbers.tolist()))
    assert 2 <= len(set(folds[folds >= 0].tolist())) <= n_folds


def test_a_giant_source_is_learned_from_and_never_asked_about() -> None:
    """A source of more than a third of the items gets no fold; the others share the folds, the largest first."""
    origins = ["giant"] * 50 + ["b"] * 10 + ["c"] * 9 + ["d"] * 8 + ["e"] * 7
    folds = split.source_folds(origins, np.arange(84), n_folds=3)

    assert folds is not None
    starts = (0, 50, 60, 69, 77, 84)
    assert [set(folds[a:b].tolist()) for a, b in itertools.pairwise(starts)] == [{-1}, {0}, {1}, {2}, {2}]


def test_a_giant_is_asked_about_where_too_few_others_are_left() -> None:
    """Two hospitals of equal size are held out in turn: there is nothing else to ask about."""
    folds = split.source_folds(["north"] * 50 + ["south"] * 50, np.arange(100), n_folds=5)

    assert folds is not None
    assert [set(folds[:50].tolist()), set(folds[50:].tolist())] == [{0}, {1}]


@pytest.mark.parametrize("origins", [[None, None], ["ann", "ann"], ["ann", None], []])
def test_one_source_or_none_gives_no_folds(origins: list[str | None]) -> None:
    """Without two sources, nothing can be said about sources never seen."""
    assert split.source_folds(origins, np.arange(len(origins))) is None


def test_sources_that_share_copies_are_one() -> None:
    """Two sites with the same picture are not independent."""
    assert split.source_folds(["ann", "bob"], np.array([0, 0])) is None

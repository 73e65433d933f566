"""Outliers, pictures that show too little, odd files, and orders that tell the label."""

from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from florilegium.audit import CHECKS, Finding, Leak, Severity, Subject
from florilegium.audit.checks.order import shuffled_neighbours
from florilegium.features.facts import blur
from florilegium.source.base import Files, Side
from tests.audit_making import subject


def found(subject: Subject, check: str) -> list[Finding]:
    """Give what one check finds."""
    return list(CHECKS[check](subject))


def test_what_nothing_resembles_is_an_outlier() -> None:
    """By Tukey's rule: of 0.20, 0.21 ... 0.39 and 0.9 twice only these two are far; unknown ones are left out."""
    strange = np.tile(np.arange(0.20, 0.40, 0.01), 5)
    strange[[7, 70]] = [0.8, 0.9]
    strange[3] = np.nan
    (finding,) = found(subject(["a"] * len(strange), strange=strange), "outliers")

    assert finding.items == ("i70", "i7")
    assert "2 of 99 pictures" in finding.message
    assert "only 0.10, where 0.7" in finding.message


def test_few_items_have_no_outliers() -> None:
    """With 49 items everything is rare."""
    assert found(subject(["a"] * 49, strange=np.r_[np.zeros(48), 1.0]), "outliers") == []


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"blur": 0.7}, "is blurred all over"),
        ({"brightness": 0.05, "contrast": 0.05}, "is nearly black"),
        ({"brightness": 0.97, "contrast": 0.03}, "is washed out"),
        ({"brightness": 0.5, "contrast": 0.001}, "is blank"),
        ({"aspect": 4.0}, "is more than three times as long as wide"),
        ({"aspect": 0.2}, "is more than three times as long as wide"),
        ({"width": 40.0, "height": 300.0}, "is less than 64 px wide or high"),
    ],
)
def test_a_picture_that_shows_too_little_is_named(facts: dict[str, float], says: str) -> None:
    """One bad picture among forty usual ones is named, with the one reason that applies."""
    usual = {"blur": 0.3, "brightness": 0.4, "contrast": 0.2, "aspect": 1.5, "width": 400.0, "height": 300.0}
    named = {name: np.full(40, value) for name, value in usual.items()}
    for name, value in facts.items():
        named[name][17] = value
    (finding,) = found(subject(["a"] * 40, named=named), "quality")

    assert finding.items == ("i17",)
    assert f"1 of 40 pictures (2.5 %) {says}, 'i17': " in finding.message
    assert finding.severity is Severity.INFO


def test_a_dark_background_is_not_darkness() -> None:
    """White digits on black are dark on average and show all the same."""
    named = {"brightness": np.full(40, 0.1), "contrast": np.full(40, 0.25)}

    assert found(subject(["a"] * 40, named=named), "quality") == []


def test_blurring_raises_the_measure_and_contrast_does_not() -> None:
    """Each stronger blur is more; half the contrast is the same to a hundredth."""
    rng = np.random.default_rng(0)
    sharp = np.asarray(Image.fromarray(rng.integers(0, 256, (64, 80, 3), dtype=np.uint8)).resize((320, 256)))
    values = [blur(sharp)]
    values += [blur(np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(r)))) for r in (1, 2, 4)]

    assert values == sorted(values)
    assert values[0] < 0.5 < values[-1] <= 1
    assert blur((sharp // 2 + 60).astype(np.uint8)) == pytest.approx(values[0], abs=0.01)


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ("animated", "holds several frames"),
        ("alpha", "has transparent parts"),
        ("gray", "has no colour among coloured ones"),
        ("extension_png", "has an ending of another format than its own"),
    ],
)
def test_an_odd_file_is_named(fact: str, says: str) -> None:
    """One file of another kind among forty is told; where all are so, it is no oddity."""
    others = {"png": np.zeros(40)} if fact == "extension_png" else {}
    one, every = np.zeros(40), np.ones(40)
    one[5] = 1
    (finding,) = found(subject(["a"] * 40, named={fact: one, **others}), "odd")

    assert finding.items == ("i5",)
    assert says in finding.message
    if fact in {"alpha", "gray"}:
        assert found(subject(["a"] * 40, named={fact: every}), "odd") == []


def test_empty_texts_are_named() -> None:
    """A text of spaces says nothing of its label."""
    (finding,) = found(subject(["a"] * 30, texts=["words"] * 29 + [" \n"]), "odd")

    assert finding.items == ("i29",)
    assert "1 of 30 texts (3.3 %) is empty" in finding.message
    assert "florilegium relabel i29 --remove" in finding.fix


def test_a_table_sorted_by_label_is_told() -> None:
    """Fifty of one class and then fifty of the other: 98 of 99 neighbours agree, where a shuffle gives 49.5 %."""
    (finding,) = found(subject(["a"] * 50 + ["b"] * 50), "order")

    assert "99.0 % of 99 pairs, where a shuffled order gives 49.5 % (p < 0.0001)" in finding.message
    assert finding.severity is Severity.INFO


def test_a_shuffled_table_is_not() -> None:
    """Of 300 shuffled tables hardly one is taken for a sorted one."""
    labels = ["a"] * 30 + ["b"] * 60 + ["c"] * 30
    spoke = [
        found(subject([labels[i] for i in np.random.default_rng(s).permutation(120)]), "order") for s in range(300)
    ]

    assert sum(map(bool, spoke)) <= 1


def test_copies_and_sealed_items_say_nothing_about_the_order() -> None:
    """A hundred copies of one scene in a row count once, and the sealed part is not looked at."""
    labels = ["a"] * 100 + [("a", "b")[i % 2] for i in range(60)]
    near = [0] * 100 + list(range(1, 61))
    sorted_part = ["a"] * 50 + ["b"] * 50 + [("a", "b")[i % 2] for i in range(60)]
    sides = [Side.TEST] * 100 + [Side.TRAIN] * 60

    assert found(subject(labels, near=near), "order") == []
    assert found(subject(sorted_part, sides=sides), "order") == []


@given(st.lists(st.integers(0, 3), min_size=4, max_size=7))
def test_moments_of_a_shuffled_order_are_those_of_all_orders(labels: list[int]) -> None:
    """Mean and deviation of the share of equal neighbours are those over every order, counted one by one."""
    y = np.array(labels)
    shares = [np.mean([a == b for a, b in pairwise(order)]) for order in permutations(labels)]
    mean, spread = shuffled_neighbours(y)

    assert mean == pytest.approx(np.mean(shares))
    assert spread == pytest.approx(np.std(shares), abs=1e-7)


def test_a_leak_is_told_only_where_its_range_leaves_zero() -> None:
    """Three points more with near copies divided, 1 to 5: told; 3 points, -1 to 7: not."""
    clear = Leak(by="near copies", n=90, apart=0.80, divided=0.83, low=0.01, high=0.05)
    unclear = Leak(by="sources", n=90, apart=0.80, divided=0.83, low=-0.01, high=0.07)
    (finding,) = found(subject(["a", "b"] * 20, leaks=[clear, unclear]), "leaks")

    assert (
        "With near copies divided at random a model would have looked 3.0 points better (1.0 to 5.0)" in finding.message
    )
    assert "83.0 % right instead of 80.0 % of 90 pictures" in finding.message


def in_folders(names: list[str], labels: list[str]) -> Subject:
    """Make a subject of files in class folders."""
    plain = subject(labels)
    samples = tuple(
        replace(sample, name=name, sha256=f"{(i * 7919) % 1009:064x}")
        for i, (sample, name) in enumerate(zip(plain.dataset.samples, names, strict=True))
    )
    contents = Files(tuple(Path(name) for name in names))
    return replace(plain, dataset=replace(plain.dataset, samples=samples, contents=contents))


def test_a_camera_that_counted_through_the_classes_is_told() -> None:
    """Roses are IMG_0001 to 0050 and tulips IMG_0051 to 0100: the number names the flower."""
    labels = ["rose"] * 50 + ["tulip"] * 50
    (finding,) = found(in_folders([f"{c}/IMG_{i:04d}.jpg" for i, c in enumerate(labels)], labels), "order")

    assert "99.0 % of 99 pairs" in finding.message


def test_class_folders_are_no_order() -> None:
    """Files that are numbered inside each class, or not at all, have no order that tells the class."""
    labels = ["rose"] * 50 + ["tulip"] * 50
    numbered = [f"{c}/{c}_{i % 50:03d}.jpg" for i, c in enumerate(labels)]
    unnumbered = [f"{c}/{chr(97 + i % 25)}{'xy'[i // 25 % 2]}.jpg" for i, c in enumerate(labels)]

    assert found(in_folders(numbered, labels), "order") == []
    assert found(in_folders(unnumbered, labels), "order") == []


def test_empty_texts_of_a_whole_table_are_a_warning() -> None:
    """From one in twenty on it moves what is learned."""
    (finding,) = found(subject(["a"] * 20, texts=[""] * 2 + ["w"] * 18), "odd")

    assert finding.severity is Severity.WARNING

"""Copies, contradictions, leaks and shortcuts, on data made by hand."""

import numpy as np
import pytest

from florilegium.audit import CHECKS, Finding, Severity, Subject
from florilegium.audit.shortcut import holm
from florilegium.source.base import Side
from florilegium.types import Floats, Ints
from tests.audit_making import subject


def found(subject: Subject, check: str) -> list[Finding]:
    """Give what one check finds."""
    return list(CHECKS[check](subject))


def test_exact_and_near_copies_are_told_apart() -> None:
    """0 and 1 are the same file, 2 is much like them: one group of two exact copies, one of two near ones."""
    exact, near = [0, 0, 2, *range(3, 100)], [0, 0, 0, *range(3, 100)]
    one, other = found(subject(["a"] * 100, exact=exact, near=near), "duplicates")

    assert (
        "2 of 100 pictures (2.0 %) are exact copies of one another, in 1 group, for example 'i0' and 'i1': 1 adds"
        in (one.message)
    )
    assert "2 of 100 pictures (2.0 %) are near copies" in other.message
    assert other.items == ("i0", "i2")
    assert one.severity is other.severity is Severity.INFO


def test_many_copies_are_a_warning() -> None:
    """Ten of a hundred too many move what is learned."""
    (finding,) = found(subject(["a"] * 100, near=[i // 2 if i < 20 else i for i in range(100)]), "duplicates")

    assert finding.severity is Severity.WARNING
    assert "20 of 100 pictures (20.0 %) are near copies of one another, in 10 groups" in finding.message


def test_copies_with_different_labels_are_an_error() -> None:
    """The same file cannot be a rose and a peony."""
    labels = ["rose", "peony", "rose", "lily"]
    contradiction, _ = found(subject(labels, exact=[0, 0, 2, 3], near=[0, 0, 2, 3]), "duplicates")

    assert contradiction.severity is Severity.ERROR
    assert contradiction.items == ("i0", "i1")
    assert "'i0', labelled 'rose', and 'i1', labelled 'peony'" in contradiction.message
    assert contradiction.fix.endswith("florilegium relabel i1 rose")


def test_near_copies_with_different_labels_are_a_warning() -> None:
    """Near copies may rightly differ, but seldom do; a copy without a label contradicts nobody."""
    labels = ["rose", "peony", None, "rose", "rose", None]
    findings = found(subject(labels, near=[0, 0, 0, 3, 3, 3]), "duplicates")
    contradictions = [f for f in findings if "different labels" in f.message]

    assert [(f.severity, f.items) for f in contradictions] == [(Severity.WARNING, ("i0", "i1"))]


def test_a_text_is_shown_by_how_it_begins() -> None:
    """Names of texts are hashes, so the message quotes the text, cut at 60 characters."""
    texts = ["Where is\nmy card?", "Where is my card? " + "x" * 100, "Thanks"]
    (finding,) = found(subject(["a"] * 3, texts=texts, near=[0, 0, 2]), "duplicates")

    assert "'i0' (Where is my card?) and 'i1' (Where is my card? xxx" in finding.message
    assert "x …)" in finding.message


def test_one_giant_group_is_told() -> None:
    """Half the data in one group of look-alikes lies on one side of the split as a whole."""
    findings = found(subject(["a"] * 60, near=[0] * 30 + [*range(30, 60)]), "duplicates")

    assert any("One group of look-alikes holds 30 of 60 pictures (50.0 %)" in f.message for f in findings)


def test_a_copy_on_both_sides_is_a_leak() -> None:
    """One of two sealed items has a near copy to learn from: half the test set, an error, and the copy is named."""
    sides = [Side.TEST, Side.TEST, Side.TRAIN, Side.TRAIN]
    (finding,) = found(subject(["a", "b", "a", "b"], near=[0, 1, 0, 3], sides=sides), "leaks")

    assert finding.severity is Severity.ERROR
    assert finding.items == ("i0",)
    assert finding.share == 0.25  # of all four items
    assert "1 of 2 sealed pictures (50.0 %) has a copy or near copy in the training part" in finding.message
    assert finding.fix.endswith("florilegium relabel i2 --remove")


def test_a_removed_copy_leaks_no_more() -> None:
    """An item that was taken out of the set is not learned from, whatever side it had."""
    sides = [Side.TEST, Side.TRAIN, Side.TRAIN]

    assert found(subject(["a", None, "a"], near=[0, 0, 2], sides=sides), "leaks") == []


def test_a_group_on_both_sides_is_a_leak() -> None:
    """Groups that the user named must not straddle; one that does is told once, not as a copy too."""
    sides = [Side.TEST, Side.TRAIN, Side.TEST, Side.TRAIN]
    labels: list[str | None] = ["a"] * 4
    findings = found(subject(labels, groups=["p", "p", None, None], sides=sides), "leaks")

    assert [f.items for f in findings] == [("i0",)]
    assert "1 of 2 sealed pictures (50.0 %) belongs to a group" in findings[0].message
    assert "of group 'p'" in findings[0].message


def test_sources_on_both_sides_are_information() -> None:
    """The same photographer on both sides is no error; it says what the score means."""
    sides = [Side.TEST, Side.TRAIN, Side.TRAIN]
    (finding,) = found(subject(["a"] * 3, origins=["ann", "ann", "bob"], sides=sides), "leaks")

    assert finding.severity is Severity.INFO
    assert "(2 sources in all)" in finding.message


@pytest.mark.parametrize("family", ["size", "format", "exif", "path"])
def test_a_file_fact_that_gives_the_class_away_is_an_error(family: str) -> None:
    """All roses come from one camera: the fact alone names the class."""
    labels = [("rose", "tulip")[i % 2] for i in range(100)]
    (finding,) = found(subject(labels, facts={family: np.arange(100) % 2}), "shortcuts")

    assert finding.severity is Severity.ERROR
    assert (
        "100 % (96.3 % to 100 %) of unseen pictures, where always naming the commonest gets 50.0 %" in finding.message
    )
    assert f"'{family}_fact'" in finding.message
    assert "corrected for 1 family of facts" in finding.message


def test_brightness_and_length_may_be_content() -> None:
    """What belongs to the content is told, but is no error."""
    labels = [("rose", "tulip")[i % 2] for i in range(300)]
    rng = np.random.default_rng(0)
    facts: dict[str, Floats | Ints] = {
        "brightness": np.arange(300) % 2,
        "length": np.arange(300) % 2 + rng.normal(0, 0.8, 300),
    }
    light, length = found(subject(labels, facts=facts), "shortcuts")

    assert (light.severity, length.severity) == (Severity.WARNING, Severity.INFO)


def test_copies_prove_no_shortcut() -> None:
    """Eight scenes, each photographed 25 times at its own size, are eight proofs and not two hundred."""
    scenes = np.arange(200) // 25
    labels = [("rose", "tulip")[s % 2] for s in scenes]
    facts = {"size": scenes.astype(float)}

    assert found(subject(labels, facts=facts, near=scenes.tolist()), "shortcuts") == []
    assert found(subject(labels, facts=facts, groups=[f"scene {s}" for s in scenes]), "shortcuts") == []
    assert len(found(subject(labels, facts=facts), "shortcuts")) == 1


def test_the_sealed_part_teaches_the_check_nothing() -> None:
    """Facts that tell the class in the test set only are not seen."""
    rng = np.random.default_rng(3)
    labels = [("rose", "tulip")[i % 2] for i in range(400)]
    sealed = np.arange(400) >= 200
    fact = np.where(sealed, np.arange(400) % 2, rng.normal(size=400))
    sides = [Side.TEST if s else Side.TRAIN for s in sealed]

    assert found(subject(labels, facts={"size": fact}, sides=sides), "shortcuts") == []


def test_chance_alone_is_seldom_taken_for_a_shortcut() -> None:
    """Of 200 innocent audits with three families each at most 2 % speak up; 1 % is what is promised."""
    spoke = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = [("a", "b", "c")[c] for c in rng.integers(3, size=120)]
        facts = {family: rng.normal(size=120) for family in ("size", "format", "path")}
        spoke += bool(found(subject(labels, facts=facts, seed=seed), "shortcuts"))

    assert spoke <= 4


def test_facts_that_no_file_can_have_are_taken() -> None:
    """Missing and infinite facts do not stop the check."""
    labels = [("rose", "tulip")[i % 2] for i in range(100)]
    odd = np.tile([np.inf, np.nan, -np.inf, np.nan], 25)

    assert found(subject(labels, facts={"size": odd}), "shortcuts")


def test_holm_is_statsmodels() -> None:
    """The corrected p-values are those of statsmodels."""
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    p_values = [0.01, 0.2, 0.03, 0.004, 0.03, 1.0]

    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())

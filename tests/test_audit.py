"""The audit as a whole, and the checks that count: readable, unlabelled, balance."""

import re
from pathlib import Path

import numpy as np
import pytest

from florilegium.audit import CHECKS, Finding, Severity, Subject, audit
from florilegium.source.base import Fault, Side
from florilegium.types import Progress
from tests.audit_making import subject

FOLDER = Path(__file__).parents[1] / "florilegium" / "audit" / "checks"


def found(subject: Subject, check: str) -> list[Finding]:
    """Give what one check finds."""
    return list(CHECKS[check](subject))


def spoilt() -> Subject:
    """Make data in which every check has something to say."""
    n = 120
    rng = np.random.default_rng(0)
    labels: list[str | None] = [("rose", "tulip")[i // 60] for i in range(n)]
    y = np.array([i // 60 for i in range(n)])
    labels[0], labels[1] = None, "Rose "
    probabilities = np.eye(3)[np.where(y == 1, 2, 1)] * 0.8 + 0.2 / 3  # classes: "Rose ", rose, tulip
    probabilities[[10, 70]] = probabilities[[70, 10]]
    exact = [*range(n)]
    exact[5] = 4
    return subject(
        labels,
        near=exact,
        exact=exact,
        sides=[Side.TEST if i in {4, 20, 30} else Side.TRAIN for i in range(n)],
        faults=[Fault(name="torn.jpg", reason="the file ends too early")],
        facts={"size": y + rng.normal(0, 0.1, n)},
        named={"blur": np.arange(n) == 7, "animated": np.arange(n) == 8},
        strange=np.where(np.arange(n) == 9, 0.9, rng.normal(0.3, 0.01, n)),
        probabilities=probabilities,
    )


def test_every_file_in_the_folder_is_a_check() -> None:
    """A check is found by its file; nobody keeps a list."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}

    assert set(CHECKS) == files
    known = {"readable", "duplicates", "leaks", "labels", "balance", "shortcuts", "unlabelled"}
    assert known | {"outliers", "quality", "odd", "order"} <= files


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_speaks_for_itself(check: str) -> None:
    """Each finding carries its check's word, a full sentence with a count, what to do next, and a share of 0..1."""
    findings = found(spoilt(), check)

    assert findings
    for finding in findings:
        assert finding.check == check
        assert finding.message.endswith(".")
        assert re.search(r"\d", finding.message)
        assert finding.fix
        assert 0 <= finding.share <= 1


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "labels", [[], [None], ["a"], [None, None, "a"], ["a", "b"]], ids=["none", "unlabelled", "one", "few", "two"]
)
def test_every_check_takes_next_to_nothing(check: str, labels: list[str | None]) -> None:
    """Empty, unlabelled and tiny data are judged without a fault, answers or none."""
    k = len(set(labels) - {None})
    for probabilities in (None, np.full((len(labels), k), np.nan)):
        found(subject(labels, facts={"size": np.zeros(len(labels))}, probabilities=probabilities), check)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_silent_about_innocent_data(check: str) -> None:
    """Two full classes, every item its own, facts that know nothing: nothing to find."""
    rng = np.random.default_rng(1)
    labels = [("rose", "tulip")[i % 2] for i in range(200)]
    sides = [Side.TEST if i % 10 < 2 else Side.TRAIN for i in range(200)]
    labels = [labels[i] for i in rng.permutation(200)]
    innocent = subject(
        labels,
        sides=sides,
        facts={"size": rng.normal(size=200), "exif": np.zeros(200)},
        named={"blur": rng.uniform(0.1, 0.5, 200), "brightness": np.full(200, 0.4), "contrast": np.full(200, 0.2)},
        strange=rng.uniform(0.2, 0.4, 200),
    )

    assert found(innocent, check) == []


def test_the_worst_comes_first() -> None:
    """Findings are sorted by severity, then by the share of items concerned."""
    findings = audit(spoilt())
    rank = [(list(Severity)[::-1].index(f.severity), -f.share) for f in findings]

    assert {f.check for f in findings} == set(CHECKS)
    assert rank == sorted(rank)


def test_equal_data_give_equal_findings() -> None:
    """The audit is a function of the data and the seed."""
    assert audit(spoilt()) == audit(spoilt())


def test_the_audit_says_how_far_it_is() -> None:
    """Progress runs from none to all of the checks."""
    heard: list[tuple[int, int | None]] = []

    def hear(step: str, done: int, total: int | None, /) -> None:
        assert step == "checks"
        heard.append((done, total))

    progress: Progress = hear
    audit(spoilt(), progress=progress)

    assert heard[0] == (0, len(CHECKS))
    assert heard[-1] == (len(CHECKS), len(CHECKS))


def test_what_could_not_be_used_is_named_with_its_reason() -> None:
    """One torn file among four: a quarter, named, and an error because a fifth is the limit."""
    fault = Fault(name="a/torn.jpg", reason="the file ends too early")
    (finding,) = found(subject(["x", "y", "x"], faults=[fault, fault]), "readable")

    assert finding.items == ("a/torn.jpg",)
    assert finding.share == 0.25
    assert finding.severity is Severity.ERROR
    assert "1 of 4 files or rows (25.0 %) could not be used, so it is" in finding.message
    assert "'a/torn.jpg': the file ends too early" in finding.message


def test_one_fault_among_many_is_a_warning() -> None:
    """Few broken files are told, not shouted."""
    (finding,) = found(subject(["x"] * 99, faults=[Fault(name="f", reason="r")]), "readable")

    assert finding.severity is Severity.WARNING


def test_items_without_a_label_are_counted() -> None:
    """Two of five: information; two of three: a warning, since the rest may be a chosen part."""
    (few,) = found(subject([None, None, "a", "a", "b"]), "unlabelled")
    (most,) = found(subject([None, None, "a"]), "unlabelled")

    assert (few.severity, few.items, few.share) == (Severity.INFO, ("i0", "i1"), 0.4)
    assert "2 of 5 pictures (40.0 %) have no label, so they are" in few.message
    assert "florilegium relabel i0 LABEL" in few.fix
    assert most.severity is Severity.WARNING


def test_one_class_is_an_error() -> None:
    """With a single class there is nothing to tell apart."""
    (finding,) = found(subject(["rose"] * 30), "balance")

    assert finding.severity is Severity.ERROR
    assert "All 30 labelled pictures are of one class, 'rose'" in finding.message


def test_a_class_with_one_item_is_named() -> None:
    """Nothing is left to test a single item with; four items are too few, and the sizes are lopsided."""
    labels = ["rose"] * 40 + ["tulip"] * 40 + ["lily"] * 4 + ["lonely"]
    lone, few, lopsided = found(subject(labels), "balance")

    assert "1 of 4 classes (25.0 %) has a single picture, 'lonely'" in lone.message
    assert lone.items == ("i84",)
    assert "1 of 4 classes (25.0 %) has fewer than 10 pictures, 'lily'" in few.message
    assert "40 times as many as the smallest, 'lonely'" in lopsided.message


def test_ten_thousand_classes_cannot_be_judged() -> None:
    """Where most classes have next to nothing, one error says so instead of two."""
    (finding,) = found(subject([str(i) for i in range(10_000)], texts=[""] * 10_000), "balance")

    assert finding.severity is Severity.ERROR
    assert "10,000 of 10,000 classes (100 %) have fewer than 10 texts, 10,000 of them a single one" in finding.message


def test_classes_that_the_sealed_part_cannot_judge_are_named() -> None:
    """A class with two sealed items has no score of its own."""
    labels = ["rose"] * 40 + ["tulip"] * 40
    sealed = {*range(8), 40, 41}
    sides = [Side.TEST if i in sealed else Side.TRAIN for i in range(80)]
    (finding,) = found(subject(labels, sides=sides), "balance")

    assert finding.severity is Severity.INFO
    assert "1 of 2 classes (50.0 %) has fewer than 5 pictures in the sealed test set, 'tulip'" in finding.message


def test_a_finding_names_at_most_ten_thousand_items() -> None:
    """The share tells all of them; the list stays readable for machines too."""
    (finding,) = found(subject([None] * 10_001), "unlabelled")

    assert len(finding.items) == 10_000
    assert finding.share == 1.0

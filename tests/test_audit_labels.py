"""Labels: one class under two names, and items that look wrongly labelled."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.audit import CHECKS, Finding, Severity
from florilegium.audit.spelling import misspelt, same_names
from florilegium.audit.suspects import label_issues
from florilegium.types import Floats
from tests.audit_making import subject
from tests.label_making import planted


def labels_found(labels: Sequence[str | None], *, probabilities: Floats | None = None) -> list[Finding]:
    """Give what the check of labels finds."""
    return list(CHECKS["labels"](subject(labels, probabilities=probabilities)))


def test_labels_that_differ_by_case_or_space_are_one_class() -> None:
    """`card` and `Card ` are found, the rarer is to be joined to the commoner, and the command is ready to type."""
    (finding,) = labels_found(["card"] * 5 + ["Card "] * 2 + ["money"] * 5)

    assert finding.severity is Severity.ERROR
    assert finding.items == ("i5", "i6")
    assert "The classes 'Card ' and 'card' differ only by case, spaces or punctuation" in finding.message
    assert "florilegium relabel i5 card (and so for 1 more)" in finding.fix


@pytest.mark.parametrize("pair", [("top up", "top_up"), ("Ｒose", "rose"), ("straße", "STRASSE"), ("e.g", "eg")])
def test_spellings_of_one_name(pair: tuple[str, str]) -> None:
    """Spaces, underscores, width, case (as Unicode folds it) and full stops make no new class."""
    assert same_names(pair) == [tuple(sorted(pair))]


@pytest.mark.parametrize("pair", [("C", "C++"), ("1", "-1"), ("+", "-"), ("a1", "a2"), ("C", "C#")])
def test_signs_that_carry_meaning_make_two_names(pair: tuple[str, str]) -> None:
    """C, C++ and C# are three languages, and -1 is not 1."""
    assert same_names(pair) == []


def test_a_slip_is_found_where_it_is_rare() -> None:
    """`dasiy` beside many daisies is a slip; two well-filled classes one letter apart are two classes."""
    (finding,) = labels_found(["daisy"] * 30 + ["dasiy"] + ["affect"] * 20 + ["effect"] * 20)

    assert finding.severity is Severity.WARNING
    assert finding.items == ("i30",)
    assert "'dasiy' with 1 picture" in finding.message
    assert finding.fix.startswith("If they are one: florilegium relabel i30 daisy")


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("daisy", "dasiy", True),  # swapped
        ("daisy", "dais", False),  # "dais" is too short to be sure
        ("daisies", "daisie", True),  # one less
        ("tulips", "tulyps", True),  # another
        ("tulips", "tylups", False),  # two others
        ("iris 12345", "iris 12346", False),  # digits count
        ("violet", "viotel", False),  # swapped, but not neighbours
    ],
)
def test_what_one_slip_is(one: str, other: str, near: bool) -> None:
    """One letter more, less, other, or two neighbours swapped (Damerau 1964); digits never."""
    assert bool(list(misspelt([one, other]))) is near


@given(st.lists(st.text(alphabet="abcdeß é", max_size=9), max_size=30, unique=True))
def test_slips_are_pairs_of_given_names_each_once(names: list[str]) -> None:
    """Whatever the names: pairs are of given names, no pair comes twice, and order does not matter."""
    pairs = [frozenset(pair) for pair in misspelt(names)]

    assert len(pairs) == len(set(pairs))
    assert all(pair <= set(names) and len(pair) == 2 for pair in pairs)


def test_ten_thousand_names_are_compared_quickly() -> None:
    """The search for slips does not compare all pairs: 10,000 unlike names give no candidates to speak of."""
    names = [
        f"intent {chr(97 + i % 26) * 3}{chr(97 + i // 26 % 26) * 3}{chr(97 + i // 676) * 3}" for i in range(10_000)
    ]

    assert list(misspelt(names)) == []


def test_label_errors_are_ranked_and_come_with_a_command() -> None:
    """The finding names the most doubtful first, and the command gives it the label that it looks like."""
    y, answers, wrong = planted(n=300, k=3, n_wrong=6, seed=2)
    names = ("ash", "birch", "cedar")
    answers[::7] = np.nan  # nobody was asked about these
    (finding,) = labels_found([names[c] for c in y], probabilities=answers)
    first = int(finding.items[0][1:])

    assert first in wrong
    assert not {int(name[1:]) for name in finding.items} & set(range(0, 300, 7))
    assert finding.fix.endswith(f"florilegium relabel i{first} {names[int(np.argmax(answers[first]))]}")
    assert f" of {300 - len(range(0, 300, 7))} labels" in finding.message


def test_a_label_that_confident_learning_trusts_is_still_named() -> None:
    """Plain disagreement counts too: it comes in the same list, after what confident learning is surer of."""
    y, answers, wrong = planted(n=300, k=3, n_wrong=6, seed=2)
    doubtful = next(i for i in range(300) if i not in wrong)
    answers[doubtful] = 0.33
    answers[doubtful, (y[doubtful] + 1) % 3] = 0.34  # hardly more than the label
    names = ("ash", "birch", "cedar")
    (finding,) = labels_found([names[c] for c in y], probabilities=answers)

    n_confident = len(label_issues(y, answers))

    assert {f"i{i}" for i in wrong} == set(finding.items[:6])
    assert finding.items[6:] == (f"i{doubtful}",)
    assert "7 of 300 labels (2.3 %) are not what models" in finding.message
    assert n_confident < 7
    assert f"takes {n_confident} of them for wrong" in finding.message


def test_too_few_answers_doubt_no_label() -> None:
    """Nineteen answers, all against the label, are no finding."""
    labels = [("ash", "birch")[i % 2] for i in range(19)]

    assert labels_found(labels, probabilities=np.eye(2)[[(i + 1) % 2 for i in range(19)]]) == []

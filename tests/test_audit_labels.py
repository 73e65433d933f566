"""Labels: one class under two names, and items that look wrongly labelled."""

import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from florilegium.audit import CHECKS, Finding, Severity
from florilegium.audit.checks.labels import label_issues
from florilegium.audit.spelling import misspelt, same_names
from florilegium.types import Floats, Ints
from tests.audit_making import subject


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


def planted(*, n: int, k: int, n_wrong: int, seed: int) -> tuple[Ints, Floats, set[int]]:
    """Make labels of which some are wrong, and answers that know the truth fairly well."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    answers = rng.dirichlet(np.full(k, 0.3), n) * 0.3
    answers[np.arange(n), truth] += 0.7
    y = truth.copy()
    wrong = rng.choice(n, n_wrong, replace=False)
    y[wrong] = (truth[wrong] + 1 + rng.integers(k - 1, size=n_wrong)) % k
    return y, answers, set(wrong.tolist())


def test_planted_wrong_labels_of_digits_are_found() -> None:
    """Of labels turned at random most are found; most of what is found was turned, above all the first."""
    digits = load_digits()
    rng = np.random.default_rng(0)
    turned = rng.random(len(digits.target)) < 0.05
    y = np.where(turned, (digits.target + rng.integers(1, 10, len(turned))) % 10, digits.target)
    neighbours = KNeighborsClassifier(10, weights="distance")
    answers = cross_val_predict(neighbours, digits.data, y, cv=4, method="predict_proba")
    rows = label_issues(y, answers)

    assert turned[rows].sum() / turned.sum() > 0.8
    assert turned[rows].mean() > 0.8
    assert turned[rows[:20]].sum() >= 19


def test_a_class_that_nobody_has_is_no_obstacle() -> None:
    """A class without items, and classes whose numbers have gaps, leave the answer as it is."""
    y, answers, _ = planted(n=300, k=3, n_wrong=10, seed=1)
    wider = np.zeros((300, 6))
    wider[:, [0, 2, 5]] = answers
    spread = np.array([0, 2, 5])[y]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = label_issues(spread, wider)

    assert rows.tolist() == label_issues(y, answers).tolist()


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


@pytest.mark.parametrize("n", [0, 1, 19])
def test_a_handful_of_answers_proves_nothing(n: int) -> None:
    """Below 20 answers no label is doubted."""
    assert label_issues(np.arange(n) % 2, np.full((n, 2), 0.5)).tolist() == []


def test_answers_that_rule_everything_out_are_taken() -> None:
    """Rows of zeros, as a class unknown to the model leaves them, are no fault."""
    y = np.arange(40) % 2
    answers = np.eye(2)[y]
    answers[0] = 0.0

    assert set(label_issues(y, answers).tolist()) <= {0}

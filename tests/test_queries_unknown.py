"""Queries that no intent covers are grouped by what they say, and groups are named by their telling words."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from florilegium.errors import InputError
from florilegium.queries.unknown import MOST_QUERIES, group_unknown
from florilegium.report.marking import marked

ABOUT = ("buy gold bars", "gold price per gram", "can i sell gold here", "adopt a cat", "my cat needs a vet")
KNOWN = ["where is my card", "the card is lost", "what is the exchange rate"] * 20


def test_what_is_alike_stands_together() -> None:
    """Queries about gold and about cats fall into two groups, each named by its word; a stray one stays alone."""
    gold = [f"{text} {i}" for i, text in enumerate(ABOUT[:3] * 3)]
    cats = [f"{text} {i}" for i, text in enumerate(ABOUT[3:] * 4)]
    found = group_unknown([*gold, *cats, "how tall is the tower"], KNOWN)
    words = {word for group in found for word in group.words}

    assert {"gold", "cat"} <= words
    assert all({row < len(gold) for row in group.rows} in ({True}, {False}) for group in found)
    assert all(len(gold) + len(cats) not in group.rows for group in found)


@pytest.mark.parametrize(
    "texts", [[], ["a"], ["", "", ""], ["🌷", "🌻", "🌹"], ["\u200b", "?", "!!"], ["1 2", "1 3", "1 4"]]
)
def test_hardly_anything_to_group_is_no_error(texts: list[str]) -> None:
    """No queries, empty ones, signs alone: whatever comes out, no row is in two groups."""
    rows = [row for group in group_unknown(texts, KNOWN) for row in group.rows]

    assert len(rows) == len(set(rows)) <= len(texts)


def test_too_many_are_refused() -> None:
    """Distances between all pairs are held, so there is a most."""
    with pytest.raises(InputError, match="at most 2,000"):
        group_unknown(["a"] * (MOST_QUERIES + 1), [])


@pytest.mark.data
def test_intents_that_were_left_out_of_banking77_come_out_as_groups(data: Path) -> None:
    """Of eight intents that no model learned, most queries come to stand with their own kind."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rng = np.random.default_rng(1)
    out = set(rng.permutation(sorted({row["category"] for row in rows}))[:8].tolist())
    asked = [row for row in rows if row["category"] in out][::9]
    known = [row["text"] for row in rows if row["category"] not in out][::3]
    groups = group_unknown([row["text"] for row in asked], known)
    said = np.full(len(asked), -1)
    for number, group in enumerate(groups):
        said[list(group.rows)] = number

    assert adjusted_rand_score([row["category"] for row in asked], said) > 0.45


def test_marks_cover_the_text_exactly() -> None:
    """The pieces put together are the text, whatever the weights."""
    text = "a  bb ccc"
    for weights in ([0.0, 0.0, 0.0], [1.0, -2.0, 0.1], [0.2, 0.9, 1.0]):
        words = [(0, 1, weights[0]), (3, 5, weights[1]), (6, 9, weights[2])]
        assert "".join(piece.text for piece in marked(text, words)) == text
        assert all(piece.strength > 0 for piece in marked(text, words) if piece.text == "ccc" and weights[2] == 1.0)

"""Near copies among very many texts: sketches find what comparing all pairs finds."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from florilegium import source
from florilegium.audit import near_duplicates
from florilegium.audit.duplicates import SIMILAR_TEXTS
from florilegium.audit.sketches import band_keys
from florilegium.features.text import normalised_hash, similarity_vectors
from florilegium.source.base import SourceSpec, Texts

WORDS = [
    "my",
    "card",
    "has",
    "not",
    "arrived",
    "yet",
    "where",
    "is",
    "the",
    "top",
    "up",
    "failed",
    "again",
    "and",
    "why",
    "was",
]


def texts(n: int, *, seed: int) -> list[str]:
    """Write n sentences, a fifth of them copies of the one before with a small change."""
    rng = np.random.default_rng(seed)
    made: list[str] = []
    for i in range(n):
        if i % 5 == 4:
            made.append(made[-1] + rng.choice([" please", "s", " thanks", " ok", "x"]))
        else:
            made.append(" ".join(rng.choice(WORDS, size=rng.integers(6, 16))) + f" {rng.integers(1000)}")
    return made


def test_sketches_find_what_all_pairs_find() -> None:
    """Nothing is joined that comparing all pairs does not join, and at most one group in 200 is missed."""
    some = texts(1_500, seed=0)
    hashes, vectors = [normalised_hash(text) for text in some], similarity_vectors(some)
    every = near_duplicates(hashes, vectors=vectors, threshold=SIMILAR_TEXTS)
    sketched = near_duplicates(hashes, vectors=vectors, threshold=SIMILAR_TEXTS, sketched_from=0)
    together = np.unique(np.stack([every.groups, sketched.groups]), axis=1)

    assert together.shape[1] == sketched.groups.max() + 1  # each sketched group lies within one of the others
    n_groups = int(every.groups.max()) + 1
    assert n_groups < len(some)
    assert sketched.groups.max() + 1 - n_groups <= (len(some) - n_groups) / 200


def test_a_thousand_copies_are_one_group() -> None:
    """A run of equal keys longer than what is looked at hangs together all the same."""
    some = [
        f"please call me back about my card number {i % 3}" + "!" * (i % 7) + " thanks" * (i % 2) for i in range(1000)
    ]
    found = near_duplicates(
        [str(i) for i in range(1000)], vectors=similarity_vectors(some), threshold=0.8, sketched_from=0
    )

    assert len(np.unique(found.groups)) == 1


def test_texts_without_pieces_are_near_nothing() -> None:
    """Rows without a single piece are not joined to one another."""
    found = near_duplicates(["a", "b", "c"], vectors=sp.csr_array(np.zeros((3, 9), dtype=np.float32)), sketched_from=0)

    assert found.groups.tolist() == [0, 1, 2]


@given(st.lists(st.sets(st.integers(0, 200), max_size=30), min_size=1, max_size=12))
def test_equal_sets_have_equal_keys(rows: list[set[int]]) -> None:
    """A key depends on which pieces a row has and on nothing else: not on counts, order or neighbours."""
    dense = np.zeros((len(rows), 201), dtype=np.float32)
    for i, columns in enumerate(rows):
        dense[i, sorted(columns)] = 1 + i
    keys = band_keys(sp.csr_array(dense))
    alone = np.concatenate([band_keys(sp.csr_array(row[None])) for row in dense], axis=1)

    np.testing.assert_array_equal(keys, alone)


@pytest.mark.data
def test_banking77_agrees(data: Path) -> None:
    """On the 13,083 real queries at most one pair in 500 is missed."""
    del data  # the loader finds it itself
    contents = source.read(SourceSpec(location="banking77")).contents
    assert isinstance(contents, Texts)
    banking77 = contents.strings
    hashes, vectors = [normalised_hash(text) for text in banking77], similarity_vectors(banking77)
    every = near_duplicates(hashes, vectors=vectors, threshold=SIMILAR_TEXTS)
    sketched = near_duplicates(hashes, vectors=vectors, threshold=SIMILAR_TEXTS, sketched_from=0)

    assert abs(int(every.groups.max()) - int(sketched.groups.max())) <= (len(banking77) - every.groups.max()) / 500

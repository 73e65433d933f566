"""Texts are counted the same way everywhere, from the training side only, and duplicates are seen through disguises."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from florilegium.features import text
from florilegium.features.text import (
    TextCounts,
    idf_of,
    normalised,
    normalised_hash,
    padded,
    similarity_vectors,
    tfidf,
)

QUERIES = (
    "Where is my card?",
    "My card has not arrived",
    "The transfer is late, where is it?",
    "Send my money back",
    "My money has not arrived, where is my money?",
)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(given_text: str) -> None:
    """The normal form of a normal form is itself, also for half surrogates and unseen characters."""
    once = normalised(given_text)

    assert normalised(once) == once
    assert once == " ".join(once.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CARD", "card"),
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
        ("rose\u0301", "ros\u00e9"),
        ("pay\u200bment", "payment"),
        ("pay\u00adment", "payment"),
        ("\u202epayment", "payment"),
        ("\ufeffpayment", "payment"),
        ("１２３", "123"),
        ("my\u00a0card\r\n", "my card"),
    ],
)
def test_what_looks_the_same_is_the_same(one: str, other: str) -> None:
    """Case, width, ligatures, accents written either way and characters nobody sees make no difference."""
    assert normalised(one) == normalised(other)
    assert normalised_hash(one) == normalised_hash(other)


def test_a_duplicate_hash_ignores_punctuation_only() -> None:
    """Texts that differ in a word differ; a text of punctuation is not the empty text."""
    assert normalised_hash("Where is my card?!") == normalised_hash("where is, my card")
    assert len({normalised_hash(t) for t in ("card one", "card two", "???", "!", "")}) == 5


def test_counts_are_those_of_scikit_learn() -> None:
    """Counted terms equal scikit-learn's two counters on the normalised texts."""
    plain = [normalised(query) for query in QUERIES]
    words = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+").fit(plain)  # noqa: S106 - no password
    pieces = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit(plain)
    expected = sp.hstack([words.transform(plain), pieces.transform(plain)]).toarray()

    vocabulary = TextCounts.learn(QUERIES)

    assert list(vocabulary.words) == list(words.get_feature_names_out())
    assert list(vocabulary.pieces) == list(pieces.get_feature_names_out())
    assert np.array_equal(vocabulary.counts(QUERIES).toarray(), expected)
    assert vocabulary.counts(QUERIES).dtype == np.float32


def test_weights_are_those_of_scikit_learn() -> None:
    """Weighed counts equal scikit-learn's sublinear, smoothed, length-1 TF-IDF."""
    counts = TextCounts.learn(QUERIES).counts(QUERIES)
    peer = TfidfTransformer(sublinear_tf=True).fit(counts)

    assert idf_of(counts) == pytest.approx(peer.idf_, rel=1e-6)
    assert tfidf(counts, idf_of(counts)).toarray() == pytest.approx(peer.transform(counts).toarray(), abs=1e-6)


def test_weighing_leaves_the_counts_as_they_are() -> None:
    """The same counts can be weighed anew in every fold."""
    counts = TextCounts.learn(QUERIES).counts(QUERIES)
    before = counts.toarray()
    tfidf(counts, idf_of(counts))

    assert np.array_equal(counts.toarray(), before)


def test_a_text_without_known_terms_is_a_row_of_zeros() -> None:
    """Nothing known, nothing counted; neighbours are not touched."""
    vocabulary = TextCounts.learn(QUERIES)
    counts = vocabulary.counts(["жжж", "", "my card", "жжж"])
    weighed = tfidf(counts, np.ones(vocabulary.d, dtype=np.float32))

    assert np.diff(counts.indptr)[[0, 1, 3]].tolist() == [0, 0, 0]
    assert np.linalg.norm(weighed.toarray(), axis=1) == pytest.approx([0, 0, 1, 0], abs=1e-6)


def test_no_texts_give_no_rows() -> None:
    """An empty list is counted to a matrix without rows; texts without a term make an empty vocabulary."""
    assert TextCounts.learn(QUERIES).counts([]).shape == (0, TextCounts.learn(QUERIES).d)
    assert TextCounts.learn(["", " "]).d == 0


def test_rare_terms_are_left_out_of_large_sets_only() -> None:
    """From 200 texts on a term must occur in two of them; the most common ones stay where there are too many."""
    many = [f"word{i} shared" for i in range(200)]

    assert "word7" not in TextCounts.learn(many).words
    assert "word7" in TextCounts.learn(many[:199]).words
    assert TextCounts.learn(many[:10], max_terms=1).words == ("shared",)


def test_an_equal_vocabulary_has_an_equal_key() -> None:
    """The key follows the terms, not the order or the number of the texts."""
    assert TextCounts.learn(QUERIES).key == TextCounts.learn([*reversed(QUERIES), QUERIES[0]]).key
    assert TextCounts(words=("a",), pieces=()).key != TextCounts(words=(), pieces=("a",)).key


def test_words_of_other_scripts_stay_whole() -> None:
    """A Hindi word with vowel signs, an Arabic and a Greek one are one word each."""
    words = TextCounts.learn(["हिन्दी العربية ελληνικά"]).words

    assert {w for w in words if " " not in w} == {normalised(w) for w in ("हिन्दी", "العربية", "ελληνικά")}


def test_padded_rows_hold_the_same_numbers() -> None:
    """Padding and taking apart again gives the sparse rows back."""
    counts = TextCounts.learn(QUERIES).counts(QUERIES)
    ids, numbers = padded(counts)
    rows, places = np.nonzero(ids >= 0)
    again = sp.csr_array((numbers[rows, places], (rows, ids[rows, places])), shape=counts.shape)

    assert np.array_equal(again.toarray(), counts.toarray())
    assert (numbers[ids < 0] == 0).all()
    assert padded(counts[:0])[0].shape == (0, 1)


def test_near_duplicates_are_alike_and_others_are_not() -> None:
    """A text with a typing error is nearly the same vector; one about something else is far away."""
    rows = similarity_vectors(["where is my new card", "where is my newcard", "I want to close the account", ""])
    alike = (rows @ rows.T).toarray()

    assert alike[0, 0] == pytest.approx(1)
    assert alike[0, 1] > 0.7
    assert alike[0, 2] < 0.2
    assert (alike[3] == 0).all()


def test_a_hostile_length_is_cut() -> None:
    """A text of ten million characters is counted in the time of its first pages."""
    assert len(normalised("card " * 2_000_000)) < text.MAX_CHARS


def test_the_idf_of_a_term_in_every_text_is_one() -> None:
    """By hand: ln((1 + 3) / (1 + 3)) + 1 = 1 and ln(4 / 2) + 1."""
    counts = sp.csr_array(np.array([[1.0, 2], [1, 0], [3, 0]]))

    assert idf_of(counts).tolist() == pytest.approx([1.0, math.log(2) + 1])


@pytest.mark.data
def test_the_vocabulary_of_banking77_stays_small(data: Path) -> None:
    """10,003 queries give about 24,000 terms, which the file holds in less than 250 kB beside 7.5 MB of numbers."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8") as file:
        vocabulary = TextCounts.learn([row["text"] for row in csv.DictReader(file)])

    assert 20_000 < vocabulary.d < 30_000
    assert sum(len(term) + 3 for term in (*vocabulary.words, *vocabulary.pieces)) < 250_000

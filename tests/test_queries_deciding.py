"""The words that decided an answer: exact shares of a linear head's score, or what leaving a word out costs."""

import numpy as np
import pytest

from florilegium.model import open_model
from florilegium.model.deciding import MOST_LEFT_OUT, TermWeights, left_out
from florilegium.model.opened import ModelFile
from florilegium.model.weights import SparseLinear, scores
from tests.query_making import trained_queries

TEXTS = (
    "where is my new card today",
    "CARD card cards, x-card!",
    "why was I charged twice twice",
    "  spaces\tand\nlines  ",
    "ﬁne ＣＡＲＤ 𝓬ard naïve",
    "بطاقتي ضاعت where is it",
    "कार्ड नहीं मिला",
    "a\u200bb c\u00add",
    "🌷🌷 card 🌷",
    "x",
    "",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a trained model of queries."""
    return open_model(trained_queries(tmp_path_factory.mktemp("deciding"), promise=False) / "model.onnx")


@pytest.mark.parametrize("text", TEXTS)
def test_the_words_add_up_to_the_score(model: ModelFile, text: str) -> None:
    """What the words add, with the intercept, is the score that the model's own numbers give; for every class."""
    weights = TermWeights(model)
    linear = SparseLinear(idf=weights.idf, coef=weights.coef, intercept=weights.intercept)
    truth = scores(linear, weights.vocabulary.counts([text]))[0]
    for number in range(len(model.classes)):
        decided = weights.decided(text, number)
        assert decided is not None
        assert sum(word.weight for word in decided.words) + decided.rest == pytest.approx(truth[number], abs=1e-4)


def test_the_word_that_matters_weighs_most(model: ModelFile) -> None:
    """In a query about a stolen card it is the word stolen that speaks for it."""
    text = "good morning my card was stolen today"
    decided = TermWeights(model).decided(text, model.classes.index("lost_card"))
    assert decided is not None
    best = max(decided.words, key=lambda word: word.weight)

    assert text[best.start : best.end] == "stolen"
    assert decided.is_exact


def test_leaving_words_out_finds_it_too(model: ModelFile) -> None:
    """Without a look inside, the word whose absence costs most probability is found by leaving each out."""
    vocabulary = model.card.vocabulary
    assert vocabulary is not None
    number = model.classes.index("exchange_rate")
    text = "which exchange today"
    decided = left_out(text, number, lambda texts: model.answers(vocabulary.counts(list(texts))).probabilities)
    best = max(decided.words, key=lambda word: word.weight)

    assert text[best.start : best.end] == "exchange"
    assert not decided.is_exact


@pytest.mark.parametrize("text", ["", "   ", "word " * (MOST_LEFT_OUT + 1)])
def test_nothing_and_too_much_are_shown_plain(text: str) -> None:
    """An empty text and one of very many words have no marks."""
    assert left_out(text, 0, lambda texts: np.ones((len(texts), 2)) / 2).words == ()

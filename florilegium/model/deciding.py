"""Which words of a text decided its answer. Path: features -> **model** -> queries.

A linear head on counted terms is taken apart exactly: what each term adds to the score of the answer is shared out
among the words that it was counted in, so that the words and the head's intercept add up to the score. For any other
model each word is left out once, and what the probability loses is that word's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import numpy_helper

from florilegium.features.text import MAX_CHARS, PIECES, WORDS, TextCounts, normalised, tfidf, words_of
from florilegium.model.graph import TERM_ROWS
from florilegium.model.opened import ModelFile
from florilegium.types import Floats, Vectors

MOST_LEFT_OUT = 60  # words that are left out one by one; a longer text is shown without
IDF, INTERCEPT = "head/idf", "head/intercept"
_TOKEN = re.compile(r"\S+")
Answer = Callable[[Sequence[str]], Floats]  # texts -> probabilities (n, k)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word where it stands in the text, and what it added to the answer."""

    start: int  # of text[start:end]
    end: int
    weight: float  # above 0: speaks for the answer; of the score, or of the probability where words were left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What decided an answer."""

    words: tuple[Word, ...]
    is_exact: bool  # the words and `rest` add up to the score
    rest: float = 0.0  # the head's intercept


class TermWeights:
    """A linear text head as the model file holds it."""

    def __init__(self, model: ModelFile) -> None:
        """Read the head's numbers.

        Raises: KeyError: the model's head is not of this kind.
        """
        if model.card.vocabulary is None:
            raise KeyError("no terms")
        found = {each.name: each for each in model.model.graph.initializer if each.name in {IDF, TERM_ROWS, INTERCEPT}}
        self.idf, self.coef, self.intercept = (
            np.asarray(numpy_helper.to_array(found[name]), dtype=np.float32) for name in (IDF, TERM_ROWS, INTERCEPT)
        )
        self.vocabulary: TextCounts = model.card.vocabulary
        words, pieces = self.vocabulary.words, self.vocabulary.pieces
        self.place = {term: i for i, term in enumerate(words)}
        self.piece = {term: len(words) + i for i, term in enumerate(pieces)}

    def decided(self, text: str, number: int) -> Decided | None:
        """Share the score of class `number` out among the words; None where the words are not the text's terms."""
        spans = [found.span() for found in _TOKEN.finditer(text[:MAX_CHARS])]
        plain = [normalised(text[start:end]) for start, end in spans]
        if " ".join(filter(None, plain)) != normalised(text):
            return None  # signs that only together become a word
        counts = self.vocabulary.counts([text])
        weights = tfidf(counts, self.idf)
        # What one occurrence of a term adds: its part of the score over how often it was counted.
        each = {
            int(term): float(weights.data[i]) * float(self.coef[term, number]) / float(counts.data[i])
            for i, term in enumerate(counts.indices)
        }
        shares = np.zeros(len(spans))
        for term, owners in self._occurrences(plain):
            if term in each:
                shares[list(owners)] += each[term] / len(owners)
        words = tuple(Word(start=a, end=b, weight=float(s)) for (a, b), s in zip(spans, shares, strict=True))
        return Decided(words=words, is_exact=True, rest=float(self.intercept[number]))

    def _occurrences(self, plain: Sequence[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Give each counted occurrence of a term: its number, and the words (by place) that it was counted in."""
        found = [(word, owner) for owner, token in enumerate(plain) for word in words_of(token)]
        for n in range(WORDS[0], WORDS[1] + 1):
            for i in range(len(found) - n + 1):
                run = found[i : i + n]
                term = self.place.get(" ".join(word for word, _ in run))
                if term is not None:
                    yield term, tuple(owner for _, owner in run)
        for owner, token in enumerate(plain):
            for part in token.split():
                for piece in _pieces(f" {part} "):
                    if (term := self.piece.get(piece)) is not None:
                        yield term, (owner,)


class Deciding:
    """Tells for one model which words of a text decided; reads the head's numbers when first asked."""

    def __init__(self, model: ModelFile) -> None:
        """Remember the model."""
        self._model = model
        self._weights: TermWeights | None = None

    def decided(self, text: str, label: str) -> Decided | None:
        """Tell which words decided that a text is of a class; None: the model has no such class."""
        if label not in self._model.classes:
            return None
        number = self._model.classes.index(label)
        if self._weights is None and self._model.card.vocabulary is not None:
            self._weights = TermWeights(self._model)
        exact = None if self._weights is None else self._weights.decided(text, number)
        return exact or left_out(text, number, lambda texts: self._model.answers_of_texts(texts).probabilities)


def _pieces(padded: str) -> Iterator[str]:
    """Give the pieces of a word with a space at either end, as scikit-learn's `char_wb` counts them."""
    for n in range(PIECES[0], PIECES[1] + 1):
        if n >= len(padded):
            yield padded  # a short word is counted once
            return
        yield from (padded[i : i + n] for i in range(len(padded) - n + 1))


def left_out(text: str, number: int, answer: Answer) -> Decided:
    """Leave each word out once; what the probability of class `number` loses is the word's.

    Args: answer: gives probabilities (n, k) of n texts.
    """
    spans = [found.span() for found in _TOKEN.finditer(text[:MAX_CHARS])][: MOST_LEFT_OUT + 1]
    if not spans or len(spans) > MOST_LEFT_OUT:
        return Decided(words=(), is_exact=False)
    others = [text[:start] + text[end:] for start, end in spans]
    found: Vectors | Floats = answer([text, *others])[:, number]
    losses = found[0] - found[1:]
    words = tuple(Word(start=a, end=b, weight=float(loss)) for (a, b), loss in zip(spans, losses, strict=True))
    return Decided(words=words, is_exact=False)

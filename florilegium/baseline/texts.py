"""Baselines that see texts. Path: split -> **baseline** -> model. All take an object array of strings (n,)."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy.special import softmax

from florilegium.baseline.rule import Majority, Rows, Rule
from florilegium.types import Floats, Ints

N_KEYWORDS = 10  # per class: what a person would write down
N_BINS = 20  # of lengths, equally full
MAX_CHARS = 20_000  # what follows tells no more, and a hostile text may have gigabytes
TOKEN = r"(?u)\w+"  # noqa: S105 - a pattern of words
SMOOTHING = 0.1  # added to each term's weight in naive Bayes; 1, the usual, drowns classes with few texts


class Length(Rule):
    """Say the class that is commonest among texts of this length."""

    def fit(self, x: Rows, y: Ints) -> Self:
        """Count the classes in 20 equally full bins of lengths."""
        self.classes_, numbers = np.unique(y, return_inverse=True)
        lengths = _lengths(x)
        self.edges_ = np.unique(np.quantile(lengths, np.linspace(0, 1, N_BINS + 1)[1:-1]))
        counts = np.zeros((len(self.edges_) + 1, len(self.classes_)))
        np.add.at(counts, (self._bins(lengths), numbers), 1)
        counts += counts.sum(axis=0) / counts.sum()  # one imagined text per bin, of the classes' shares
        self.shares_ = counts / counts.sum(axis=1, keepdims=True)  # (bins, k)
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give the classes' shares in the text's bin; (n, k)."""
        return np.asarray(self.shares_[self._bins(_lengths(x))])

    def _bins(self, lengths: Ints) -> Ints:
        return np.searchsorted(self.edges_, lengths, side="right").astype(np.int64)


class Keywords(Rule):
    """Say the class whose ten telling words occur in the text.

    A word tells of a class by how much likelier it is there (the logarithm of the ratio), times how often it is there.
    """

    def fit(self, x: Rows, y: Ints) -> Self:
        """Find the telling words of each class."""
        from sklearn.feature_extraction.text import CountVectorizer  # loads a second; only fitting needs it

        self.classes_, numbers = np.unique(y, return_inverse=True)
        k = len(self.classes_)
        self.prior_ = np.log(np.bincount(numbers, minlength=k) / len(y))
        self.counter_ = CountVectorizer(token_pattern=TOKEN, binary=True, dtype=np.float64)
        seen = _learned(self.counter_, _short(x))
        if seen is None:
            self.coef_ = sp.csr_array((0, k))
            return self
        picked = sp.csr_array((np.ones(len(y)), (numbers, np.arange(len(y)))), shape=(k, len(y)))
        n_with = (picked @ seen).toarray()  # (k, n) @ (n, d) -> (k, d): texts of the class with the word
        within = (n_with + 0.5) / (picked.sum(axis=1)[:, None] + 1)
        overall = (n_with.sum(axis=0) + 0.5) / (len(y) + 1)
        gain = np.maximum(np.log(within / overall), 0)
        kept = np.argsort(-gain * n_with, axis=1, kind="stable")[:, :N_KEYWORDS]
        weights = np.zeros_like(gain)
        np.put_along_axis(weights, kept, np.take_along_axis(gain, kept, axis=1), axis=1)
        self.coef_ = sp.csr_array(weights.T)  # (d, k)
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give classes with more and stronger keywords more probability; (n, k)."""
        found = np.tile(self.prior_, (len(x), 1))
        if self.coef_.shape[0] and len(x):
            found = found + (sp.csr_array(self.counter_.transform(_short(x))) @ self.coef_).toarray()
        return np.asarray(softmax(found, axis=1))


class NaiveBayes(Rule):
    """TF-IDF of words and pairs of words with multinomial naive Bayes: often within a few points of any model.

    Source: Rennie et al. (2003), Tackling the poor assumptions of naive Bayes text classifiers, ICML, section 4.
    """

    def fit(self, x: Rows, y: Ints) -> Self:
        """Learn how much each word speaks for each class."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # loads a second; only fitting needs it
        from sklearn.naive_bayes import MultinomialNB

        self.classes_ = np.unique(y)
        self.counter_ = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=TOKEN, dtype=np.float64)
        seen = _learned(self.counter_, _short(x))
        self.fallback_ = Majority().fit(x, y) if seen is None else None
        if seen is not None:
            self.bayes_ = MultinomialNB(alpha=SMOOTHING).fit(seen, y)
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give the probabilities by Bayes' rule, as if words were independent; (n, k)."""
        if self.fallback_ is not None or len(x) == 0:
            return np.empty((0, len(self.classes_))) if self.fallback_ is None else self.fallback_.predict_proba(x)
        return np.asarray(self.bayes_.predict_proba(self.counter_.transform(_short(x))))


def _lengths(texts: Rows) -> Ints:
    return np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))


def _short(texts: Rows) -> list[str]:
    return [str(text)[:MAX_CHARS] for text in texts]


def _learned(counter: Any, texts: Sequence[str]) -> sp.csr_array | None:  # noqa: ANN401 - scikit-learn has no types
    """Learn the words of texts; None where there is none."""
    try:
        return sp.csr_array(counter.fit_transform(texts))
    except ValueError:  # scikit-learn's way to say that no text holds any word
        return None

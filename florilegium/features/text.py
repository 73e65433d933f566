"""Turn texts into counts of words and of pieces of words. Path: source -> **features** -> model.

Two vocabularies are learned from the training texts, never from labels: words with pairs of words, and pieces of 2 to 5
characters inside words. How rare a term is (its inverse document frequency) is learned by the head, inside each fold.
What counts as the same text is said once, in `normalised`.
"""

import hashlib
import itertools
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import scipy.sparse as sp

from florilegium.types import Floats, Ints, Progress, Vectors, silent

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import CountVectorizer

WORDS, PIECES = (1, 2), (2, 5)  # words in a row; characters in a row, inside a word with a space at either end
MAX_CHARS = 20_000  # what follows is not read: ten pages say what a text is about, and a hostile one may have gigabytes
MIN_TEXTS_TO_PRUNE = 200  # below this a term seen once may be all there is
# On Banking77 leaving out what only one text has takes 42,605 terms to 24,207 and accuracy from 0.9123 to 0.9123.
MIN_TEXTS_PER_TERM = 2
MAX_TERMS = 100_000  # per vocabulary; the commonest stay. At 77 classes a model file of 62 MB
N_SIMILARITY = (
    1 << 18
)  # slots of `similarity_vectors`; two pieces share one so rarely that no pair of texts is moved by it
CHUNK = 2_000  # texts counted at a time: what is held beside the result
STEP = "texts"

# Zero-width characters, direction marks and soft hyphens: unseen, so two texts that differ in them look the same.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)


def normalised(text: str) -> str:
    r"""Give a text as it is compared and counted: compatible forms joined (NFKC), case and unseen characters gone.

    Source: Unicode Standard, section 3.13, D146 (compatibility caseless matching), after removing what is unseen.

    >>> normalised("  ＣＡＲＤ\u200b not\tArrived ")
    'card not arrived'
    """
    seen = _UNSEEN.sub("", text[:MAX_CHARS])
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    # Half of a surrogate pair cannot be written as UTF-8; hashing it would fail.
    return " ".join(folded.encode("utf-8", "replace").decode("utf-8").split())


def readable(text: str) -> str:
    r"""Give a text as a sentence encoder reads it: its first 20,000 characters, without what is unseen.

    >>> readable("  My\u200b CARD ")
    'My CARD'
    """
    return _UNSEEN.sub("", text[:MAX_CHARS]).encode("utf-8", "replace").decode("utf-8").strip()


def normalised_hash(text: str) -> str:
    """Give the SHA-256 (hex) of a text without case, punctuation and spacing: equal hash, exact duplicate.

    A text of punctuation only is compared as it is.

    >>> normalised_hash("Where is my card?") == normalised_hash("where is my card")
    True
    """
    plain = normalised(text)
    return hashlib.sha256((" ".join(words_of(plain)) or plain).encode()).hexdigest()


def words_of(plain: str) -> list[str]:
    """Give the words of a normalised text, in order: what is between them is not counted.

    >>> words_of("i can't pay, why?")
    ['i', 'can', 't', 'pay', 'why']
    """
    return re.findall(_token_pattern(), plain)


def similarity_vectors(texts: Sequence[str]) -> sp.csr_array:
    """Give one row of length 1 per text, float32 (n, 2**18): the product of two rows is their likeness, 0..1.

    Counts pieces of 3 to 5 characters, damped, hashed to slots; learns nothing, so old rows stay when data grows.
    """
    from sklearn.feature_extraction.text import HashingVectorizer  # see _counter

    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 5),
        n_features=N_SIMILARITY,
        lowercase=False,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    parts = [
        _unit_rows(_damped(sp.csr_array(hashing.transform([normalised(t) for t in texts[start : start + CHUNK]]))))
        for start in range(0, len(texts), CHUNK)
    ]
    return sp.csr_array(sp.vstack(parts, format="csr") if parts else (0, N_SIMILARITY), dtype=np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class TextCounts:
    """The terms that count: a text becomes how often each occurs in it, d numbers, nearly all of them zero."""

    words: tuple[str, ...]  # words and pairs of words, sorted; columns 0..len(words)-1
    pieces: tuple[str, ...]  # pieces of words, sorted; the columns after these

    @classmethod
    def learn(cls, texts: Sequence[str], *, max_terms: int = MAX_TERMS) -> Self:
        """Learn the terms of the training texts; sees no labels.

        Args: texts: n training texts.  max_terms: per vocabulary; the commonest stay, equals by alphabet.
        """
        plain = [normalised(text) for text in texts]
        least = MIN_TEXTS_PER_TERM if len(plain) >= MIN_TEXTS_TO_PRUNE else 1
        words, pieces = (_common_terms(v, plain, least, max_terms) for v in (_word_counter(), _piece_counter()))
        return cls(words=words, pieces=pieces)

    @property
    def d(self) -> int:
        """Count the terms."""
        return len(self.words) + len(self.pieces)

    @cached_property
    def key(self) -> str:
        """Give a name that equal vocabularies share, and no others."""
        body = "\n".join([str(len(self.words)), *self.words, *self.pieces])
        return f"tfidf-{hashlib.sha256(body.encode()).hexdigest()[:16]}"

    def counts(self, texts: Sequence[str], *, progress: Progress = silent) -> sp.csr_array:
        """Count the terms of n texts: float32 (n, d), each row sorted by term. Progress: "texts"."""
        parts = []
        for start in range(0, len(texts), CHUNK):
            plain = [normalised(text) for text in texts[start : start + CHUNK]]
            parts.append(sp.hstack([counter.transform(plain) for counter in self._counters], format="csr"))
            progress(STEP, start + len(plain), len(texts))
        found = sp.csr_array(sp.vstack(parts, format="csr") if parts else (0, self.d), dtype=np.float32)
        found.sort_indices()
        return found

    @cached_property
    def _counters(self) -> "list[CountVectorizer]":
        known = ((_word_counter, self.words), (_piece_counter, self.pieces))
        return [make(vocabulary=terms) for make, terms in known if terms]


def idf_of(counts: sp.csr_array) -> Vectors:
    """Give how rare each term is among n texts, float32 (d,): ln((1 + n) / (1 + texts with it)) + 1.

    Source: scikit-learn's `TfidfTransformer(smooth_idf=True)`.

    >>> idf_of(sp.csr_array(np.array([[2.0, 0.0], [1.0, 1.0]]))).round(3).astype(str).tolist()
    ['1.0', '1.405']
    """
    n_with = np.bincount(counts.indices[counts.data > 0], minlength=counts.shape[1])
    return (np.log((1 + counts.shape[0]) / (1 + n_with)) + 1).astype(np.float32)


def tfidf(counts: sp.csr_array, idf: Vectors) -> sp.csr_array:
    """Weigh counts (n, d): (1 + ln count) * idf, each row brought to length 1; the model file does the same.

    >>> weighed = tfidf(sp.csr_array(np.array([[1.0, 1.0]])), np.array([3.0, 4.0], dtype=np.float32))
    >>> weighed.toarray().round(2).astype(str).tolist()
    [['0.6', '0.8']]
    """
    weighed = _damped(counts)
    weighed.data *= idf[weighed.indices]
    return _unit_rows(weighed)


def padded(counts: sp.csr_array) -> tuple[Ints, Vectors]:
    """Write sparse rows as the model file takes them: term numbers int64 (n, t) and counts float32 (n, t).

    Free places hold -1 and 0.

    >>> padded(sp.csr_array(np.array([[0.0, 2.0], [0.0, 0.0]])))
    (array([[ 1], [-1]]), array([[2.], [0.]], dtype=float32))
    """
    lengths = np.diff(counts.indptr)
    shape = (counts.shape[0], max(1, int(lengths.max(initial=0))))
    ids, numbers = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.float32)
    filled = np.arange(shape[1])[None, :] < lengths[:, None]  # (1, t) < (n, 1) -> (n, t)
    ids[filled], numbers[filled] = counts.indices, counts.data
    return ids, numbers


def word_counts(plain: Sequence[str], *, most: int = 20_000) -> tuple[tuple[str, ...], sp.csr_array]:
    """Give the commonest words and pairs of words of n normalised texts, at most `most`, and their counts (n, w)."""
    words = _common_terms(_word_counter(), plain, 2, most)
    counts = sp.csr_array(_word_counter(vocabulary=words).transform(plain)) if words else sp.csr_array((len(plain), 0))
    return words, counts


def _damped(counts: sp.csr_array) -> sp.csr_array:
    damped = counts.astype(np.float32, copy=True)
    damped.data = 1 + np.log(damped.data)
    return damped


def _unit_rows(rows: sp.csr_array) -> sp.csr_array:
    lengths: Floats = np.sqrt(np.add.reduceat(np.append(rows.data.astype(np.float64) ** 2, 0.0), rows.indptr[:-1]))
    lengths[np.diff(rows.indptr) == 0] = 1.0  # reduceat gives an empty row its neighbour's number
    rows.data /= np.repeat(lengths, np.diff(rows.indptr)).astype(np.float32)
    return rows


def _word_counter(**choices: object) -> "CountVectorizer":
    return _counter(ngram_range=WORDS, token_pattern=_token_pattern(), **choices)


def _piece_counter(**choices: object) -> "CountVectorizer":
    return _counter(analyzer="char_wb", ngram_range=PIECES, **choices)


def _counter(**choices: object) -> "CountVectorizer":
    # Not at the top: scikit-learn takes a second to load, and a model of pictures answers without it.
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(lowercase=False, dtype=np.float32, **choices)


def _common_terms(counter: "CountVectorizer", plain: Sequence[str], least: int, most: int) -> tuple[str, ...]:
    """Give the terms that occur in at least `least` texts, at most `most` of them, sorted."""
    try:
        counts = sp.csr_array(counter.fit_transform(plain))
    except ValueError:  # scikit-learn's way to say that no text holds any term
        return ()
    n_with = np.bincount(counts.indices, minlength=counts.shape[1])
    terms = counter.get_feature_names_out()  # sorted
    keep = np.flatnonzero(n_with >= least)
    keep = keep[np.argsort(-n_with[keep], kind="stable")[:most]]
    return tuple(str(term) for term in terms[np.sort(keep)])


@cache
def _token_pattern() -> str:
    r"""Give the pattern of a word: letters, digits and their marks (`\w` alone cuts Hindi words apart)."""
    marks = [c for c in range(0x300, sys.maxunicode + 1) if unicodedata.category(chr(c)) in ("Mn", "Mc")]
    runs = [list(run) for _, run in itertools.groupby(enumerate(marks), key=lambda pair: pair[1] - pair[0])]
    return r"[\w" + "".join(f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}" for run in runs) + "]+"

"""Group queries that no intent covers, and name them by telling words. Path: features -> **queries** -> project.

A group is a proposal: a person looks, names it, and says which of its queries belong to the new class.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.special import rel_entr

from florilegium.errors import InputError
from florilegium.features.text import TextCounts, idf_of, normalised, tfidf, words_of
from florilegium.types import Floats, Ints, Vectors

# Mean cosine distance within which two groups become one. On eight intents of Banking77 that were left out, 15 queries
# each, among 40 strays, drawn twice: 0.85 gives an adjusted Rand index of 0.57 twice (three in four of a group are of
# one intent), 0.8 gives 0.46 and 0.53 in smaller groups, 0.9 gives 0.45 and 0.55; HDBSCAN 0.06 and 0.28.
MOST_DISTANCE = 0.85
LEAST = 3  # queries of a group: two that are alike are chance
MOST_QUERIES = 2_000  # grouped at once; distances between all pairs are held
MOST_BACKGROUND = 5_000  # texts that say how rare a word is
N_WORDS = 3  # that name a group


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownGroup:
    """Queries that are alike and have no intent."""

    rows: tuple[int, ...]  # of the queries, the most typical first
    words: tuple[str, ...]  # that tell it from all others

    @property
    def name(self) -> str:
        """Give the telling words as a proposal for a name."""
        return "_".join(self.words)


def group_unknown(texts: Sequence[str], background: Sequence[str]) -> tuple[UnknownGroup, ...]:
    """Group n queries by their words; groups of at least three, largest first, the others are left alone.

    Average linkage on the cosine distance of TF-IDF rows; how rare a term is comes from the background too.
    Args: background: texts of known intents, from which the telling words tell the group.
    Raises: InputError: more queries than are grouped at once.

    >>> told = group_unknown(["buy gold bars", "gold bars please", "can I buy gold", "hm"], ["where is my card"] * 5)
    >>> [(group.words[0], group.rows) for group in told]
    [('buy', (0, 2, 1))]
    """
    if len(texts) > MOST_QUERIES:
        raise InputError(
            f"{len(texts):,} queries to group: expected at most {MOST_QUERIES:,}. Give the newest of them."
        )
    known = list(background[:MOST_BACKGROUND])
    learned = TextCounts.learn([*known, *texts])
    counts = learned.counts([*known, *texts])
    return grouped(tfidf(counts[len(known) :], idf_of(counts)), texts, known)


def grouped(
    vectors: Vectors | sp.csr_array, texts: Sequence[str], background: Sequence[str]
) -> tuple[UnknownGroup, ...]:
    """Group n queries by vectors of length 1, (n, d); the rest is as for `group_unknown`."""
    if len(texts) < LEAST:
        return ()
    products = vectors @ vectors.T
    likeness: Floats = np.asarray(products.toarray() if sp.issparse(products) else products, dtype=np.float64)
    labels = _linked(np.clip(1 - likeness, 0, 2))
    found = []
    for number in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == number)
        if len(rows) >= LEAST:
            typical = rows[np.argsort(-likeness[np.ix_(rows, rows)].mean(axis=1), kind="stable")]
            found.append(UnknownGroup(rows=tuple(typical.tolist()), words=telling(typical, texts, background)))
    return tuple(sorted(found, key=lambda group: (-len(group.rows), group.rows)))


def _linked(distances: Floats) -> Ints:
    from sklearn.cluster import AgglomerativeClustering  # loads a second

    tree = AgglomerativeClustering(
        n_clusters=None, distance_threshold=MOST_DISTANCE, metric="precomputed", linkage="average"
    )
    labels: Ints = tree.fit_predict(distances)
    return labels


def telling(rows: Ints, texts: Sequence[str], background: Sequence[str]) -> tuple[str, ...]:
    """Give the words that most tell these texts from the others, as they first occur in the most typical one.

    By the log-likelihood ratio of having the word, in the group against outside of it. Source: Dunning (1993), Accurate
    methods for the statistics of surprise and coincidence, Computational Linguistics 19(1), 61-74.
    """
    own = set(rows.tolist())
    inside, outside = Counter[str](), Counter[str]()
    for row, text in enumerate(texts):
        (inside if row in own else outside).update(set(words_of(normalised(text))))
    for text in background:
        outside.update(set(words_of(normalised(text))))
    words = [word for word, n in inside.items() if n > 1 and not word.isdigit()]
    if not words:
        return ()
    has = np.array([[count[word] for word in words] for count in (inside, outside)], dtype=np.float64)  # (2, w)
    n = np.array([[len(own)], [len(texts) - len(own) + len(background)]], dtype=np.float64)
    share = has.sum(axis=0) / n.sum()
    # rel_entr is x ln(x / y), and 0 where x is 0.
    surprise = rel_entr(has, n * share).sum(axis=0) + rel_entr(n - has, n * (1 - share)).sum(axis=0)
    telling_by = np.where(has[0] / n[0] > share, surprise, 0.0)
    best = [words[i] for i in np.argsort(-telling_by, kind="stable")[:N_WORDS]]
    first = words_of(normalised(texts[int(rows[0])]))
    return tuple(sorted(best, key=lambda word: first.index(word) if word in first else len(first)))

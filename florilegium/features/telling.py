"""The words that set each class of texts apart. Path: source -> **features** -> report. Learns from given texts only.

These words are counted in the labelled texts, whatever the model reads: they tell what classes are about, and a name, a
date or a reference number among them tells of a shortcut.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from florilegium.features.text import normalised, word_counts
from florilegium.types import Ints

PRIOR = 0.5  # texts that each word is supposed to have been seen in, in each class, before anything was counted
LEAST_Z = 1.96  # how far from chance a word must be to be named


def telling_words(texts: Sequence[str], y: Ints, *, k: int, most: int = 6) -> tuple[tuple[str, ...], ...]:
    """Give per class at most `most` words (and pairs of words) that its texts have and others lack, the surest first.

    Ranked by the log-odds of having the word, divided by its standard error; a pair replaces the words it is made of.
    Source: Monroe, Colaresi and Quinn (2008), Fightin' words, Political Analysis 16(4), equations 16 to 22.
    Args: texts: n labelled texts.  y: (n,) class numbers 0..k-1.

    >>> telling_words(["my card is lost"] * 9 + ["top up failed"] * 9, np.repeat([0, 1], 9), k=2, most=1)
    (('card',), ('failed',))
    """
    words, counts = word_counts([normalised(text) for text in texts])
    if not words:
        return ((),) * k
    n_texts = np.bincount(y, minlength=k).astype(np.float64)
    ones = sp.csr_array((np.ones(len(y)), (y, np.arange(len(y)))), shape=(k, len(y)))
    inside = (ones @ (counts > 0).astype(np.float64)).toarray()  # (k, w) texts of the class with the word
    whole = inside.sum(axis=0)
    found = []
    for number in range(k):
        mine, others = inside[number] + PRIOR, whole - inside[number] + PRIOR
        lacks, others_lack = n_texts[number] - inside[number] + PRIOR, len(y) - n_texts[number] - others + 2 * PRIOR
        z = (np.log(mine / lacks) - np.log(others / others_lack)) / np.sqrt(1 / mine + 1 / others + 1 / lacks)
        best = [i for i in np.argsort(-z, kind="stable")[: 8 * most] if z[i] > LEAST_Z]
        found.append(_apart([words[i] for i in best], most))
    return tuple(found)


def _apart(ranked: Sequence[str], most: int) -> tuple[str, ...]:
    """Give the first `most` that do not say again what one before them said."""
    kept: list[str] = []
    for word in ranked:
        said = set(word.split())
        if not any(said & set(other.split()) for other in kept):
            kept.append(word)
    return tuple(kept[:most])

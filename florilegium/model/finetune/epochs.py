"""Choose how many epochs to learn, by the wrong answers out of fold. Path: **model.finetune**."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.model.head import asked
from florilegium.types import Floats, Ints

LEAST_PROBABILITY = 1e-12  # so that a logarithm stays finite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """The number of epochs that served best, and what was answered after it."""

    epochs: int
    errors: tuple[int, ...]  # wrong answers out of fold after each epoch, over all folds
    scores: Floats  # (n, k) out of fold, logarithms of probabilities; rows never asked about are 0


def chosen(answers: Sequence[Sequence[Floats]], y: Ints, folds: Ints, *, k: int, most: int) -> Chosen:
    """Give the number of epochs with the fewest wrong answers over all folds; of equals the smaller.

    Args: answers: per fold and epoch, probabilities (m, k) of the fold's items.  y, folds: (n,).
        most: epochs to learn where no fold was held out.
    """
    parts = [np.flatnonzero(folds == number) for number in asked(folds)]
    n_epochs = min((len(each) for each in answers), default=0)
    errors = [
        sum(int((each[epoch].argmax(axis=1) != y[rows]).sum()) for rows, each in zip(parts, answers, strict=True))
        for epoch in range(n_epochs)
    ]
    epochs = int(np.argmin(errors)) + 1 if errors else most
    scores = np.zeros((len(y), k))
    for rows, each in zip(parts, answers, strict=True):
        scores[rows] = np.log(np.maximum(each[epochs - 1], LEAST_PROBABILITY))
    return Chosen(epochs=epochs, errors=tuple(errors), scores=scores)

"""A short vector of a text for tests of shift: weighed terms on a few directions. Path: features -> **model**.

A model of weighed terms has 24,000 numbers per text, nearly all of them nothing. Random directions keep the distances
between texts on the whole (Johnson and Lindenstrauss 1984), need no fitting and no place in the file, and are the same
wherever the same model is opened. Which words a text had cannot be read from them.
"""

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from onnx import numpy_helper

from florilegium.features.text import tfidf
from florilegium.types import Vectors

if TYPE_CHECKING:
    from florilegium.model.opened import ModelFile

N_DIRECTIONS = 64
SEED = 0  # part of what a recorded vector means: another seed, and old and new ones cannot be compared
IDF = "head/idf"


class TermSketch:
    """Sketches the texts of one model of weighed terms. May be used by several threads."""

    def __init__(self, model: "ModelFile") -> None:
        """Read how rare each term is, and draw the directions: 6 MB for 24,000 terms.

        Raises: KeyError: the model's head is not of this kind.
        """
        found = {each.name: each for each in model.model.graph.initializer if each.name == IDF}
        self._idf = np.asarray(numpy_helper.to_array(found[IDF]), dtype=np.float32)  # (d,)
        rng = np.random.default_rng(SEED)
        drawn = rng.standard_normal((len(self._idf), N_DIRECTIONS), dtype=np.float32)
        self._directions = drawn / np.float32(np.sqrt(N_DIRECTIONS))

    def of(self, counts: sp.csr_array) -> Vectors:
        """Give float32 (n, 64) of counted terms (n, d); zeros for a text without a known term."""
        return np.asarray(tfidf(counts, self._idf) @ self._directions, dtype=np.float32)

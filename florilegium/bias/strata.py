"""Compare two groups within strata, and look for stories that turn round. Path: **bias** (part of aggregation).

Works on counts of yes and no per group and stratum only.
"""

import math
from dataclasses import dataclass

import numpy as np

from florilegium.bias.contrast import Linear
from florilegium.types import Floats, Ints

N_PER_CELL = 5.0  # a stratum with fewer items of either group tells too little to count


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratified:
    """The difference of two groups' shares, as it stands and within strata."""

    crude: Linear
    within: Linear  # weighed mean of the strata's differences
    n: int  # items of both groups, in any stratum
    n_strata: int
    n_opposite: int  # strata whose own difference goes against the crude one

    @property
    def reversed_p(self) -> float:
        """Give the p-value that there is no reversal: both differences must be real, and of opposite sign.

        The larger p of the two, as in the intersection-union test: Berger (1982), Technometrics 24(4), 295-300.
        """
        if self.crude.value * self.within.value >= 0:
            return 1.0
        return max(self.crude.p, self.within.p)


def stratified(yes: Floats, n: Floats, effect: float) -> Stratified | None:
    """Compare two groups' shares.

    Args: yes, n: (2, s) counts per group and stratum.  effect: design effect of either share, at least 1.
    None where no stratum holds both groups.
    Source: the weights n1 n2 / (n1 + n2) of Mantel & Haenszel (1959), JNCI 22(4), 719-748, on differences: Cochran
    (1954), Biometrics 10(4), 417-451.
    """
    both = (n >= N_PER_CELL).all(axis=0)
    if not both.any():
        return None
    crude = _difference(yes.sum(axis=1, keepdims=True), n.sum(axis=1, keepdims=True), effect)
    within = _difference(yes[:, both], n[:, both], effect)
    shares = yes[:, both] / n[:, both]
    opposite = int(((shares[0] - shares[1]) * crude.value < 0).sum())
    n_items, n_strata = int(n.sum()), int(both.sum())
    return Stratified(crude=crude, within=within, n=n_items, n_strata=n_strata, n_opposite=opposite)


def _difference(yes: Floats, n: Floats, effect: float) -> Linear:
    weights = n[0] * n[1] / n.sum(axis=0)
    weights = weights / weights.sum()
    shares = yes / n
    # One imagined yes and no keep a stratum without mistakes from being called certain (Agresti & Caffo 2000).
    smooth = (yes + 1) / (n + 2)
    variance = float((weights**2 * (smooth * (1 - smooth) / (n - 1)).sum(axis=0)).sum()) * effect
    value = float(weights @ (shares[0] - shares[1]))
    return Linear(value=value, error=math.sqrt(variance), df=max(float(n.sum()) / effect - 2 * n.shape[1], 1.0))


def crossed_counts(codes: Ints, strata: Ints, yes: Ints, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Count yes and all, (g, s) each, by group and stratum; codes, strata and yes are (n,), -1 where not known."""
    known = (codes >= 0) & (strata >= 0) & (yes >= 0)
    cell = ((codes * shape[1] + strata) * 2 + yes)[known]
    counts = np.bincount(cell, minlength=shape[0] * shape[1] * 2).reshape(*shape, 2).astype(np.float64)
    return counts[..., 1], counts.sum(axis=2)

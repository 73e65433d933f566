"""The bootstrap of two independent shares without resampling: no seed changes its ranges. Path: **bias**.

Resampling the items of two groups ever more often tends to one distribution of the difference, and of the ratio; its
tails follow from the four counts by saddlepoint approximation, as in `florilegium.evaluation.bootstrap`.
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq

N_STEPS = 60  # of Newton's method; it takes about five
NEAR = 1e-12  # change of the tilt, relative, at which it stops
NEAR_CENTRE = 1e-4  # below this many standard errors the tail formula is 0/0, and its limit is taken
SPAN = 12.0  # standard errors on either side within which an end is sought
Share = tuple[float, float]  # (share strictly between 0 and 1, independent items)


def difference_range(a: Share, b: Share, *, z: float) -> tuple[float, float]:
    """Give the differences a - b at -z and +z of the bootstrap distribution."""
    value = a[0] - b[0]
    reach = SPAN * math.sqrt(sum(p * (1 - p) / n for p, n in (a, b)))
    ends = max(value - reach, -1 + NEAR_CENTRE), min(value + reach, 1 - NEAR_CENTRE)
    return _ends(lambda d: _z(a, b, weight=1.0, target=d), value, ends, z)


def ratio_range(a: Share, b: Share, *, z: float) -> tuple[float, float]:
    """Give the ratios a / b at -z and +z of the bootstrap distribution.

    A resampled ratio is at most r where the resampled a - r b is at most 0.
    """
    value = a[0] / b[0]
    reach = SPAN * math.sqrt(sum((1 - p) / (n * p) for p, n in (a, b)))
    ends = value * math.exp(-reach), value * math.exp(reach)
    return _ends(lambda r: _z(a, b, weight=r, target=0.0), value, ends, z)


def _ends(place: Callable[[float], float], value: float, ends: tuple[float, float], z: float) -> tuple[float, float]:
    low = brentq(lambda x: place(x) + z, ends[0], value) if place(ends[0]) < -z else ends[0]
    high = brentq(lambda x: place(x) - z, value, ends[1]) if place(ends[1]) > z else ends[1]
    return float(low), float(high)


def _z(a: Share, b: Share, *, weight: float, target: float) -> float:
    """Say where `target` lies in the distribution of a - weight b, as a normal quantile.

    Source: Lugannani & Rice (1980), in the r* form of Barndorff-Nielsen (1986), Biometrika 73(2), 307-322; for the
    bootstrap: Davison & Hinkley (1988), Biometrika 75(3), 417-431.
    """
    tilt = 0.0
    for _ in range(N_STEPS):
        _, slope, curve = _cumulants(a, b, weight, tilt)
        step = (slope - target) / curve
        tilt -= step
        if abs(step) <= NEAR * max(abs(tilt), 1.0):
            break
    cumulant, _, curve = _cumulants(a, b, weight, tilt)
    root = math.copysign(math.sqrt(max(2 * (tilt * target - cumulant), 0.0)), tilt)
    wald = tilt * math.sqrt(curve)
    if abs(root) < NEAR_CENTRE or wald == 0:
        return root
    return root + math.log(wald / root) / root


def _cumulants(a: Share, b: Share, weight: float, tilt: float) -> tuple[float, float, float]:
    """Give the cumulant generating function of a - weight b at `tilt`, and its first two derivatives."""
    value = slope = curve = 0.0
    for (p, n), sign in ((a, 1.0), (b, -weight)):
        each = sign / n
        grown = p * math.exp(tilt * each)
        tilted = grown / (1 - p + grown)
        value += n * math.log1p(p * math.expm1(tilt * each))
        slope += sign * tilted
        curve += sign * each * tilted * (1 - tilted)
    return value, slope, curve

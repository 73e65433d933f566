"""What a test set could have shown, and how many labels would show more. Path: model -> **evaluation** -> report.

"Not shown" may mean that there is no difference, or that the test set is too small to see it: these numbers tell which.
Takes counts and rates only.
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq
from scipy.special import ndtri

from florilegium.errors import SettingError
from florilegium.evaluation.alpha import ALPHA

POWER = 0.8  # the usual chance of showing a difference that is there
N_MOST = 10**9  # nobody labels more


def labels_needed(difference: float, *, discordance: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Give how many independent items show a true `difference` with chance `power` by the exact McNemar test.

    n = (z_alpha/2 sqrt(psi) + z_power sqrt(psi - delta^2))^2 / delta^2 + 1/delta, for the difference delta of the two
    accuracies and the share psi (at least delta) of items that exactly one gets right.
    Raises: SettingError: a number is out of its range.
    Source: Connor (1987), Biometrics 43(1), 207-211, after Miettinen (1968), Biometrics 24(2), 339-352; 1/delta for
    the exact test's whole steps, as in Edwards (1948), Psychometrika 13(3), 185-187.

    >>> round(labels_needed(0.01, discordance=0.04))
    3237
    """
    named = {"difference": difference, "alpha": alpha, "power": power}
    for name, value in named.items():
        if not 0 < value <= 1 or (name != "difference" and value == 1):
            message = f"{name} is {value}: expected a number between 0 and 1"
            raise SettingError(message)
    psi = min(max(discordance, difference), 1.0)
    root = -ndtri(alpha / 2) * math.sqrt(psi) + ndtri(power) * math.sqrt(max(psi - difference**2, 0.0))
    return float((root / difference) ** 2 + 1 / difference)


def smallest_difference(n: float, *, discordance: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Give the smallest true difference that `n` independent items would have shown with chance `power`; 1 if none.

    Args: n: independent items, may be an effective count.  discordance: as in `labels_needed`.

    >>> round(smallest_difference(3237, discordance=0.04), 4)
    0.01
    """

    def short_of(difference: float) -> float:
        return labels_needed(difference, discordance=discordance, alpha=alpha, power=power) - n

    return _root(short_of, 1 / N_MOST, 1.0) if short_of(1.0) < 0 else 1.0


def more_labels(difference: float, n: float, *, discordance: float, alpha: float = ALPHA, power: float = POWER) -> int:
    """Give how many more independent items than `n` it takes to show `difference`; 0: enough already."""
    return max(0, math.ceil(labels_needed(difference, discordance=discordance, alpha=alpha, power=power) - n))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(falling, low, high, xtol=1e-9))

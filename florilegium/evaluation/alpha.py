"""What each opening of the sealed test set may cost. Path: model -> **evaluation** -> report.

Whoever looks twenty times finds something. So the k-th opening is judged at a stricter level, and all levels together
never exceed `alpha`, however often the seal is opened. Knows only k; the ledger of openings is kept by the store.
"""

import math

from florilegium.errors import SettingError

ALPHA = 0.05  # the chance of ever claiming a difference that is not there, over all openings together


def alpha_of_opening(opening: int, *, alpha: float = ALPHA) -> float:
    """Give the level that the `opening`-th opening is judged at: 6 alpha / (pi^2 k^2), which sums to alpha over all k.

    Args: opening: 1 for the first.  alpha: between 0 and 1.
    Raises: SettingError: either is out of its range.
    Source: union bound with Euler's sum of 1/k^2; spending as in Foster & Stine (2008), JRSS-B 70(2), 429-444.

    >>> [round(alpha_of_opening(k), 6) for k in (1, 2, 5, 20)]
    [0.030396, 0.007599, 0.001216, 7.6e-05]
    """
    if opening < 1:
        message = f"opening number {opening}: expected 1 for the first opening of the seal, 2 for the second, ..."
        raise SettingError(message)
    if not 0 < alpha < 1:
        message = f"alpha is {alpha}: expected a number between 0 and 1, for example 0.05"
        raise SettingError(message)
    return 6 * alpha / (math.pi**2 * opening**2)

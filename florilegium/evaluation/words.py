"""Numbers as a beginner reads them: percent, points, counts. Path: **evaluation** (used by its values and sentences).

Never rounds a number to a claim it does not make: 9,999 of 10,000 is not 100 %, and a small difference is not 0.
"""

from collections.abc import Iterable

DECIMALS_MOST = 6  # beyond this a share is 0 % or 100 % for every reader


def percent(share: float) -> str:
    """Write a share (0..1) in percent with one decimal, more only where one would say 0 or 100.

    >>> percent(0.9642), percent(0.99996), percent(1.0)
    ('96.4 %', '99.996 %', '100 %')
    """
    return f"{percent_bare(share)} %"


def percent_bare(share: float) -> str:
    """Write a share (0..1) as `percent` does, without the sign: for the inside of a range."""
    if share in (0.0, 1.0):
        return f"{share:.0%}".rstrip("%")
    for decimals in range(1, DECIMALS_MOST):
        text = f"{100 * share:.{decimals}f}"
        if float(text) not in (0.0, 100.0):
            return text
    return f"{100 * round(share):.0f}"


def points(share: float) -> str:
    """Write a difference of shares (-1..1) in percentage points: one decimal, two where one would say 0.

    >>> points(0.0834), points(-0.0004), points(0.0)
    ('8.3', '-0.04', '0.0')
    """
    text = f"{100 * share:.1f}"
    if float(text) == 0.0:
        text = f"{100 * share:.2f}" if abs(share) >= 5e-5 else "0.0"  # noqa: PLR2004 - half a hundredth of a point
    return text


def counted(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun, singular or plural.

    >>> counted(1, "item"), counted(1200, "item"), counted(2, "class", "classes")
    ('1 item', '1,200 items', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def about(n: int) -> str:
    """Write a count to two digits, for numbers that are known no better.

    >>> about(7), about(412), about(23871)
    ('7', '410', '24,000')
    """
    size = 10 ** max(len(str(n)) - 2, 0)
    return f"{round(n / size) * size:,}"


def ordinal(n: int) -> str:
    """Write 1 as 1st, 22 as 22nd, 113 as 113th.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    teens = range(11, 14)
    ending = "th" if n % 100 in teens else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Write names in a row, the first `most` of them and how many more there are.

    >>> listed(["a", "b", "c"]), listed("abcdef", most=2)
    ('a, b, c', 'a, b and 4 more')
    """
    all_names = list(names)
    if len(all_names) <= most:
        return ", ".join(all_names)
    return f"{', '.join(all_names[:most])} and {len(all_names) - most:,} more"

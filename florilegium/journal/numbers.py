"""Find every number that a text says, in figures or in words. Path: errors -> **numbers** -> checking.

Parts of names (ResNet-18, flowers20), numbers of list lines, footnote marks and web addresses say no number.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SMALL = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_LARGE = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: n for n, word in enumerate(_SMALL, 2)}
TENS = {word: 10 * n for n, word in enumerate(_LARGE, 2)}
SIZES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
TIMES = {
    "half": 0.5,
    "thirds": 1 / 3,
    "quarters": 0.25,
    "twice": 2,
    "double": 2,
    "doubled": 2,
    "triple": 3,
    "tripled": 3,
    "dozen": 12,
}

_MONTH = "|".join(month.capitalize() for month in MONTHS)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = rf"\d{{4}}-\d\d-\d\d|{_DAY}\s+(?:of\s+)?(?:{_MONTH})(?:,?\s+\d{{4}})?|(?:{_MONTH})\s+{_DAY}(?:,?\s+\d{{4}})?"
_FIGURE = r"\d{1,3}(?:[,\u00a0\u202f']\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?"
_AFTER = r"(?:[\s\u00a0\u202f]?%|[\s-]per\s?cent\b|[\s-](?:percentage[\s-])?points?\b)"
_ONE_TO_NINE = "|".join(["one", *list(UNITS)[:8]])
_WORD = (
    rf"(?:(?:{'|'.join(TENS)})(?:-(?:{_ONE_TO_NINE}))?|{'|'.join(sorted(UNITS, key=len, reverse=True))})"
    rf"(?:\s+(?:{'|'.join(SIZES)}))*|(?:(?:a|one)\s+)?(?:{'|'.join(SIZES)})s?|{'|'.join(TIMES)}"
)
SILENT = re.compile(r"^[ \t]*\d{1,3}[.)](?=\s)|\[\^[^\]\s]{0,120}\]|https?://\S+", re.MULTILINE)
NUMBER = re.compile(
    rf"(?P<date>\b(?:{_DATE})\b)"
    rf"|(?P<figure>(?<![\w.])(?P<sign>(?<![\w)])[-+\u2212\u2013])?(?P<digits>{_FIGURE})(?P<after>{_AFTER})?)"
    r"|(?P<part>[\u00bc-\u00be\u2150-\u215e])"
    rf"|(?P<word>\b(?i:{_WORD})\b(?P<word_after>{_AFTER})?)"
)
NAMED = re.compile(r"[A-Za-z]-$")  # before a figure: ResNet-18


class Unit(StrEnum):
    """What a number counts in."""

    PLAIN = "plain"
    PERCENT = "percent"
    POINTS = "points"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number as a text says it. `value` of a date is its day as year, month, day; year 0: not said."""

    text: str
    value: float | tuple[int, int, int]
    decimals: int
    unit: Unit
    start: int  # place in the text
    end: int


def numbers(text: str) -> tuple[Number, ...]:
    """Give every number that a text says, in order.

    >>> [(n.text, n.value, n.unit.value) for n in numbers("1,418 right (98.6 %), twenty-five by ResNet-18")]
    [('1,418', 1418.0, 'plain'), ('98.6 %', 98.6, 'percent'), ('twenty-five', 25.0, 'plain')]
    """
    return tuple(_found(text))


def _found(text: str) -> Iterator[Number]:
    silent = [match.span() for match in SILENT.finditer(text)]
    for match in NUMBER.finditer(text):
        if any(start <= match.start() < end for start, end in silent):
            continue
        if match["date"]:
            yield _date(match)
        elif match["part"]:
            yield _number(match, unicodedata.numeric(match["part"]), 2, None)
        elif match["word"]:
            yield _number(match, _word_value(match), 0, match["word_after"])
        elif match["after"] or not NAMED.search(text[max(match.start() - 2, 0) : match.start()]):
            digits = re.sub(r"[,\u00a0\u202f']", "", match["digits"])
            sign = -1 if match["sign"] and match["sign"] != "+" else 1
            yield _number(match, sign * float(digits), len(digits.partition(".")[2]), match["after"])


def _number(match: re.Match[str], value: float, decimals: int, after: str | None) -> Number:
    unit = Unit.PLAIN
    if after:
        unit = Unit.POINTS if "point" in after else Unit.PERCENT
    return Number(text=match[0], value=value, decimals=decimals, unit=unit, start=match.start(), end=match.end())


def _word_value(match: re.Match[str]) -> float:
    said = match["word"].removesuffix(match["word_after"] or "").lower()
    total = 0.0
    for word in re.findall(r"[a-z]+", said):
        name = word.removesuffix("s") if word.removesuffix("s") in SIZES else word
        if name in SIZES:
            total = (total or 1) * SIZES[name]
        else:
            total += {**UNITS, **TENS, **TIMES}.get(word, 1 if word == "one" else 0)
    return total


def _date(match: re.Match[str]) -> Number:
    said = match["date"]
    if iso := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", said):
        value = (int(iso[1]), int(iso[2]), int(iso[3]))
    else:
        month = next(n for n, name in enumerate(MONTHS, 1) if name in said.lower())
        year = re.search(r"\d{4}", said)
        day = re.search(r"(?<!\d)\d{1,2}(?!\d)", said)
        value = (int(year[0]) if year else 0, month, int(day[0]) if day else 0)
    return Number(text=said, value=value, decimals=0, unit=Unit.DATE, start=match.start(), end=match.end())

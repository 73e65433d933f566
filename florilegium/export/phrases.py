"""What the page says of an answer and of a card, in words. Path: evaluation -> **export** (used by its page).

`app.js` says the same of an answer in the reader's browser; tests hold both together. Computes no figure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from florilegium.evaluation.words import counted, percent, percent_bare, points

ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
WEAKEST_MOST = 6  # classes that the page names as the weakest

Document = Mapping[str, Any]  # a card or an answer, as JSON has it


def state(answer: Document) -> str:
    """Give `failed`, `known`, `unsure` or `strange`."""
    if answer.get("error"):
        return "failed"
    return "known" if answer["known"] else str(answer.get("why") or "unsure")


def said(answer: Document) -> str:
    """Give the headline of an answer."""
    return {"failed": "This could not be read", "known": str(answer.get("label"))}.get(
        state(answer), "I do not know this"
    )


def because(answer: Document, card: Document) -> str:
    """Give the sentence under the headline: how sure, or why it says nothing.

    >>> because({"label": "rose", "probability": 0.41, "known": False, "why": "unsure"}, {"abstention": None})
    'My best guess is rose, but I am only 41.0 % sure.'
    """
    kind = state(answer)
    if kind == "failed":
        return str(answer["error"])[:1].upper() + str(answer["error"])[1:]
    sure = percent(answer["probability"])
    if kind == "known":
        return f"I am {sure} sure."
    if kind == "strange":
        return f"It is unlike anything that I learned from. If I had to guess: {answer['label']}."
    threshold = (card.get("abstention") or {}).get("threshold")
    bar = f"; I give answers from {percent(threshold)} on" if threshold else ""
    return f"My best guess is {answer['label']}, but I am only {sure} sure{bar}."


def facts(label: str | None, card: Document) -> str:
    """Say of a class how many photos it was learned from and how often it is right.

    >>> facts("rose", {"classes": [{"label": "rose", "n_train": 90, "n_asked": 12, "n_right": 9, "low": 0.47,
    ...                             "high": 0.91}]})
    '90 training photos, right 9 of 12 (47.0 to 91.0 %)'
    """
    one = next((c for c in card["classes"] if c["label"] == label), None)
    if one is None:
        return ""
    parts = [counted(one["n_train"], "training photo")] if one["n_train"] is not None else []
    if one["n_asked"]:
        fits = f"{percent_bare(one['low'])} to {percent(one['high'])}"
        parts.append(f"right {one['n_right']:,} of {one['n_asked']:,} ({fits})")
    return ", ".join(parts)


def origin(similar: Document) -> str:
    """Say where a training photo comes from and under which licence.

    >>> origin({"origin": "a site", "licence": None})
    'from a site; licence unstated'
    """
    licence = f"licence {similar.get('licence') or 'unstated'}"
    return f"from {similar['origin']}; {licence}" if similar.get("origin") else licence


def one_in(share: float, one: str = "photo") -> str:
    """Say a share (above 0, up to 1) of photos as one in so many.

    >>> one_in(0.02), one_in(1.0)
    ('One photo in 50', 'Every photo')
    """
    n = round(1 / share)
    return f"One {one} in {n:,}" if n > 1 else f"Every {one}"


def tally(answers: Sequence[Document]) -> str:
    """Count answers by how they came out.

    >>> tally([{"error": "no picture"}, {"known": True}])
    '2 photos: 1 named, 1 could not be read'
    """
    n = Counter("unknown" if state(one) in ("unsure", "strange") else state(one) for one in answers)
    words = (("known", "named"), ("unknown", "not known"), ("failed", "could not be read"))
    parts = [f"{n[key]:,} {word}" for key, word in words if n[key]]
    return f"{counted(len(answers), 'photo')}: {', '.join(parts)}"


def roman(number: int) -> str:
    """Give a plate's number as old books have it.

    >>> roman(4), roman(101)
    ('IV', 'CI')
    """
    text = ""
    for value, sign in ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def lead(sentence: str) -> str:
    """Give the first sentence of several."""
    return _split(sentence)[0]


def rest(sentence: str) -> str:
    """Give the sentences after the first."""
    return _split(sentence)[1]


def _split(sentence: str) -> tuple[str, str]:
    first, *others = re.split(r"(?<=\.) (?=[A-Z])", sentence, maxsplit=1)
    return first, "".join(others)


def day(moment: str) -> str:
    """Give the day of a moment.

    >>> day("2026-03-01T12:00:00+00:00")
    '1 March 2026'
    """
    when = datetime.fromisoformat(moment)
    return f"{when.day} {when:%B} {when.year}"


def scores(verdict: Document) -> list[tuple[str, Document, bool]]:
    """Give the lines of figures: their names, the scores, and whether they lead. Sources never seen come first."""
    lines = [
        ("photos from sources never seen", verdict.get("new_sources"), True),
        ("photos from known sources", verdict.get("same_sources"), False),
        ("the sealed test photos", verdict["model"], verdict.get("new_sources") is None),
        ("of these, where it gives an answer", verdict.get("answered"), False),
        (f"best simple rule ({verdict['baseline']['name']})", verdict["baseline"], False),
    ]
    return [(name, score, strong) for name, score, strong in lines if score]


def weakest(card: Document) -> list[Document]:
    """Give the classes with the smallest shares of right answers, the weakest first; none where all are right."""
    asked = [c for c in card["classes"] if c["n_asked"] and c["n_right"] < c["n_asked"]]
    return sorted(asked, key=lambda c: (c["n_right"] / c["n_asked"], c["high"]))[:WEAKEST_MOST]


def confusions(card: Document) -> list[tuple[str, str]]:
    """Give the commonest mistakes as (truth, answer), those of the classes with most mistakes first."""
    mixed = [c for c in card["classes"] if c["confused_with"] and c["n_asked"]]
    worst = sorted(mixed, key=lambda c: c["n_right"] - c["n_asked"])[:WEAKEST_MOST]
    return [(c["label"], c["confused_with"][0]) for c in worst]


def calibrated(verdict: Document | None) -> str:
    """Say what the percentages of an answer mean, and how far off they were when measured."""
    meaning = "The percentages are calibrated: of a hundred answers given with 80 %, about eighty should be right"
    if verdict is None or verdict.get("calibration_error") is None:
        return f"{meaning}, on photos like those it learned from."
    off = points(verdict["calibration_error"])
    fits = f"{points(verdict['calibration_low'])} to {points(verdict['calibration_high'])}"
    return f"{meaning}. Measured, they are off by {off} points ({fits})."


def abstention(card: Document) -> list[str]:
    """Say when the model keeps silent, and what that was measured to bring."""
    found = card["abstention"]
    if found is None:
        return ["It always answers: this model never learned to say that it does not know."]
    when = [f"where its best guess stays below {percent(found['threshold'])}"] if found["threshold"] else []
    when += ["where a photo is unlike all that it learned from"] if found["strangeness_limit"] is not None else []
    told = [f"It says “I do not know this” {' or '.join(when)}."]
    rates = [
        ("Of the sealed photos of its classes it took {} for unlike all that it learned from", found["false_alarms"]),
        ("It was unsure on {} of them", found["unsure"]),
        ("Of the answers that it gave there, {} were right", found["answered_right"]),
    ]
    held_out = [
        ("Of the photos that were held out in training it answered {}", found.get("held_out_answered")),
        ("Of these answers, {} were right", found.get("held_out_right")),
    ]
    return told + [f"{text.format(_rated(rate))}." for text, rate in (*held_out, *rates) if rate]


def _rated(rate: Document) -> str:
    share = percent(rate["n_events"] / rate["n"])
    return (
        f"{rate['n_events']:,} of {rate['n']:,} ({share}; {percent_bare(rate['low'])} to {percent_bare(rate['high'])})"
    )


def labels(card: Document) -> Iterable[str]:
    """Give the class names."""
    return [str(one["label"]) for one in card["classes"]]

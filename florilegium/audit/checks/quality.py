"""Check for pictures that show too little: blurred, dark, washed out, blank, odd in shape, tiny. Path: **audit**.

Takes facts that were measured when the pictures were read; opens none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, part, verb
from florilegium.audit.subject import Subject
from florilegium.types import Vectors

MANY = 0.05  # from here on they move what is learned
# Of 992 photos of flowers20, sharp subjects before soft backgrounds included, one reaches 0.6; blurred by a radius of
# 2 px at 256 px their mean is 0.68, by 3 px 0.78.
BLURRED = 0.6
DARK = 0.2  # brightness plus twice the contrast: nearly nothing is brighter than a fifth
BRIGHT = 0.85  # brightness less twice the contrast: nearly nothing is darker
BLANK = 0.02  # contrast: less than what compression adds
LONG = 3.0  # sides: the middle square that many networks look at holds a third of such a picture
TINY = 64  # px of the short side: below this a photo is enlarged several times


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """One way to show too little: by which facts, and how bad (rising; above 0 it counts)."""

    facts: tuple[str, ...]
    badness: Callable[..., Vectors]
    says: tuple[str, str]  # of one, of several
    why: str


FAULTS = (
    _Fault(
        facts=("blur",),
        badness=lambda blur: blur - BLURRED,
        says=("is blurred all over", "are blurred all over"),
        why="fine detail is gone, so a model learns colours and outlines from them only",
    ),
    _Fault(
        facts=("brightness", "contrast"),
        badness=lambda light, contrast: np.where(contrast < BLANK, -1, DARK - light - 2 * contrast),
        says=("is nearly black", "are nearly black"),
        why="what is shown can hardly be told",
    ),
    _Fault(
        facts=("brightness", "contrast"),
        badness=lambda light, contrast: np.where(contrast < BLANK, -1, light - 2 * contrast - BRIGHT),
        says=("is washed out", "are washed out"),
        why="what is shown can hardly be told",
    ),
    _Fault(
        facts=("contrast",),
        badness=lambda contrast: BLANK - contrast,
        says=("is blank", "are blank"),
        why="nothing is shown, and the label teaches something wrong",
    ),
    _Fault(
        facts=("aspect",),
        badness=lambda aspect: np.abs(np.log(np.maximum(aspect, 1e-6))) - np.log(LONG),
        says=("is more than three times as long as wide", "are more than three times as long as wide"),
        why="a square cut from the middle misses most of it, and squeezed into a square all is distorted",
    ),
    _Fault(
        facts=("width", "height"),
        badness=lambda width, height: TINY - np.minimum(width, height),
        says=(f"is less than {TINY} px wide or high", f"are less than {TINY} px wide or high"),
        why="enlarged to the size that a network reads, such a picture is blurred",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Find pictures that show too little, the worst first."""
    for fault in FAULTS:
        facts = [subject.fact(name) for name in fault.facts]
        if any(values is None for values in facts):
            continue
        badness = fault.badness(*facts)
        rows = np.flatnonzero(badness > 0)
        n = len(rows)
        if not n:
            continue
        rows = rows[np.argsort(-badness[rows], kind="stable")]
        yield subject.finding(
            "quality",
            Severity.WARNING if n / subject.n >= MANY else Severity.INFO,
            f"{part(n, subject.n, subject.noun)} {verb(n, *fault.says)}, {verb(n, '', 'first of all ')}"
            f"{subject.shown(int(rows[0]))}: "
            f"{fault.why}.",
            fix="Look. If what you will meet later is so too, keep it; else replace it, or take it "
            f"out: {command('relabel', subject.dataset.names[rows[0]], '--remove')}",
            rows=rows,
        )

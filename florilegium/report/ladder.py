"""The ladder of simple rules as one small picture, for pages that are not the report. Path: evaluation -> **report**.

An SVG that stands alone: its own colours in light and dark, its numbers beside its marks. Reads no file of data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from florilegium.evaluation.values import Score
from florilegium.report.render import render

ROW_PX, TOP_PX, SIDE_PX = 30, 44, 20
NAME_LETTERS = 30  # that have room beside the axis
AXIS_PX, AXIS_AT_PX, WIDTH_PX = 240, 250, 700
NARROW_PX = 100  # to the right on a phone, where names are written larger and ranges left out
RUNGS_MOST = 12


@dataclass(frozen=True, slots=True)
class PictureRung:
    """One line of the picture."""

    name: str
    score: Score
    is_model: bool = False


def ladder_svg(rungs: Sequence[PictureRung], *, title: str, source: str) -> str:
    """Draw at most 12 scores with their ranges, the highest first; the model is always among them.

    Args: title: what it shows, in one line.  source: the event of the record that the figures are from.
    """
    ordered = sorted(rungs, key=lambda rung: (-rung.score.accuracy, not rung.is_model))
    kept = [rung for place, rung in enumerate(ordered) if place < RUNGS_MOST or rung.is_model]
    return render(
        "ladder.svg",
        rungs=kept,
        title=title,
        source=source,
        row=ROW_PX,
        top=TOP_PX,
        side=SIDE_PX,
        letters=NAME_LETTERS,
        axis=AXIS_PX,
        axis_at=AXIS_AT_PX,
        width=WIDTH_PX,
        narrow=NARROW_PX,
        height=TOP_PX + ROW_PX * len(kept) + SIDE_PX,
    )

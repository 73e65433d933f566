"""Labelling: what to do next, what it brought, and when to stop. Path: bias -> **active** -> report.

Sees vectors, scores, labels, predictions and people's verdicts; never a model, a file, a page or SQL.
"""

from florilegium.active.choosing import Batch, next_batch
from florilegium.active.meter import Advice, Curve, Labelling, Meter, Point, Stop, measure, progressive
from florilegium.active.saving import Saving
from florilegium.active.streams import SHARE_RANDOM, reserve, turn

__all__ = [
    "SHARE_RANDOM",
    "Advice",
    "Batch",
    "Curve",
    "Labelling",
    "Meter",
    "Point",
    "Saving",
    "Stop",
    "measure",
    "next_batch",
    "progressive",
    "reserve",
    "turn",
]

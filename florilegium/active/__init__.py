"""Label what teaches the most, and measure what that saved. Path: model -> **active** -> report.

Sees vectors, labels and predictions as arrays; never a model, a file or SQL. Chance comes only from an `rng`.
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

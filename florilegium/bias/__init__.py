"""Test six kinds of bias, each with a number and a range. Path: evaluation -> **bias** -> report.

Takes labels, answers, probabilities, embeddings and groups as arrays; never a model, a file or SQL. Chance comes only
from a seed.
"""

from florilegium.bias.decisions import Column, Decisions, Intended, LabelEvents, Live, TrainSide
from florilegium.bias.examine import examine
from florilegium.bias.groups import crossed, folded, of_numbers, of_values
from florilegium.bias.remedies import more_to_see, reweighed
from florilegium.bias.result import (
    ERRORS,
    KINDS,
    RATES,
    Axis,
    Findings,
    GroupRates,
    GroupRow,
    Impossible,
    ImpossibleRow,
    Need,
    Outcome,
    Rate,
    Result,
    Spread,
    TradeOff,
    TradeOffPoint,
    Weights,
)
from florilegium.bias.slices import weak_slices

__all__ = [
    "ERRORS",
    "KINDS",
    "RATES",
    "Axis",
    "Column",
    "Decisions",
    "Findings",
    "GroupRates",
    "GroupRow",
    "Impossible",
    "ImpossibleRow",
    "Intended",
    "LabelEvents",
    "Live",
    "Need",
    "Outcome",
    "Rate",
    "Result",
    "Spread",
    "TradeOff",
    "TradeOffPoint",
    "TrainSide",
    "Weights",
    "crossed",
    "examine",
    "folded",
    "more_to_see",
    "of_numbers",
    "of_values",
    "reweighed",
    "weak_slices",
]

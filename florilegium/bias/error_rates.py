"""Group error rates: are the same mistakes made in every group? Path: **bias**.

Compares selection, false positives, false negatives, precision and accuracy of every group with the reference.
"""

import math
from collections.abc import Iterator

from florilegium.bias.case import Case, Wording, compared, has
from florilegium.bias.cells import ACCURACY, FALSE_NEGATIVE, FALSE_POSITIVE, PRECISION, SELECTION
from florilegium.bias.decisions import Column
from florilegium.bias.result import ERRORS, Axis
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import counted

_SOURCE = "Hardt, Price & Srebro (2016), Equality of opportunity in supervised learning, NeurIPS"
_THRESHOLDS = (
    "Weigh what this mistake costs those who bear it. A threshold per group, or weights while learning, makes the gap "
    "smaller at a price in right answers (see the trade-off); where neither is enough, do not deploy."
)
_MORE = "Collect more of the weaker group and train again; until then abstain there or send such cases to a person."
_ADVICE = {
    SELECTION: "Unequal shares of yes are wrong only where the groups do not differ in what is predicted: look at the "
    "base rates and the error rates first.",
    FALSE_POSITIVE: _THRESHOLDS,
    FALSE_NEGATIVE: _THRESHOLDS,
    PRECISION: "A yes means less in one group than in the other: say so to whoever acts on it, or calibrate per group.",
    ACCURACY: _MORE,
}


def error_rates(case: Case) -> Iterator[Tested]:
    """Test every error rate that the decisions allow, and name the groups that are too small for any."""
    measures = [measure for measure in _ADVICE if has(case, measure)] if case.given.is_binary else [ACCURACY]
    if case.given.predicted is None or not has(case, measures[0] if measures else ACCURACY):
        return
    for column in case.given.columns:
        for measure in measures:
            wording = Wording(bias=ERRORS, measure=measure, advice=_ADVICE[measure], source=_SOURCE)
            yield from compared(case, column, measure, wording)
        yield from _small_groups(case, column)


def _small_groups(case: Case, column: Column) -> Iterator[Tested]:
    least = case.options.min_group
    for group, size in zip(column.groups, case.sizes(column).tolist(), strict=True):
        if size < least:
            yield Tested(
                bias=ERRORS,
                measure="group size",
                axis=Axis.NUMBER,
                column=column.name,
                groups=(group,),
                estimate=float(size),
                low=float(size),
                high=float(size),
                n=size,
                fact=f"{group} ({column.name}): {counted(size, 'item')}, too few to compare with others; at least "
                f"{least} are needed.",
                advice="",
                source=_SOURCE,
                error=math.inf,
                n_more=least - size,
                smaller=group,
            )

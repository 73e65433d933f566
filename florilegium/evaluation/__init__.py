"""Judge predictions: counts, ranges, paired comparison, the verdict. Path: model -> **evaluation** -> report.

Sees predictions, never models; computes, never asks: no file, no network, no terminal, and chance only from an `rng`.
"""

from florilegium.evaluation.alpha import ALPHA, alpha_of_opening
from florilegium.evaluation.calibration import Bin, Calibration, brier, calibration, log_loss
from florilegium.evaluation.confusion import (
    ClassScores,
    Confusion,
    Mistake,
    class_scores,
    confident_mistakes,
    confusion,
)
from florilegium.evaluation.intervals import score, wilson_interval
from florilegium.evaluation.paired import Comparison, compare, mcnemar_exact, mcnemar_groups
from florilegium.evaluation.power import labels_needed, more_labels, smallest_difference
from florilegium.evaluation.record import verdict_dict, verdict_from_dict
from florilegium.evaluation.sanity import commonest_share, shared_groups, shortcut, shuffled_labels
from florilegium.evaluation.selective import Promise, error_bound, promise
from florilegium.evaluation.values import Difference, Outcome, Predictions, Sanity, Score, Verdict
from florilegium.evaluation.verdict import judge

__all__ = [
    "ALPHA",
    "Bin",
    "Calibration",
    "ClassScores",
    "Comparison",
    "Confusion",
    "Difference",
    "Mistake",
    "Outcome",
    "Predictions",
    "Promise",
    "Sanity",
    "Score",
    "Verdict",
    "alpha_of_opening",
    "brier",
    "calibration",
    "class_scores",
    "commonest_share",
    "compare",
    "confident_mistakes",
    "confusion",
    "error_bound",
    "judge",
    "labels_needed",
    "log_loss",
    "mcnemar_exact",
    "mcnemar_groups",
    "more_labels",
    "promise",
    "score",
    "shared_groups",
    "shortcut",
    "shuffled_labels",
    "smallest_difference",
    "verdict_dict",
    "verdict_from_dict",
    "wilson_interval",
]

"""Predict without learning much: the bar that a model must clear. Path: split -> **baseline** -> model.

Each rule is a scikit-learn estimator and stands in `BASELINES`. Sees the training side only; never sees embeddings.
"""

from florilegium.baseline.crossval import Laddered, climb, cross_validate, subset
from florilegium.baseline.registry import BASELINES, Baseline, fit, suited
from florilegium.baseline.rule import Rows, Rule

__all__ = ["BASELINES", "Baseline", "Laddered", "Rows", "Rule", "climb", "cross_validate", "fit", "subset", "suited"]

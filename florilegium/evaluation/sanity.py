"""Checks that nothing is rotten, each from given answers. Path: model -> **evaluation** -> report.

A score that is too good is a finding too: labels that leak through file names, photos on both sides of the split.
Each check turns numbers into one `Sanity`; training on shuffled labels is the caller's work.
"""

import numpy as np
from scipy.stats import binom

from florilegium.errors import InputError
from florilegium.evaluation.intervals import clustered, design_effect, score
from florilegium.evaluation.paired import compare
from florilegium.evaluation.values import Sanity
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Ints

ALPHA = 0.001  # a false alarm here sends people hunting for a leak that is not there
SHARE_NEAR = 0.5  # of the model's way from chance; a shortcut that goes further explains most of what was learned


def shuffled_labels(right: Bools, groups: Ints, *, chance: float) -> Sanity:
    """Check that a model trained on shuffled labels knows no more than chance.

    Args: right: whether each cross-validated answer equals the item's shuffled label, (n,).  groups: (n,).
        chance: the share that a model which sees nothing may reach, 0..1: the share of the commonest class.
    Exact binomial test, one-sided, at the effective number of answers and a level of 0.001.
    """
    given = clustered(right, groups)
    effect = design_effect(given, worst=0.0, best=1.0)
    n = max(int(len(right) / effect), 1)
    p_value = float(binom.sf(round(float(right.mean()) * n) - 1, n, chance))
    passed = p_value > ALPHA
    found = score("shuffled", right, groups)
    said = f"trained on shuffled labels it gets {percent(found.accuracy)} right, where chance gives {percent(chance)}"
    if passed:
        return Sanity(name="shuffled labels", passed=True, message=f"As it should: {said}.")
    why = "Something tells it the labels besides the content; look for items on both sides of the split"
    return Sanity(name="shuffled labels", passed=False, message=f"Too good: {said}. {why}.")


def shortcut(model: Bools, shortcut: Bools, groups: Ints, *, chance: float, texts: bool = False) -> Sanity:
    """Check that a model which sees only file facts does not come near the model.

    Args: model, shortcut: right answers on the same items, (n,).  chance: the share of the commonest class, 0..1.
        texts: the items are texts, whose facts are others than a picture's.
    Fails where the model is not shown to be better (95 %), or where the shortcut goes more than half of the model's
    way up from chance.
    """
    found = compare(model, shortcut, groups)
    way = float(model.mean()) - chance
    share = (float(shortcut.mean()) - chance) / way if way > 0 else 1.0
    seen = "length, casing, punctuation and the like" if texts else "size, format and other file facts"
    facts = f"{seen} alone get {percent(float(shortcut.mean()))} right"
    whole = percent(float(model.mean()))
    if found.difference.low <= 0:
        learned = "how the texts look, not what they say" if texts else "the files, not what they show"
        message = f"Suspicious: {facts}, the model {whole}; it may have learned {learned}."
        return Sanity(name="shortcut", passed=False, message=message)
    if share > SHARE_NEAR:
        far = f"that is {share:.0%} of the model's way up from chance ({percent(chance)})"
        message = f"Suspicious: {facts}, the model {whole}: {far}."
        return Sanity(name="shortcut", passed=False, message=message)
    message = f"As it should: {facts}, {points(found.difference.value)} points fewer than the model ({whole})."
    return Sanity(name="shortcut", passed=True, message=message)


def shared_groups(groups_train: Ints, groups_test: Ints) -> Sanity:
    """Check that no group lies on both sides of the split."""
    shared = np.intersect1d(groups_train, groups_test)
    if len(shared) == 0:
        return Sanity(name="shared groups", passed=True, message="As it should: train and test share no group.")
    n_items = int(np.isin(groups_test, shared).sum())
    lie = "lies" if len(shared) == 1 else "lie"
    message = f"{counted(len(shared), 'group')} {lie} on both sides of the split ({counted(n_items, 'test item')})"
    return Sanity(name="shared groups", passed=False, message=f"{message}: the score is too good by what they tell.")


def commonest_share(truth: Ints) -> float:
    """Give the share of the commonest class, 0..1: what a model reaches that sees nothing.

    Raises: InputError: no items.

    >>> commonest_share(np.array([0, 1, 1, 2]))
    0.5
    """
    if len(truth) == 0:
        message = "no labels given: expected at least one, to know what chance gives"
        raise InputError(message)
    return float(np.unique(truth, return_counts=True)[1].max() / len(truth))

"""The verdict: better than the best simple rule, not shown to be, or worse. Path: model -> **evaluation** -> report.

Counts, ranges, tests, then one sentence. Judges answers to the sealed test set, once they are given; opening the seal
and writing that down belongs to the shell, before this is called. Never sees a model or an item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from florilegium.errors import InputError, StepMissing
from florilegium.evaluation.alpha import ALPHA, alpha_of_opening
from florilegium.evaluation.calibration import calibration
from florilegium.evaluation.cautions import cautions
from florilegium.evaluation.confusion import class_scores
from florilegium.evaluation.intervals import score
from florilegium.evaluation.paired import Comparison, compare
from florilegium.evaluation.power import more_labels, smallest_difference
from florilegium.evaluation.sentences import sentence
from florilegium.evaluation.values import Outcome, Predictions, Sanity, Score, Verdict
from florilegium.types import Bools, Ints

ONE_POINT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rival:
    score: Score
    against: Comparison


def judge(
    model: Predictions,
    baselines: Mapping[str, Ints],
    *,
    opening: int,
    rng: np.random.Generator,
    leaked: Bools | None = None,
    known: Bools | None = None,
    same_sources: Score | None = None,
    new_sources: Score | None = None,
    sanity: tuple[Sanity, ...] = (),
    alpha: float = ALPHA,
) -> Verdict:
    """Judge a model by its answers to the sealed test items against all baselines' answers to the same items.

    Args: model: the n test items with the model's probabilities.  baselines: per name the class numbers it said, (n,).
        opening: k, how many times this seal has now been opened.  rng: draws for the calibration range only.
        leaked: test items with a near-duplicate in train, (n,).
        known: items that the model does not abstain on, (n,).
        same_sources, new_sources: cross-validated scores of section 5's two questions.  alpha: over all openings.
    Outcome: *better* needs every baseline beaten, each by range, McNemar's test and its version for groups, at alpha_k;
        *worse* needs one baseline that beats the model so at alpha_k / number of baselines. So the chance of ever
        saying either without cause is at most alpha (docs/verdict.md).
    Raises: StepMissing: no test items or no baseline.  InputError: an array does not fit the items.
    """
    _check(model, baselines, leaked, known)
    alpha_k = alpha_of_opening(opening, alpha=alpha)
    rivals = _rivals(model, baselines, level=1 - alpha_k)
    judged = _judged(model, rivals, opening=opening, alpha=alpha)
    reliable = calibration(model, rng=rng)
    told = replace(
        judged,
        leak_free=None if leaked is None else _score_of("model without leaks", model, ~leaked),
        n_leaked=0 if leaked is None else int(leaked.sum()),
        same_sources=same_sources,
        new_sources=new_sources,
        calibration_error=reliable.error,
        calibration_low=reliable.low,
        calibration_high=reliable.high,
        n_unknown=0 if known is None else int((~known).sum()),
        answered=None if known is None else _score_of("model where it answers", model, known),
        sanity=sanity,
    )
    unbeaten = tuple(rival.score.name for rival in rivals if not rival.against.shows_better(alpha_k))
    spoken = replace(told, sentence=sentence(told))
    return replace(spoken, warnings=cautions(spoken, unbeaten=unbeaten, classes=model.classes))


def _judged(model: Predictions, rivals: tuple[_Rival, ...], *, opening: int, alpha: float) -> Verdict:
    alpha_k = alpha_of_opening(opening, alpha=alpha)
    best, against = rivals[0].score, rivals[0].against
    smallest = smallest_difference(against.n_effective, discordance=against.discordance, alpha=alpha_k)
    # Whoever labels more must open the seal again, at the next opening's level.
    alpha_next = alpha_of_opening(opening + 1, alpha=alpha)
    n_more = more_labels(ONE_POINT, against.n_effective, discordance=against.discordance, alpha=alpha_next)
    return Verdict(
        outcome=_outcome(rivals, alpha=alpha_k),
        sentence="",
        model=score("model", model.right, model.groups),
        baseline=best,
        difference=against.difference,
        p_value=against.p_value,
        p_value_groups=against.p_value_groups,
        n_only_model=against.n_only_model,
        n_only_baseline=against.n_only_other,
        n_test=len(model),
        n_groups=len(np.unique(model.groups)),
        opening=opening,
        alpha=alpha_k,
        smallest_difference=smallest,
        n_more_for_one_point=None if smallest <= ONE_POINT else n_more,
        baselines=tuple(rival.score for rival in rivals),
        per_class=tuple(found.recall for found in class_scores(model) if found.recall is not None),
        design_effect=against.design_effect,
    )


def _rivals(model: Predictions, baselines: Mapping[str, Ints], *, level: float) -> tuple[_Rival, ...]:
    """Compare the model with each baseline; the most accurate first, of equals the one hardest to beat."""
    rivals = []
    for name, said in baselines.items():
        right = said == model.truth
        against = compare(model.right, right, model.groups, level=level)
        rivals.append(_Rival(score=score(name, right, model.groups), against=against))
    return tuple(sorted(rivals, key=lambda rival: (-rival.score.n_right, rival.against.difference.low)))


def _outcome(rivals: tuple[_Rival, ...], *, alpha: float) -> Outcome:
    if all(rival.against.shows_better(alpha) for rival in rivals):
        return Outcome.BETTER
    # The best of m baselines was picked on these very items; being beaten by the luckiest of m is m times as likely.
    if rivals[0].against.shows_worse(alpha / len(rivals)):
        return Outcome.WORSE
    return Outcome.NOT_SHOWN


def _score_of(name: str, model: Predictions, rows: Bools) -> Score | None:
    return score(name, model.right[rows], model.groups[rows]) if rows.any() else None


def _check(model: Predictions, baselines: Mapping[str, Ints], leaked: Bools | None, known: Bools | None) -> None:
    if len(model) == 0:
        message = "the sealed test set holds no items, so nothing can be judged. Add labelled items: florilegium new"
        raise StepMissing(message)
    if not baselines:
        message = "no baseline answered the test items, and a score alone judges nothing. Run: florilegium train"
        raise StepMissing(message)
    shapes = {f"baseline {name!r}": said.shape for name, said in baselines.items()}
    shapes |= {name: rows.shape for name, rows in (("leaked", leaked), ("known", known)) if rows is not None}
    if faults := [f"{name} has shape {shape}" for name, shape in shapes.items() if shape != (len(model),)]:
        message = f"the model answered {len(model)} test items, but {', '.join(faults)}. Train again: florilegium train"
        raise InputError(message)

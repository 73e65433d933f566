"""Measure how well a model tells what it does not know: false alarms, misses, ranges. Path: **project** (shell).

Takes a model's answers, or lets a model answer; writes what was found into its file where that is asked for.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from florilegium import evaluation
from florilegium.errors import StepMissing
from florilegium.evaluation import Predictions, Score
from florilegium.features.stream import Picture, stream
from florilegium.model import calibration, strangeness
from florilegium.model import file as model_file
from florilegium.model.figures import N_CONFUSED, AbstentionFigures, ClassFigures, Rate
from florilegium.model.head import Head
from florilegium.model.opened import Answers, ModelFile
from florilegium.project.strange_texts import made_up_texts
from florilegium.project.strangers import made_up
from florilegium.source.base import Fault
from florilegium.types import Bools, Floats, Ints, Progress, Vectors, silent

ROUNDS = 4  # of leaving classes out: each class is strange once
STEP = "strange items"
SEALED, HELD_OUT = "sealed items", "items held out in cross-validation"


def class_figures(
    predictions: Predictions, trained: tuple[ClassFigures, ...], *, judged_on: str = SEALED
) -> tuple[ClassFigures, ...]:
    """Add to what each class was learned from how well it was answered; labels that are no class are left out.

    Figures on more items stay: a handful of sealed items per class says less than hundreds that were held out.
    Args: trained: one per class of the model, with the items it was learned from.  judged_on: what the items are.
    """
    if sum(each.n_asked for each in trained) > len(predictions):
        return trained
    counts = evaluation.confusion(predictions).counts
    scores = {each.name: each.recall for each in evaluation.class_scores(predictions)}
    asked = (replace(each, judged_on=judged_on) if scores.get(each.label) else each for each in trained)
    return tuple(
        _judged(figures, scores.get(figures.label), counts[number], predictions.classes, number)
        for number, figures in enumerate(asked)
    )


def _judged(
    figures: ClassFigures, recall: Score | None, said: Ints, classes: tuple[str, ...], number: int
) -> ClassFigures:
    if recall is None:
        return figures
    others = [i for i in np.argsort(-said, kind="stable").tolist() if i != number and said[i] > 0][:N_CONFUSED]
    return replace(
        figures,
        n_asked=recall.n,
        n_right=recall.n_right,
        low=recall.low,
        high=recall.high,
        confused_with=tuple(classes[i] for i in others),
    )


def rate(name: str, happened: Bools, groups: Ints | None = None) -> Rate:
    """Count how often something happened (n,), with its range; groups (n,): items that are not independent."""
    found = evaluation.score(name, happened, np.arange(len(happened)) if groups is None else groups)
    return Rate(name=name, n=found.n, n_events=found.n_right, low=found.low, high=found.high)


def figures(
    answers: Answers, right: Bools, groups: Ints, *, limit: float, misses: tuple[Rate, ...] = (), name: str
) -> AbstentionFigures:
    """Tell what a model's abstention does to items of its own classes.

    Args: answers: to n such items that it had not seen.  right: (n,) was the likeliest class the true one?
        limit: of strangeness, as the card states it.  misses: from `misses_of`.  name: what the items are.
    Raises: StepMissing: the answers hold no strangeness.
    """
    if answers.strangeness is None:
        raise StepMissing("this model cannot tell strange items. Train again: florilegium train")
    strange: Bools = answers.strangeness > np.float32(limit)
    known = answers.known
    return AbstentionFigures(
        false_alarms=rate(f"{name}: called strange", strange, groups),
        unsure=rate(f"{name}: unsure between classes", ~known & ~strange, groups),
        answered_right=rate(f"{name}: right among the answered", right[known], groups[known]) if known.any() else None,
        misses=misses,
    )


def misses_of(
    model: ModelFile, kinds: Mapping[str, Iterable[Picture]], *, progress: Progress = silent
) -> tuple[Rate, ...]:
    """Let a model answer pictures that belong to no class; give per kind how many it answered all the same.

    What cannot be read is not counted; a kind of which nothing can be read is left out.
    """
    rates = []
    for done, (kind, pictures) in enumerate(kinds.items(), start=1):
        vectors = [found for _, found in stream(pictures, model.encoder) if not isinstance(found, Fault)]
        if vectors:
            rates.append(rate(kind, model.answers(np.stack(vectors)).known))
        progress(STEP, done, len(kinds))
    return tuple(rates)


def of_model(
    model: ModelFile,
    answers: Answers,
    predictions: Predictions,
    *,
    held_out: tuple[Predictions, Bools] | None = None,
    seed: int,
    progress: Progress = silent,
) -> AbstentionFigures | None:
    """Measure a judged model on its sealed items and on made-up ones; None where it has no sense of strangeness.

    Args: held_out: what it answered out of fold, and which of these answers it gave.
    """
    limit = model.card.strangeness_limit
    if limit is None or not len(predictions):
        return None
    if model.card.tokenizer is None:
        misses = misses_of(model, made_up(seed=seed), progress=progress)
    else:
        misses = tuple(
            rate(kind, model.answers_of_texts(texts).known) for kind, texts in made_up_texts(seed=seed).items()
        )
    found = figures(
        answers, predictions.right, predictions.groups, limit=limit, misses=misses, name="sealed items of its classes"
    )
    if held_out is None:
        return found
    given, known = held_out
    right = given.right[known]
    return replace(
        found,
        held_out_answered=rate(f"{HELD_OUT}: answered", known, given.groups),
        held_out_right=rate(f"{HELD_OUT}: right among the answered", right, given.groups[known])
        if len(right)
        else None,
    )


def add_misses(path: Path, misses: tuple[Rate, ...], *, notes: tuple[str, ...] = ()) -> None:
    """Write more kinds of strange items into a judged model's file; a kind of the same name is replaced.

    Raises: StepMissing: the model has not been judged.
    """
    known = model_file.open_model(path).card.abstention
    if known is None:
        raise StepMissing(f"{path}: not judged yet. Judge it first: florilegium verdict")
    fresh = {miss.name for miss in misses}
    kept = tuple(miss for miss in known.misses if miss.name not in fresh)
    said = tuple(note for note in known.notes if note not in notes)
    model_file.add_verdict(path, abstention=replace(known, misses=kept + misses, notes=said + notes))


def classes_left_out(
    x: Vectors | Mapping[int, Vectors], y: Ints, folds: Ints, groups: Ints, *, head: Head, target: float, seed: int
) -> tuple[Rate, Rate]:
    """Leave a quarter of the classes out, train on the others; count who gets an answer: the left-out, and the others.

    Every class is left out once; each item is asked about by a head that learned from no item of its fold. A network
    that was fine-tuned on all classes has seen the left-out ones, so its figure flatters; say so where it stands.

    Args:
        x, y, folds: of the training side, as `strangeness.out_of_fold` takes them.  groups: (n,) for the range.
        head: the chosen one, whose settings are used.  target: the wanted share right, as in training.
    """
    k = int(y.max()) + 1
    strange, own, known = [], [], []
    for left_out in np.array_split(np.random.default_rng(seed).permutation(k), min(ROUNDS, k - 1)):
        inside = ~np.isin(y, left_out)
        number: Ints = np.full(k, -1, dtype=np.int64)
        number[np.unique(y[inside])] = np.arange(k - len(left_out))
        known.append(_known(x, number[y], folds, head=head, target=target, seed=seed))
        strange.append(~inside & (folds >= 0))
        own.append(inside & (folds >= 0))
    return _counted("classes that it never learned", known, strange, groups), _counted(
        "classes that it learned", known, own, groups
    )


def _counted(name: str, known: Sequence[Bools], asked: Sequence[Bools], groups: Ints) -> Rate:
    """Count the answers over all rounds; each array is (n,)."""
    happened: Bools = np.concatenate([k[rows] for k, rows in zip(known, asked, strict=True)])
    return rate(name, happened, np.concatenate([groups[rows] for rows in asked]))


def _known(x: Vectors | Mapping[int, Vectors], y: Ints, folds: Ints, *, head: Head, target: float, seed: int) -> Bools:
    """Tell which items (n,) get an answer from a model of the classes y >= 0, out of fold."""
    inside = np.flatnonzero(y >= 0)
    k = int(y.max()) + 1
    scores: Floats = np.zeros((len(y), k))
    strange = np.full(len(y), np.nan)
    for fold in np.unique(folds[folds >= 0]).tolist():
        vectors = x[fold] if isinstance(x, Mapping) else x
        learned, held_out = inside[folds[inside] != fold], np.flatnonzero(folds == fold)
        scores[held_out] = _scores(head, vectors[learned], y[learned], vectors[held_out], k=k)
        examples = learned[strangeness.chosen(y[learned], seed=seed)]
        strange[held_out] = strangeness.strangeness(strangeness.learn(vectors[examples]), vectors[held_out])
    own = inside[folds[inside] >= 0]
    heat = calibration.temperature(scores[own], y[own])
    sure = calibration.probabilities(scores, temperature=heat).max(axis=1)
    limit = strangeness.limit_of(strange[own])
    right: Bools = scores[own].argmax(axis=1) == y[own]
    found = calibration.abstention(sure[own], right, target=target, strangeness=strange[own], limit=limit)
    known: Bools = (sure >= found.threshold) & (strange <= limit)
    return known


def _scores(head: Head, x: Vectors, y: Ints, asked: Vectors, *, k: int) -> Floats:
    """Fit the head's settings on (m, d) and score others: (b, k). A class that lives in one fold alone scores least."""
    fitted = copy.copy(head).fit(x, y)
    some = fitted.scores(asked)
    every: Floats = np.repeat(some.min(axis=1, keepdims=True), k, axis=1)
    every[:, fitted.classes_] = some
    return every

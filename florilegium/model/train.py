"""Choose a head by cross-validation, calibrate it, and say when it abstains. Path: features -> **model** -> evaluation.

Sees vectors, labels and folds of the training side only. Settings are chosen on the folds that score them, which
flatters a little; that is why the verdict on the sealed test set, and not this score, says how good the model is.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from florilegium.baseline import subset
from florilegium.errors import InputError
from florilegium.model import calibration, strangeness
from florilegium.model.calibration import Abstention
from florilegium.model.head import Head, Searched
from florilegium.model.heads import suited
from florilegium.model.weights import Features, Weights
from florilegium.parallel import on_one_core
from florilegium.types import Bools, Floats, Ints, Progress, silent

MAX_RACE = 5_000  # items on which candidates are compared: one standard error is at most 0.7 points
MAX_SHUFFLED = 1_000  # items of the run on shuffled labels: five points above chance would show
TARGET = 0.95  # share of right answers wanted among those given


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One encoder with one head, and what it got right on items that it had not seen."""

    encoder: str
    head: str
    settings: str
    n_settings: int  # compared on the same items
    n_right: int
    n: int  # items asked about: a sample where there are very many
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A fitted head, how it was chosen and what is known of it without the test set; row i of each array is item i.

    Rows whose fold is negative were never asked about: their scores are 0 and their probabilities 1 / k.
    """

    encoder: str  # key of the vectors it reads
    head: Head  # fitted on all n rows
    settings: str
    weights: Weights
    temperature: float
    abstention: Abstention
    scores: Floats  # (n, k) out of fold, before calibration
    probabilities: Floats  # (n, k) out of fold, calibrated
    known: Bools  # (n,) out of fold: did it give an answer? False where it was never asked
    candidates: tuple[Candidate, ...]  # all that was tried, the simplest first
    shuffled_rows: Ints  # (m,) items of the run on shuffled labels that were asked about
    shuffled_right: Bools  # (m,) whether the out-of-fold answer equals the shuffled label
    notes: tuple[str, ...] = field(default=())

    @property
    def threshold(self) -> float:
        """Give the probability below which the model abstains, 0..1."""
        return self.abstention.threshold


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What all steps need."""

    y: Ints  # (n,) 0..k-1, each at least once
    folds: Ints  # (n,)
    k: int
    seed: int

    def take(self, rows: Ints) -> "_Task":
        return replace(self, y=self.y[rows], folds=self.folds[rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One candidate and what its search brought."""

    told: Candidate
    searched: Searched
    name: str  # the head, and the encoder where several are tried

    def right(self, task: _Task) -> Bools:
        """Tell which of the items asked about were answered right."""
        found: Bools = (self.searched.scores.argmax(axis=1) == task.y)[task.folds >= 0]
        return found


def train(
    candidates: Mapping[str, Features],
    y: Ints,
    *,
    k: int,
    folds: Ints,
    seed: int,
    target: float = TARGET,
    progress: Progress = silent,
) -> Trained:
    """Choose encoder and head by cross-validated accuracy, fit on all items, calibrate, and find where to abstain.

    The simpler candidate wins unless another is better by more than one standard error of their difference.

    Args:
        candidates: encoder key -> vectors float32 (n, d) or counted terms csr (n, d), the simplest first.
        y: class numbers 0..k-1, each at least once, (n,).  seed: of all that is drawn.
        folds: fold of each item, whole groups in one, (n,); negative: always learned from, never asked about.
        target: the share of right answers wanted among those given, 0..1.
    Raises: InputError: no items, no vectors, a single class, or nothing that can be asked about.
    """
    _check(candidates, y, folds, k)
    with on_one_core():
        return _train(candidates, _Task(y, folds, k, seed), target, progress)


def _train(candidates: Mapping[str, Features], task: _Task, target: float, progress: Progress) -> Trained:
    entries, chosen, notes = _race(candidates, task, progress)
    found, y, asked_about = chosen.searched, task.y, task.folds >= 0
    temperature = calibration.temperature(found.scores[asked_about], y[asked_about])
    probabilities = calibration.probabilities(found.scores, temperature=temperature)
    strange = _strangeness(candidates[chosen.told.encoder], task)
    abstention = _abstention(probabilities, chosen.right(task), asked_about, strange, target=target)
    shuffled_rows, shuffled_right = _shuffled(found.head, candidates[chosen.told.encoder], task)
    return Trained(
        encoder=chosen.told.encoder,
        head=found.head,
        settings=found.settings,
        weights=found.head.weights_,
        temperature=temperature,
        abstention=abstention,
        scores=found.scores,
        probabilities=probabilities,
        known=_known(probabilities, abstention, asked_about, strange),
        candidates=tuple(entry.told for entry in entries),
        shuffled_rows=shuffled_rows,
        shuffled_right=shuffled_right,
        notes=(_choice_note(chosen, entries), *notes, calibration.told(abstention, target=target)),
    )


def again(trained: Trained, x: Features, y: Ints, folds: Ints, *, k: int, seed: int) -> Floats:
    """Give calibrated out-of-fold probabilities (n, k) with the chosen settings on other folds, as of whole sources."""
    with on_one_core():
        found = type(trained.head).search(x, y, folds, k=k, seed=seed, like=trained.head)
    return calibration.probabilities(found.scores, temperature=trained.temperature)


def recalibrated(
    trained: Trained,
    *,
    encoder: str,
    weights: Weights,
    scores: Floats,
    y: Ints,
    folds: Ints,
    strange: Floats | None = None,
    target: float = TARGET,
    false_alarms: float = strangeness.FALSE_ALARMS,
) -> Trained:
    """Put other weights, learned elsewhere, in the place of a head's, and calibrate anew on their out-of-fold scores.

    Args: encoder: key of the vectors that the weights read.  scores: (n, k) out of fold; rows never asked about are 0.
        strange: (n,) strangeness out of fold, by encoders that had not seen the fold either; None: without that sense.
        false_alarms: the share of items out of fold that may be called strange, 0..1.
    """
    asked_about = folds >= 0
    temperature = calibration.temperature(scores[asked_about], y[asked_about])
    probabilities = calibration.probabilities(scores, temperature=temperature)
    right: Bools = (scores.argmax(axis=1) == y)[asked_about]
    abstention = _abstention(probabilities, right, asked_about, strange, target=target, false_alarms=false_alarms)
    return replace(
        trained,
        encoder=encoder,
        weights=weights,
        temperature=temperature,
        abstention=abstention,
        scores=scores,
        probabilities=probabilities,
        known=_known(probabilities, abstention, asked_about, strange),
        # The last note tells of the abstention, which is another one now.
        notes=(*trained.notes[:-1], calibration.told(abstention, target=target)),
    )


def _strangeness(x: Features, task: _Task) -> Floats | None:
    """Give each item's strangeness out of fold (n,); None for texts, whose model knows a strange one by its words."""
    return None if sp.issparse(x) else strangeness.out_of_fold(x, task.y, task.folds, seed=task.seed)


def _abstention(
    probabilities: Floats,
    right: Bools,
    asked_about: Bools,
    strange: Floats | None,
    *,
    target: float,
    false_alarms: float = strangeness.FALSE_ALARMS,
) -> Abstention:
    """Set the limit of strangeness first, then the threshold among what is not strange; right: (m,) of those asked."""
    sure = probabilities[asked_about].max(axis=1)
    if strange is None:
        return calibration.abstention(sure, right, target=target)
    held_out = strange[asked_about]
    limit = strangeness.limit_of(held_out, false_alarms=false_alarms)
    return calibration.abstention(sure, right, target=target, strangeness=held_out, limit=limit)


def _known(probabilities: Floats, abstention: Abstention, asked_about: Bools, strange: Floats | None) -> Bools:
    """Tell which items (n,) got an answer out of fold."""
    known: Bools = asked_about & (probabilities.max(axis=1) >= abstention.threshold)
    if strange is None or abstention.limit is None:
        return known
    return known & (strange <= abstention.limit)


def _check(candidates: Mapping[str, Features], y: Ints, folds: Ints, k: int) -> None:
    if len(y) == 0 or not candidates:
        raise InputError("nothing to learn from: expected labelled items on the training side. Label some, then train.")
    if k < 2:
        raise InputError(
            f"all {len(y):,} training items have one label: expected at least 2 classes. Label others too."
        )
    if not (folds >= 0).any():
        raise InputError("no item can be held out: expected at least 2 groups. Add items, then train.")
    if not np.array_equal(np.unique(y), np.arange(k)):
        raise ValueError(f"labels are {np.unique(y)[:20]}: expected each of 0..{k - 1} at least once")
    wrong = [f"{key}: {x.shape[0]:,} rows" for key, x in candidates.items() if x.shape[0] != len(y)]
    if wrong:
        raise ValueError(f"{'; '.join(wrong)} for {len(y):,} labels")


def _race(
    candidates: Mapping[str, Features], task: _Task, progress: Progress
) -> tuple[list[_Entry], _Entry, list[str]]:
    """Try all candidates, on a sample where items are many; give them, and the winner fitted on all items."""
    rows = subset(task.y, MAX_RACE, seed=task.seed)
    if len(rows) == len(task.y) or _is_alone(candidates):
        entries, notes = _tried(candidates, task, progress)
        return entries, entries[_simplest([entry.right(task) for entry in entries])], notes
    sample = task.take(rows)
    entries, notes = _tried({key: x[rows] for key, x in candidates.items()}, sample, progress)
    place = _simplest([entry.right(sample) for entry in entries])
    entries[place] = _whole(entries[place], candidates, task, progress)
    notes.append(f"The candidates were compared on a stratified sample of {len(rows):,}; the winner learned from all.")
    return entries, entries[place], notes


def _is_alone(candidates: Mapping[str, Features]) -> bool:
    return len(candidates) == 1 and len(suited(next(iter(candidates.values())))) == 1


def _whole(winner: _Entry, candidates: Mapping[str, Features], task: _Task, progress: Progress) -> _Entry:
    """Give the winner of a sample on all items, with the settings that won."""
    began = time.perf_counter()
    head, encoder = winner.searched.head, winner.told.encoder
    found = type(head).search(
        candidates[encoder], task.y, task.folds, k=task.k, seed=task.seed, like=head, progress=progress
    )
    return _entry(found, encoder, winner.name, task, seconds=winner.told.seconds + time.perf_counter() - began)


def _tried(candidates: Mapping[str, Features], task: _Task, progress: Progress) -> tuple[list[_Entry], list[str]]:
    """Cross-validate each head on each encoder, the simplest head first."""
    entries: list[_Entry] = []
    skipped: dict[str, str] = {}  # head -> why
    for kind in suited(next(iter(candidates.values()))):
        if kind.only_if_bent and not _is_bent(entries, task):
            continue
        for encoder, x in candidates.items():
            name = kind.head.name if len(candidates) == 1 else f"{kind.head.name} on {encoder.rsplit('-', 1)[0]}"
            if why := kind.too_much(x.shape[0], x.shape[1], task.k):
                skipped[kind.head.name] = why
                continue
            began = time.perf_counter()
            found = kind.head.search(x, task.y, task.folds, k=task.k, seed=task.seed, progress=progress)
            entries.append(_entry(found, encoder, name, task, seconds=time.perf_counter() - began))
    return entries, [f"The {name} head was not tried: {why}." for name, why in skipped.items()]


def _entry(found: Searched, encoder: str, name: str, task: _Task, *, seconds: float) -> _Entry:
    told = Candidate(
        encoder=encoder,
        head=found.head.name,
        settings=found.settings,
        n_settings=found.n_settings,
        n_right=int((found.scores.argmax(axis=1) == task.y)[task.folds >= 0].sum()),
        n=int((task.folds >= 0).sum()),
        seconds=seconds,
    )
    return _Entry(told, found, name)


def _is_bent(entries: Sequence[_Entry], task: _Task) -> bool:
    """Tell whether a rule that bends beats the straight ones."""
    return entries[_simplest([entry.right(task) for entry in entries])].told.head != entries[0].told.head


def _simplest(rights: Sequence[Bools]) -> int:
    """Give the first candidate that is within one standard error of the best; rights: (n,) each.

    The standard error is that of the paired difference: the root of the number of items on which the two differ.

    >>> _simplest([np.array([True, True, False]), np.array([True, True, True])])
    0
    """
    best = max(rights, key=np.count_nonzero)
    gaps = [int(best.sum()) - int(each.sum()) for each in rights]
    return next(i for i, each in enumerate(rights) if gaps[i] <= np.sqrt((best != each).sum()))


def _shuffled(head: Head, x: Features, task: _Task) -> tuple[Ints, Bools]:
    """Train on shuffled labels; give the items asked about (m,), and whether the answer was the shuffled label."""
    rows = subset(task.y, MAX_SHUFFLED, seed=task.seed)
    shuffled = np.random.default_rng(task.seed).permutation(task.y[rows])
    found = type(head).search(x[rows], shuffled, task.folds[rows], k=task.k, seed=task.seed, like=head)
    asked_about = task.folds[rows] >= 0
    return rows[asked_about], (found.scores.argmax(axis=1) == shuffled)[asked_about]


def _choice_note(chosen: _Entry, entries: Sequence[_Entry]) -> str:
    won = f"Chosen by cross-validation: {chosen.name} ({chosen.told.settings})"
    if len(entries) == 1:
        return f"{won}."
    tried = ", ".join(f"{e.name} {100 * e.told.n_right / e.told.n:.1f} %" for e in entries)
    return f"{won}. Tried: {tried}; within one standard error the simpler one wins."

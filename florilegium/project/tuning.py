"""Fine-tune the network, and keep the result only where it is shown to be better. Path: **project** (shell)."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import evaluation
from florilegium import model as models
from florilegium.errors import SettingError, StepMissing
from florilegium.evaluation import Comparison
from florilegium.features import GraphEncoder, SentenceEncoder
from florilegium.features.decode import decode
from florilegium.features.stream import as_rgb
from florilegium.model import Trained as TrainedHead
from florilegium.model import strangeness
from florilegium.model.linear import LinearHead
from florilegium.project import abstaining, small
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide
from florilegium.source.base import Files, Texts
from florilegium.types import Floats, Ints, Octets, Vectors

if TYPE_CHECKING:
    from florilegium.model.finetune import (
        Forecast,
        Plan,
        ScratchPlan,
        ScratchTask,
        SentencePlan,
        SentenceTask,
        Task,
        Tuned,
    )
    from florilegium.project.project import Project

    AnyTuned = Tuned[GraphEncoder | SentenceEncoder]

KEPT_BYTES = 4 << 30  # of decoded photos; what is beyond is decoded each time it is seen
MANY_TEXTS = 2_000  # above this the texts are held out in two halves: five trainings of 10,000 take over an hour
LEVEL = 0.05  # of the comparison with the frozen head, on items of the training side
# What was done, what it is compared with, and how the result came about.
TUNED_WORDS = ("Fine-tuning", "the frozen network", "fine-tuned")
SCRATCH_WORDS = ("Learning a network from scratch", "the frozen head on pixels", "learned")


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneWish:
    """That the user wants fine-tuning, and how."""

    epochs: int | None = None  # None: the plan's own
    device: str = "auto"
    side: int | None = None  # px; None: the plan's own
    agree: Callable[["Forecast"], bool] = lambda _: True  # asked before it starts

    @property
    def key(self) -> str:
        """Name what the result depends on."""
        return repr((self.epochs, self.side))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuning:
    """What fine-tuning brought: the head to publish, the encoder where it is a new one, and what to record."""

    found: TrainedHead
    encoder: GraphEncoder | SentenceEncoder | None  # None: the frozen one stays
    record: dict[str, Any]


def tune(
    project: "Project", holdings: Holdings, side: TrainingSide, found: TrainedHead, *, x: Vectors, wish: TuneWish
) -> Tuning:
    """Fine-tune, compare with the frozen head on the same out-of-fold items, and give the one to keep.

    Args: found: the frozen model's head.  x: (n, d) the frozen vectors of the training side.
    Raises: SettingError: torch is missing, the items are no pictures, or there is no such device.
    """
    finetune = library()
    encoder = next((e for e in holdings.choice.encoders if e.key == found.encoder), None)
    task: Task | ScratchTask | SentenceTask
    plan: Plan | ScratchPlan | SentencePlan
    if isinstance(encoder, SentenceEncoder):
        task = sentence_task(holdings, side, encoder, x)
        plan = sentence_plan(len(side.y), seed=project.settings.seed, wish=wish)
        forecast, learn = finetune.sentence_forecast, finetune.tuned_on_texts
        side = replace(side, folds=task.folds)
    elif encoder is None or encoder.is_pixels:
        task = small.scratch_task(holdings, side)  # no network to start from: one is learned from scratch
        plan = small.scratch_plan(len(side.y), seed=project.settings.seed, epochs=wish.epochs, side=wish.side)
        forecast, learn = finetune.scratch_forecast, finetune.from_scratch
        side = replace(side, folds=task.folds)
    else:
        task = task_of(holdings, side, encoder, x)
        plan = finetune.Plan(seed=project.settings.seed, side=wish.side)
        plan = replace(plan, epochs=wish.epochs) if wish.epochs else plan
        forecast, learn = finetune.forecast, finetune.finetune
    device = finetune.chosen_device(wish.device)
    expected = forecast(task, plan, device=device)
    if not wish.agree(expected):
        raise StepMissing("fine-tuning was not started, and nothing was changed. Train without it: florilegium train")
    kept = project.cache / "finetune"
    tuned = learn(task, plan, device=device, kept=kept, progress=project.progress)
    result = _judged(project, side, found, tuned, {"forecast": str(expected), "device": device, "plan": asdict(plan)})
    shutil.rmtree(kept, ignore_errors=True)
    return result


def library() -> Any:  # noqa: ANN401 - a module that loads torch
    """Give the module that fine-tunes.

    Raises: SettingError: torch is not installed.
    """
    try:
        from florilegium.model import finetune
    except ModuleNotFoundError as error:
        raise SettingError(
            f"--finetune needs {error.name}, which is not installed. Run: pip install 'florilegium[finetune]'"
        ) from error
    return finetune


def task_of(holdings: Holdings, side: TrainingSide, encoder: GraphEncoder, x: Vectors) -> "Task":
    """Give the task of fine-tuning an encoder on the training side; x: (n, d) its frozen vectors."""
    from florilegium.model.finetune import Task

    return Task(
        encoder=encoder,
        photos=_Photos(holdings, side.rows, short=encoder.decode_side),
        x=x,
        y=side.y,
        k=len(side.classes),
        folds=side.folds,
        sources=[holdings.origins[i] for i in side.rows],
        hashes=[holdings.dataset.samples[i].sha256 for i in side.rows],
    )


def sentence_task(holdings: Holdings, side: TrainingSide, encoder: SentenceEncoder, x: Vectors) -> "SentenceTask":
    """Give the task of fine-tuning an encoder on the texts of the training side; x: (n, d) its frozen vectors."""
    from florilegium.model.finetune import SentenceTask, coarser

    return SentenceTask(
        encoder=encoder,
        texts=holdings.texts(side.rows) or (),
        x=x,
        y=side.y,
        k=len(side.classes),
        folds=coarser(side.folds, many=MANY_TEXTS),
        hashes=[holdings.dataset.samples[i].sha256 for i in side.rows],
    )


def sentence_plan(n: int, *, seed: int, wish: TuneWish) -> "SentencePlan":
    """Give the plan for n texts.

    Raises: SettingError: a side was asked for, or the epochs are out of range.
    """
    from florilegium.model.finetune import SentencePlan

    if wish.side is not None:
        raise SettingError(f"--side {wish.side}: texts have no size in pixels. Leave the option out.")
    return SentencePlan.for_items(n, seed=seed, epochs=wish.epochs)


class _Photos:
    """Decoded photos by their place on the training side; kept as long as they fit."""

    def __init__(self, holdings: Holdings, rows: Ints, *, short: int) -> None:
        self._contents, self._rows, self._short = holdings.dataset.contents, rows, short
        self._kept: dict[int, Octets] = {}
        self._n_bytes = 0
        self._lock = threading.Lock()

    def __call__(self, place: int) -> Octets:
        photo = self._kept.get(place)
        if photo is None:
            photo = self._decoded(int(self._rows[place]))
            with self._lock:
                if self._n_bytes + photo.nbytes <= KEPT_BYTES and place not in self._kept:
                    self._kept[place] = photo
                    self._n_bytes += photo.nbytes
        return photo

    def _decoded(self, row: int) -> Octets:
        match self._contents:
            case Files():
                return decode(self._contents.paths[row], short_side=self._short)
            case Texts():
                raise TypeError("texts cannot be seen")
            case pixels:
                return as_rgb(pixels.array[row])


def _judged(
    project: "Project",
    side: TrainingSide,
    found: TrainedHead,
    tuned: "AnyTuned",
    record: dict[str, Any],
) -> Tuning:
    """Compare on the items that both answered out of fold; the frozen one stays unless that shows a gain."""
    asked = side.folds >= 0
    right = (tuned.scores.argmax(axis=1) == side.y)[asked]
    frozen = (found.scores.argmax(axis=1) == side.y)[asked]
    compared = evaluation.compare(right, frozen, side.groups[asked], level=1 - LEVEL)
    better = compared.shows_better(LEVEL)
    record |= {
        "tuned": float(right.mean()),
        "frozen": float(frozen.mean()),
        "difference": asdict(compared.difference),
        "p_value": compared.p_value,
        "p_value_groups": compared.p_value_groups,
        "kept": better,
        "epochs": tuned.epochs,
        "errors": list(tuned.errors),
        "seconds": tuned.seconds,
    }
    words = SCRATCH_WORDS if _starts_from_pixels(found) else TUNED_WORDS
    note = _told(compared, float(right.mean()), float(frozen.mean()), better=better, words=words)
    if not better:
        kept = replace(found, notes=(*found.notes, *tuned.notes, note))
        return Tuning(found=kept, encoder=None, record=record)
    retrained = models.recalibrated(
        found,
        encoder=tuned.encoder.key,
        weights=tuned.head,
        scores=tuned.scores,
        y=side.y,
        folds=side.folds,
        strange=_strangeness(side, tuned, seed=project.settings.seed),
        target=project.settings.answer_accuracy,
        false_alarms=small.FALSE_ALARMS if _starts_from_pixels(found) else strangeness.FALSE_ALARMS,
    )
    record["left_out"] = _left_out(project, side, found, tuned)
    settings = f"{words[2]} for {tuned.epochs} epochs"
    head = LinearHead.of(tuned.head)  # whatever kind the frozen one was
    notes = (*retrained.notes, *tuned.notes, note)
    made = replace(retrained, head=head, settings=settings, notes=notes)
    return Tuning(found=made, encoder=tuned.encoder, record=record)


def _strangeness(side: TrainingSide, tuned: "AnyTuned", *, seed: int) -> Floats | None:
    """Give each item's strangeness (n,) by the network that had not seen its fold; None where none was held out."""
    by_fold = _by_fold(side, tuned)
    return None if by_fold is None else strangeness.out_of_fold(by_fold, side.y, side.folds, seed=seed)


def _by_fold(side: TrainingSide, tuned: "AnyTuned") -> dict[int, Vectors] | None:
    """Give all items' vectors (n, d) per fold, by the network that had not seen it; None where none was held out."""
    numbers = np.unique(side.folds[side.folds >= 0]).tolist()
    if len(numbers) != len(tuned.fold_vectors):
        return None
    return dict(zip(numbers, tuned.fold_vectors, strict=True))


def _left_out(project: "Project", side: TrainingSide, found: TrainedHead, tuned: "AnyTuned") -> list[dict[str, Any]]:
    """Measure who gets an answer where a quarter of the classes is left out of the head: the left-out, and the others.

    The network has learned from all classes, so a kind that it has truly never seen is missed more often than this.
    """
    by_fold = _by_fold(side, tuned)
    if by_fold is None or _starts_from_pixels(found):
        return []  # what was learned from scratch knows nothing but these classes
    target = project.settings.answer_accuracy
    rates = abstaining.classes_left_out(
        by_fold, side.y, side.folds, side.groups, head=found.head, target=target, seed=project.settings.seed
    )
    return [asdict(each) for each in rates]


def _starts_from_pixels(found: TrainedHead) -> bool:
    """Tell whether the frozen model reads pixels, so that there was no network to tune and one was learned."""
    return found.encoder.startswith("pixels")


def _told(compared: Comparison, tuned: float, frozen: float, *, better: bool, words: tuple[str, str, str]) -> str:
    gap = compared.difference
    figures = (
        f"{100 * tuned:.1f} % against {100 * frozen:.1f} % out of fold on {compared.n:,} items, "
        f"difference {100 * gap.value:+.1f} points ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})"
    )
    what, other, made = words
    if better:
        return f"{what} beat {other}: {figures}. The {made} one is kept."
    return f"{what} was not shown to beat {other}: {figures}. The frozen one is kept."

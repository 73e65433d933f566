"""What each idea brings on photos from sources never seen: `python -m tools.flower_trials [IDEA ...]`.

Every idea answers the same photos of the flower project's training side, each by a model that learned from no photo of
its sources, and is compared in pairs with the frozen network. Answers are kept, so that ideas can be tried one by one.
Ideas called "short" are trained for less than the shipped model is (`tools/flower_short.py`), and compared with each
other. The sealed photos are not looked at.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

import florilegium
from florilegium import evaluation, features
from florilegium.cli.bars import Bars
from florilegium.evaluation import Comparison
from florilegium.features.backbone import backbone
from florilegium.features.stream import Runner
from florilegium.model.finetune import Plan, Task, finetune
from florilegium.model.finetune.augment import view
from florilegium.model.linear import LinearHead
from florilegium.project import Project
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide, training_side
from florilegium.project.tuning import task_of
from florilegium.types import Floats, Ints, Vectors
from tools.flower_short import SHORT, C, in_halves, taught, trained

FROZEN, TEACHER = "mobilenetv2_100_tf", "inception_v3_trunk"
BAR = "frozen MobileNetV2"  # what every idea is compared with
SHORT_FROZEN, SHORT_BAR = "short, frozen MobileNetV2", "short, fine-tuned"
PLAN = Plan(epochs=12, side=192)
PLAIN = replace(PLAN, colour=0.0, blur=0.0, cutout=0.0)  # crops and mirroring only
N_VIEWS = 3  # of each photo, beside the photo itself


def bar_of(idea: str) -> str:
    """Name what an idea is compared with: short trainings learn from fewer photos, so only with each other.

    >>> bar_of("both frozen, joined"), bar_of("short, fine-tuned"), bar_of("short, without weight averaging")
    ('frozen MobileNetV2', 'short, frozen MobileNetV2', 'short, fine-tuned')
    """
    if not idea.startswith("short"):
        return BAR
    return SHORT_FROZEN if idea in (SHORT_FROZEN, SHORT_BAR) else SHORT_BAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all ideas are tried on."""

    project: Project
    holdings: Holdings
    side: TrainingSide

    def vectors(self, name: str) -> Vectors:
        """Give the embeddings (n, d) of a backbone of the mirror, from the project's cache where they are known."""
        some = self.holdings.dataset.take(self.side.rows)
        encoder = backbone(name)
        with Bars() as bars:
            encoded = features.encode(
                some.contents, some.hashes, encoder=encoder, cache_dir=self.project.cache, progress=bars
            )
        return encoded.vectors

    def task(self, y: Ints | None = None) -> Task:
        """Give the task of fine-tuning MobileNetV2, with other labels y (n,) where given."""
        task = task_of(self.holdings, self.side, backbone(FROZEN), self.vectors(FROZEN))
        return task if y is None else replace(task, y=y)


def _frozen(*names: str) -> Callable[[Ground, Path], Floats]:
    def scores(ground: Ground, _: Path) -> Floats:
        x = np.hstack([ground.vectors(name) for name in names])
        side = ground.side
        return LinearHead.search(x, side.y, side.folds, k=len(side.classes), seed=0).scores

    return scores


def _frozen_views(plan: Plan) -> Callable[[Ground, Path], Floats]:
    """Let the frozen network's head learn from N_VIEWS random views of each photo too; asked is the photo as it is."""

    def scores(ground: Ground, _: Path) -> Floats:
        side, task = ground.side, ground.task()
        runner, px = Runner(task.encoder), task.encoder.side
        seen = [task.x]
        for number in range(N_VIEWS):
            rngs = [np.random.default_rng([number, row]) for row in range(len(side.y))]
            shown = [view(task.photos(row), side=px, plan=plan, rng=rng) for row, rng in enumerate(rngs)]
            seen.append(np.concatenate([runner.embed(np.stack(shown[i : i + 32])) for i in range(0, len(shown), 32)]))
        often = N_VIEWS + 1
        # The penalty is per item: with more views of each photo it is made as much weaker for each of them.
        head: LinearHead = LinearHead(c=C / often)
        y, folds = np.tile(side.y, often), np.tile(side.folds, often)
        found = LinearHead.search(np.concatenate(seen), y, folds, k=len(side.classes), seed=0, like=head)
        return found.scores[: len(side.y)]

    return scores


def _tuned(plan: Plan, *, as_found: bool = False) -> Callable[[Ground, Path], Floats]:
    def scores(ground: Ground, kept: Path) -> Floats:
        task = ground.task(_labels_as_found(ground) if as_found else None)
        with Bars() as bars:
            return finetune(task, plan, kept=kept, progress=bars).scores

    return scores


def _short(plan: Plan = SHORT, *, averaged: bool = True) -> Callable[[Ground, Path], Floats]:
    return lambda ground, kept: trained(ground.task(), plan, kept=kept, averaged=averaged)


def _short_taught(ground: Ground, _: Path) -> Floats:
    return taught(ground.task(), SHORT, teacher=np.hstack([ground.vectors(name) for name in (FROZEN, TEACHER)]))


def _short_frozen(ground: Ground, _: Path) -> Floats:
    side = ground.side
    x, folds = ground.vectors(FROZEN), in_halves(side.folds)
    return LinearHead.search(x, side.y, folds, k=len(side.classes), seed=0).scores


def _labels_as_found(ground: Ground) -> Ints:
    """Give the labels (n,) before anybody corrected them; they are learned from, the corrected ones are asked for."""
    first: dict[str, str | None] = {}
    for event in ground.project.store.label_events():
        first.setdefault(event.name, event.label)
    number = {label: i for i, label in enumerate(ground.side.classes)}
    return np.array([number[first[name] or ""] for name in ground.side.names], dtype=np.int64)


IDEAS: Mapping[str, Callable[[Ground, Path], Floats]] = MappingProxyType(
    {
        BAR: _frozen(FROZEN),
        "frozen Inception trunk (may teach, does not ship)": _frozen(TEACHER),
        "both frozen, joined": _frozen(FROZEN, TEACHER),
        "frozen MobileNetV2, the head learns from three views more of each photo": _frozen_views(PLAN),
        "frozen MobileNetV2, three views more, crops and mirroring only": _frozen_views(PLAIN),
        "fine-tuned, 12 epochs at 192 px": _tuned(PLAN),
        "the same, labels as found": _tuned(PLAN, as_found=True),
        "the same, at 224 px": _tuned(replace(PLAN, side=224)),
        "the same, crops and mirroring only": _tuned(PLAIN),
        "the same, without weight averaging": _tuned(replace(PLAN, averaging=0.0)),
        "the same, sources drawn by their size": _tuned(replace(PLAN, source_power=0.0)),
        "the same, mixup 0.2": _tuned(replace(PLAN, mixup=0.2)),
        "the same, 24 epochs": _tuned(replace(PLAN, epochs=24)),
        SHORT_FROZEN: _short_frozen,
        SHORT_BAR: _short(),
        "short, without weight averaging": _short(averaged=False),
        "short, crops and mirroring only": _short(replace(SHORT, colour=0.0, blur=0.0, cutout=0.0)),
        "short, taught by both frozen networks joined": _short_taught,
    }
)


def answers(ground: Ground, idea: str) -> Ints:
    """Give the class numbers (m,) that an idea answers out of fold, in the order of the training side; kept."""
    folder = ground.project.folder / "trials"
    folder.mkdir(exist_ok=True)
    path = folder / f"{''.join(c if c.isalnum() else '-' for c in idea)}.npy"
    if not path.is_file():
        scores = IDEAS[idea](ground, folder / "checkpoints")
        np.save(path, scores.argmax(axis=1)[ground.side.folds >= 0])
    found: Ints = np.load(path, allow_pickle=False)
    return found


def main() -> None:
    """Try the ideas that are named, or all; print the table of `docs/flowers.md`."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("ideas", nargs="*", metavar="IDEA", help=f"a part of a name of: {'; '.join(IDEAS)}")
    options.add_argument(
        "--folder", type=Path, default=Path("build/flowers"), help="the project that `make flowers` made"
    )
    given = options.parse_args()
    project = florilegium.load(given.folder)
    holdings = project.holdings()
    ground = Ground(project=project, holdings=holdings, side=training_side(project, holdings))
    asked = ground.side.folds >= 0
    truth, groups = ground.side.y[asked], ground.side.groups[asked]
    print("| idea | right on sources never seen | in pairs, points | right alone: it, the other |\n|---|---|---|---|")
    for idea in (i for i in IDEAS if not given.ideas or any(part in i for part in given.ideas)):
        right, bar = (answers(ground, each) == truth for each in (idea, bar_of(idea)))
        print(_row(idea, evaluation.compare(right, bar, groups), share=float(right.mean())), flush=True)


def _row(idea: str, found: Comparison, *, share: float) -> str:
    """Give a line of the table; how many photos only one of the two got right tells what a cautious range hides."""
    gap, bar = found.difference, bar_of(idea)
    range_ = f"{100 * gap.value:+.1f} ({100 * gap.low:+.1f} to {100 * gap.high:+.1f}) against {bar}"
    paired = f"{range_} | {found.n_only_model}, {found.n_only_other}" if idea != bar else "|"
    return f"| {idea} | {100 * share:.1f} % of {found.n:,} | {paired} |"


if __name__ == "__main__":
    main()

"""Compare ways to tell that a photo is unlike all that was learned; the tables of docs/abstention.md come from here.

    python -m benchmarks.abstention STRANGE    # a folder with one sub-folder of pictures per kind

Known items are photos of flowers20 from sources that the method did not learn from; strange ones are other flowers
(five of the twenty classes left out, four times) and the pictures in STRANGE, beside made-up ones. Each method may call
5 % of the known items strange; what counts is how many strange ones it then misses. Not part of `make bench`: the
pictures in STRANGE are anybody's own.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

import florilegium
from florilegium.features import GraphEncoder
from florilegium.features.stream import Picture, stream
from florilegium.model import strangeness
from florilegium.model.linear import LinearHead
from florilegium.parallel import on_one_core
from florilegium.project import abstaining, strangers
from florilegium.project.side import TrainingSide, training_side
from florilegium.source.base import Fault
from florilegium.types import Floats, Ints, Vectors

SEED = 20260301
N_DRAWS = 200  # of groups, for the range of an AUROC
FALSE_ALARMS = strangeness.FALSE_ALARMS
HEAD = LinearHead(c=0.01)  # what training chooses on flowers20

Method = Callable[[Vectors], Floats]  # vectors (n, d) -> strangeness (n,), of any scale
Scores = dict[str, Floats]  # by method


def methods(x: Vectors, y: Ints) -> dict[str, Method]:
    """Fit every method on vectors (n, d) and class numbers 0..k-1."""
    head = LinearHead(c=HEAD.c).fit(x, y)
    means = np.stack([x[y == label].mean(axis=0) for label in np.unique(y)])  # (k, d)
    middle = x.mean(axis=0)
    within = LedoitWolf().fit(x - means[y]).precision_
    whole = LedoitWolf().fit(x - middle).precision_
    axes = np.linalg.svd(x - middle, full_matrices=False)[2][: strangeness.N_AXES].T
    small = strangeness.learn(x)

    def class_distance(a: Vectors) -> Floats:
        found: Floats = np.min([_quadratic(a - mean, within) for mean in means], axis=0)
        return found

    def outside(a: Vectors) -> Floats:
        gap = a - middle
        found: Floats = 1 - ((gap @ axes) ** 2).sum(axis=1) / (gap**2).sum(axis=1)
        return found

    return {
        "highest probability": lambda a: -log_softmax(head.scores(a), axis=1).max(axis=1),
        "highest score": lambda a: -head.scores(a).max(axis=1),
        "energy": lambda a: -logsumexp(head.scores(a), axis=1),
        "Mahalanobis": class_distance,
        "relative Mahalanobis": lambda a: class_distance(a) - _quadratic(a - middle, whole),
        "cosine to class mean": lambda a: _to_nearest(a, means, 1),
        "outside of 128 axes": outside,
        "neighbour 1, centred": lambda a: _to_nearest(a - middle, x - middle, 1),
        "neighbour 10": lambda a: _to_nearest(a, x, 10),
        "neighbour 3": lambda a: _to_nearest(a, x, 3),
        "neighbour 1": lambda a: _to_nearest(a, x, 1),
        "neighbour 1, in the file": lambda a: strangeness.strangeness(small, a),
    }


def _quadratic(gap: Vectors, precision: Floats) -> Floats:
    found: Floats = ((gap @ precision) * gap).sum(axis=1)
    return found


def _to_nearest(a: Vectors, b: Vectors, k: int) -> Floats:
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (a, b)]
    found: Floats = 1 - np.sort(units[0] @ units[1].T, axis=1)[:, -k]
    return found


def out_of_fold(x: Vectors, y: Ints, folds: Ints, strange: Mapping[str, Vectors]) -> tuple[Scores, dict[str, Scores]]:
    """Score known items of each held-out fold, and strange ones that are dealt among the folds."""
    numbers = np.unique(folds[folds >= 0]).tolist()
    known: list[Scores] = []
    others: dict[str, list[Scores]] = {kind: [] for kind in strange}
    for fold in numbers:
        fitted = methods(x[folds != fold], y[folds != fold])
        known.append({name: method(x[folds == fold]) for name, method in fitted.items()})
        for kind, vectors in strange.items():
            others[kind].append({name: method(vectors[fold :: len(numbers)]) for name, method in fitted.items()})
    return joined(known), {kind: joined(parts) for kind, parts in others.items()}


def joined(parts: list[Scores]) -> Scores:
    """Put the scores of several parts behind one another."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def other_flowers(x: Vectors, side: TrainingSide) -> tuple[Scores, Scores, Ints, Ints]:
    """Leave five classes out, four times; give the scores of known and left-out items, and their groups."""
    known, strange, groups_known, groups_strange = [], [], [], []
    for left_out in np.array_split(np.random.default_rng(SEED).permutation(len(side.classes)), abstaining.ROUNDS):
        inside = ~np.isin(side.y, left_out)
        y = np.unique(side.y[inside], return_inverse=True)[1]
        for fold in np.unique(side.folds[side.folds >= 0]):
            held_out = side.folds == fold
            fitted = methods(x[inside & ~held_out], y[(side.folds != fold)[inside]])
            known.append({name: method(x[inside & held_out]) for name, method in fitted.items()})
            strange.append({name: method(x[~inside & held_out]) for name, method in fitted.items()})
            groups_known.append(side.groups[inside & held_out])
            groups_strange.append(side.groups[~inside & held_out])
    return joined(known), joined(strange), np.concatenate(groups_known), np.concatenate(groups_strange)


def cell(known: Floats, strange: Floats, groups: tuple[Ints, Ints]) -> str:
    """Give AUROC and miss rate at the limit, each with its 95 % range."""
    limit = strangeness.limit_of(known, false_alarms=FALSE_ALARMS)
    missed = abstaining.rate("missed", strange <= limit, groups[1])
    area, low, high = area_under(known, strange, groups)
    return (
        f"{area:.3f} ({low:.3f}-{high:.3f}), {100 * missed.share:.1f} % "
        f"({100 * missed.low:.1f}-{100 * missed.high:.1f})"
    )


def area_under(known: Floats, strange: Floats, groups: tuple[Ints, Ints]) -> tuple[float, float, float]:
    """Give the AUROC with a cluster bootstrap range over groups."""
    truth = np.concatenate([np.zeros(len(known)), np.ones(len(strange))])
    values = np.concatenate([known, strange])
    numbers = np.concatenate(groups)
    members = [np.flatnonzero(numbers == group) for group in np.unique(numbers)]
    rng = np.random.default_rng(SEED)
    areas: list[float] = []
    while len(areas) < N_DRAWS:
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < truth[rows].sum() < len(rows):
            areas.append(roc_auc_score(truth[rows], values[rows]))
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(roc_auc_score(truth, values)), float(low), float(high)


def table(kind: str, known: Scores, strange: Scores, groups: tuple[Ints, Ints]) -> Iterator[str]:
    """Give one kind's table in Markdown, the best method last."""
    yield f"\n### {kind}: {len(groups[1])} strange, {len(groups[0])} known\n"
    yield "| method | AUROC, missed at 5 % false alarms |\n|---|---|"
    both = known | {"probability and neighbour": ranks(known, known)}
    others = strange | {"probability and neighbour": ranks(strange, known)}
    for name in sorted(both, key=lambda name: float((others[name] <= strangeness.limit_of(both[name])).mean()))[::-1]:
        yield f"| {name} | {cell(both[name], others[name], groups)} |"


def ranks(scores: Scores, known: Scores) -> Floats:
    """Combine two methods: the larger of the shares of known items that each finds less strange."""
    pair = ("highest probability", "neighbour 1, in the file")
    return np.maximum(*[np.searchsorted(np.sort(known[name]), scores[name]) / len(known[name]) for name in pair])


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("strange", type=Path)
    folder = asked.parse_args().strange
    with tempfile.TemporaryDirectory() as made, on_one_core():
        project = florilegium.new(Path(made, "flowers"), "flowers20")
        holdings = project.holdings()
        side = training_side(project, holdings)
        encoder = next(e for e in holdings.choice.encoders if isinstance(e, GraphEncoder))
        x = holdings.survey.encoded[encoder.key].vectors[side.rows]
        kinds: dict[str, Iterable[Picture]] = {**strangers.in_folder(folder), **strangers.made_up(seed=SEED)}
        strange = {
            kind: np.stack([v for _, v in stream(pictures, encoder) if not isinstance(v, Fault)])
            for kind, pictures in kinds.items()
        }
    asked_about = np.concatenate([np.flatnonzero(side.folds == f) for f in np.unique(side.folds[side.folds >= 0])])
    known, others = out_of_fold(x, side.y, side.folds, strange)
    for kind, scores in others.items():
        groups = (side.groups[asked_about], -1 - np.arange(len(strange[kind])))
        print("\n".join(table(kind, known, scores, groups)), flush=True)
    inner, outer, *groups_of = other_flowers(x, side)
    print("\n".join(table("flowers of other classes", inner, outer, (groups_of[0], groups_of[1]))))
    answered = abstaining.classes_left_out(
        x, side.y, side.folds, side.groups, head=HEAD, target=project.settings.answer_accuracy, seed=SEED
    )
    print("\nAnswered by limit and threshold together:")
    for found in answered:
        print(f"{found.name}: {found.n_events} of {found.n} ({100 * found.low:.1f} % to {100 * found.high:.1f} %)")


if __name__ == "__main__":
    main()

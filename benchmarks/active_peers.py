"""scikit-activeml beside ours: its TypiClust and Badge choose for the same head, which they see through its answers."""

from collections.abc import Sequence

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge, TypiClust

from benchmarks.active_labelling import Pick, State, Task, at_random, chosen, learned, plain_margin
from florilegium.types import Floats, Ints, Vectors


def typiclust(state: State) -> Ints:
    """Take typical items of clusters that hold no label."""
    places, given = _given(state)
    strategy = TypiClust(random_state=int(state.rng.integers(1 << 31)))
    return np.asarray(strategy.query(places, given, candidates=state.free, batch_size=state.task.batch))


def badge(state: State) -> Ints:
    """Spread over gradients; the first batch at random."""
    if state.probabilities is None:
        return at_random(state)
    places, given = _given(state)
    known = Known(places, state.probabilities[: state.task.n_pool]).fit(places, given)
    strategy = Badge(random_state=int(state.rng.integers(1 << 31)))
    return np.asarray(
        strategy.query(places, given, clf=known, fit_clf=False, candidates=state.free, batch_size=state.task.batch)
    )


def compared(task: Task, *, n: int, seeds: Sequence[int]) -> None:
    """Print a line per way to choose: accuracies after some labels, and the seconds that a batch takes."""
    at = [m for m in (100, 200, 300, 500) if m <= n]
    print(f"{'':<28}" + "".join(f"{m:>9}" for m in at) + "   seconds per batch")
    ways: dict[str, Pick] = {
        "ours": chosen,
        "at random": at_random,
        "margin alone": plain_margin,
        "scikit-activeml TypiClust": typiclust,
        "scikit-activeml Badge": badge,
    }
    for name, pick in ways.items():
        done = [learned(task, pick, n=n, seed=s) for s in seeds]
        mean = np.mean([accuracies for accuracies, _ in done], axis=0)
        each_s = sum(seconds for _, seconds in done) / len(done) / (n / task.batch)
        cells = "".join(f"{mean[m // task.batch - 1]:>9.4f}" for m in at)
        print(f"{name:<28}{cells}{each_s:>12.3f}", flush=True)


# scikit-activeml has no types.
class Known(SkactivemlClassifier):  # type: ignore[misc]
    """A classifier that has already answered for these very items, and looks its answers up."""

    def __init__(self, places: Vectors, probabilities: Floats) -> None:
        super().__init__(classes=list(range(probabilities.shape[1])))
        self.places = places
        self.probabilities = probabilities

    def fit(self, x: Vectors, y: Floats) -> "Known":
        """Learn nothing."""
        del x, y
        self.classes_ = np.arange(self.probabilities.shape[1])
        self._rows = {row.tobytes(): i for i, row in enumerate(self.places)}
        return self

    def predict_proba(self, x: Vectors) -> Floats:
        """Look up."""
        return self.probabilities[[self._rows[np.asarray(row, dtype=np.float32).tobytes()] for row in x]]


def _given(state: State) -> tuple[Vectors, Floats]:
    n = state.task.n_pool
    return state.task.head.places[:n], np.where(state.labels >= 0, state.labels, np.nan)[:n]

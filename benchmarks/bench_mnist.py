"""The whole way on MNIST: read 70,000 digits, seal the 10,000, baselines, train, verdict. On two cores, without torch.

Promised: at least 0.985 of the 10,000 right, under 3 minutes and 4 GiB, and the published figures of the plain rules.
Beside it, as a peer, what scikit-learn gives in ten lines: 1,000 Nystroem features and a ridge on plain pixels.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

import florilegium
from florilegium import source
from florilegium.baseline.pictures import MeanImage
from florilegium.source.base import Pixels, Side, SourceSpec
from florilegium.types import Ints, Octets

PROMISED_S, PROMISED_GIB, PROMISED_ACCURACY = 180.0, 4.0, 0.985
PUBLISHED = {"majority": 0.1135, "nearest mean image (L2)": 0.8203, "nearest pixels": 0.9705}
ROUNDING = 0.00005  # published figures have four decimals
# Recalls of threes and sevens. The mean for L2 is given as 0.9662 in places; counted in float64 it is 0.96608.
PUBLISHED_TWO = {"l1": (0.9168, 0.9854), "l2": (968 / 1010, 1001 / 1028)}
T = TypeVar("T")


def timed(name: str, work: Callable[[], T]) -> T:
    """Do the work and print how long it took."""
    began = time.perf_counter()
    found = work()
    print(f"{name:<10} {time.perf_counter() - began:7.1f} s", flush=True)
    return found


def whole_way(folder: Path) -> tuple[Any, float]:
    """Give the verdict on MNIST and the seconds it took from nothing."""
    began = time.perf_counter()
    project = timed("new", lambda: florilegium.new(folder, "mnist"))
    trained = timed("train", project.train)
    verdict = timed("verdict", project.verdict)
    seconds = time.perf_counter() - began
    for note in trained.notes:
        print(f"           {note}")
    return verdict, seconds


def digits() -> tuple[Octets, Ints, Octets, Ints]:
    """Give pictures and classes of both sides."""
    harvest = source.read(SourceSpec(location="mnist"))
    if not isinstance(harvest.contents, Pixels):
        sys.exit("MNIST is not an array of pixels")
    y = np.array([int(sample.label or -1) for sample in harvest.samples])
    train = np.array([sample.side is Side.TRAIN for sample in harvest.samples])
    x = harvest.contents.array
    return x[train], y[train], x[~train], y[~train]


def threes_and_sevens(x: Octets, y: Ints, new: Octets, truth: Ints) -> list[str]:
    """Print the recalls of threes and sevens by the nearest mean image; give what does not fit."""
    two, asked = np.isin(y, (3, 7)), np.isin(truth, (3, 7))
    wrong = []
    for distance, published in PUBLISHED_TWO.items():
        # One of the two distances that it takes.
        said = MeanImage(distance).fit(x[two], y[two]).predict(new[asked])  # type: ignore[arg-type]
        found = [float((said[truth[asked] == digit] == digit).mean()) for digit in (3, 7)]
        print(f"3 against 7, {distance}: {np.mean(found):.4f} (threes {found[0]:.4f}, sevens {found[1]:.4f})")
        wrong += [] if np.abs(np.subtract(found, published)).max() <= ROUNDING else [f"3 against 7, {distance}"]
    return wrong


def peer(x: Octets, y: Ints, new: Octets, truth: Ints) -> float:
    """Give the accuracy of scikit-learn's Nystroem features and ridge."""
    flat = [a.reshape(len(a), -1).astype(np.float32) / 255 for a in (x, new)]
    model = make_pipeline(Nystroem(gamma=0.02, n_components=1000, random_state=0), RidgeClassifier())
    return float((model.fit(flat[0], y).predict(flat[1]) == truth).mean())


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped: needs the MNIST files; set FLORILEGIUM_DATA to the folder that holds mnist/")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as folder:
        verdict, seconds = whole_way(Path(folder) / "mnist")
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"whole way  {seconds:7.1f} s, {gib:.2f} GiB  promised {PROMISED_S:.0f} s, {PROMISED_GIB:.0f} GiB\n")
    print(f"{'model':<26} {verdict.model.accuracy:.4f}  promised {PROMISED_ACCURACY}")
    wrong = [] if verdict.model.accuracy >= PROMISED_ACCURACY else ["accuracy"]
    wrong += ["time"] if seconds > PROMISED_S else []
    wrong += ["memory"] if gib > PROMISED_GIB else []
    for each in verdict.baselines:
        published = PUBLISHED.get(each.name)
        print(f"{each.name:<26} {each.accuracy:.4f}" + (f"  published {published}" if published else ""))
        wrong += [each.name] if published and abs(each.accuracy - published) > ROUNDING else []
    given = digits()
    wrong += threes_and_sevens(*given)
    print(f"peer: Nystroem + ridge     {timed('peer', lambda: peer(*given)):.4f}")
    if wrong:
        sys.exit(f"not as promised: {', '.join(wrong)}")


if __name__ == "__main__":
    main()

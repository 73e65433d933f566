"""Make the flower model that comes with the package, from the mirror of real data: `make flowers`.

The whole way, as a user would go it: new, train --finetune, verdict. Then the model file is given what a shipped one
needs (which photos it learned from, whose network it started from) and put into florilegium/models.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import florilegium
from florilegium.cli.bars import Bars
from florilegium.evaluation import verdict_dict
from florilegium.features import petal
from florilegium.features.precision import narrowed, rounded
from florilegium.model import ModelFile, predict
from florilegium.model import file as model_file
from florilegium.project import Project
from florilegium.project.tuning import TuneWish
from florilegium.source.base import Files

if TYPE_CHECKING:
    from florilegium.model.finetune import Forecast

NAME = "flowers20"
BASE = "mobilenetv2_100_tf"  # Apache-2.0; what the shipped network started from
MAX_BYTES = 8_000_000
MAX_CHANGED = 0.005  # of the answers, by half precision
NOTE = (
    "Trained on photos of 20 flower kinds from public repositories (most without a stated licence; none of them is in "
    "this file), starting from Google's MobileNetV2 (Apache-2.0, ImageNet-1k)."
)


def make(folder: Path, *, epochs: int, side: int) -> Path:
    """Train, judge and ship; give the shipped file. Run again, it goes on where it was."""
    with Bars() as bars:
        project = florilegium.new(folder, NAME, progress=bars, encoder=BASE)
        trained = project.train(TuneWish(epochs=epochs, side=side, agree=_told))
        for note in trained.notes:
            print(f"  {note}")
        print(project.verdict())
    shipped = ship(project, petal.PATH)
    print(f"{shipped}: {shipped.stat().st_size:,} bytes")
    return shipped


def _told(expected: "Forecast") -> bool:
    print(f"fine-tuning: {expected}")
    return True


def ship(project: Project, path: Path) -> Path:
    """Write the project's current model as a shipped one.

    Raises: SystemExit: it is too large to ship.
    """
    opened = model_file.open_model(project.model_path)
    provenance = {
        **opened.card.provenance,
        petal.SEEN: " ".join(_seen(project)),
        "made_by": "make flowers",
        "note": NOTE,
    }
    verdict = verdict_dict(project.verdict())
    path.parent.mkdir(exist_ok=True)
    small = narrowed(rounded(opened.model))
    model_file.write(path, small, replace(opened.card, provenance=provenance, verdict=verdict))
    _compare(project, opened, model_file.open_model(path))
    if path.stat().st_size > MAX_BYTES:
        sys.exit(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are shipped")
    return path


def _seen(project: Project) -> list[str]:
    """Name the photos that the network itself has learned from: none where it stayed frozen."""
    record = project.store.current_model()
    tuning = record.card.get("fine_tuning") if record is not None else None
    if not tuning or not tuning["kept"]:
        return []
    holdings = project.holdings()
    sides = zip(holdings.dataset.samples, holdings.train, strict=True)
    return sorted(sample.sha256[: petal.HASH_DIGITS] for sample, is_train in sides if is_train)


def _compare(project: Project, whole: ModelFile, small: ModelFile) -> None:
    """Show what half precision changed, on all photos; the true labels are not looked at.

    Raises: SystemExit: more than MAX_CHANGED of the answers are others.
    """
    contents = project.holdings().dataset.contents
    if not isinstance(contents, Files):
        sys.exit(f"{project.folder}: expected photos in files")
    both = [list(predict(model, list(contents.paths), top=1)) for model in (whole, small)]
    changed = sum(one.label != two.label or one.known != two.known for one, two in zip(*both, strict=True))
    gaps = [abs((one.probability or 0) - (two.probability or 0)) for one, two in zip(*both, strict=True)]
    print(
        f"half precision: {changed} of {len(gaps):,} answers changed; probabilities by {max(gaps):.4f} at most, "
        f"{sum(gaps) / len(gaps):.5f} on average"
    )
    if changed > MAX_CHANGED * len(gaps):
        sys.exit("half precision changes too much: ship another precision")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, default=Path("build/flowers"), help="the project; goes on where it was")
    options.add_argument("--epochs", type=int, default=10)
    options.add_argument("--side", type=int, default=192, help="px of the photos while learning")
    given = options.parse_args()
    make(given.folder, epochs=given.epochs, side=given.side)

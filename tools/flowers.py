"""Make the flower model that comes with the package, from the mirror of real data: `make flowers`.

The whole way, as a user would go it: new, train --finetune, verdict. Then the model file is given what a shipped one
needs (which photos it learned from, whose network it started from) and put into florilegium/models.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import florilegium
from florilegium.cli.bars import Bars
from florilegium.evaluation import verdict_dict
from florilegium.features import petal
from florilegium.model import file as model_file
from florilegium.project import Project
from florilegium.project.tuning import TuneWish

NAME = "flowers20"
BASE = "mobilenetv2_100_tf"  # Apache-2.0; what the shipped network started from
MAX_BYTES = 8_000_000
NOTE = (
    "Trained on photos of 20 flower kinds from public repositories (most without a stated licence; none of them is in "
    "this file), starting from Google's MobileNetV2 (Apache-2.0, ImageNet-1k)."
)


def make(folder: Path, *, epochs: int, side: int) -> Path:
    """Train, judge and ship; give the shipped file. Run again, it goes on where it was."""
    with Bars() as bars:
        project = florilegium.new(folder, NAME, progress=bars, encoder=BASE)
        wish = TuneWish(epochs=epochs, side=side, agree=lambda expected: print(f"fine-tuning: {expected}") or True)
        trained = project.train(wish)
        for note in trained.notes:
            print(f"  {note}")
        print(project.verdict())
    shipped = ship(project, petal.PATH)
    print(f"{shipped}: {shipped.stat().st_size:,} bytes")
    return shipped


def ship(project: Project, path: Path) -> Path:
    """Write the project's current model as a shipped one.

    Raises: SystemExit: it is too large to ship.
    """
    opened = model_file.open_model(project.model_path)
    holdings = project.holdings()
    seen = sorted(
        sample.sha256[: petal.HASH_DIGITS]
        for sample, is_train in zip(holdings.dataset.samples, holdings.train, strict=True)
        if is_train
    )
    provenance = {**opened.card.provenance, petal.SEEN: " ".join(seen), "made_by": "make flowers", "note": NOTE}
    verdict = verdict_dict(project.verdict())
    path.parent.mkdir(exist_ok=True)
    model_file.write(path, opened.model, replace(opened.card, provenance=provenance, verdict=verdict))
    if path.stat().st_size > MAX_BYTES:
        sys.exit(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are shipped")
    return path


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, default=Path("build/flowers"), help="the project; goes on where it was")
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--side", type=int, default=192, help="px of the photos while learning")
    given = options.parse_args()
    make(given.folder, epochs=given.epochs, side=given.side)

"""Make the flower model that comes with the package, from the mirror of real data: `make flowers`.

The whole way, as a user would go it: new, train --finetune, verdict. Then the model file is given what a shipped one
needs (which photos it learned from, whose network it started from) and put into florilegium/models.
"""

import argparse
import csv
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import florilegium
from florilegium import settings
from florilegium.cli.bars import Bars
from florilegium.evaluation import verdict_dict
from florilegium.features import petal
from florilegium.features.precision import narrowed, rounded
from florilegium.model import ModelFile, predict
from florilegium.model import file as model_file
from florilegium.model.figures import Rate
from florilegium.project import Project, abstaining, strangers
from florilegium.project.tuning import TuneWish
from florilegium.source.base import Files

if TYPE_CHECKING:
    from florilegium.model.finetune import Forecast

NAME = "flowers20"
BASE = "mobilenetv2_100_tf"  # Apache-2.0; what the shipped network started from
LABELS = Path(__file__).with_name("flower_labels.csv")  # sha256, label (empty: no class here), why
MAX_BYTES = 8_000_000
MAX_CHANGED = 0.005  # of the answers, by half precision
LICENCE = "Apache-2.0; none of the photos is in the file"
LEFT_OUT = "flowers of other kinds (by leaving classes out of the head; the network knew them, so this flatters)"
NOTE = (
    "Trained on photos of 20 flower kinds from public repositories (most without a stated licence; none of them is in "
    "this file), starting from Google's MobileNetV2 (Apache-2.0, ImageNet-1k)."
)


def make(folder: Path, *, epochs: int, side: int, strange: Path | None) -> Path:
    """Train, judge and ship; give the shipped file. Run again, it goes on where it was.

    Args: strange: pictures of no flower, one folder per kind; None: only made-up ones are tried.
    """
    with Bars() as bars:
        project = florilegium.new(folder, NAME, progress=bars, encoder=BASE, openings_before=_openings(folder))
        print(f"labels corrected: {correct(project)}")
        trained = project.train(TuneWish(epochs=epochs, side=side, agree=_told))
        for note in trained.notes:
            print(f"  {note}")
        print(project.verdict())
    shipped = ship(project, petal.PATH)
    add_misses(project, shipped, strange)
    print(f"{shipped}: {shipped.stat().st_size:,} bytes")
    return shipped


def correct(project: Project) -> int:
    """Record the corrections of LABELS as label events, once; give how many are new.

    They were found with the audit (out-of-fold disagreement) and decided by eye, on photos of the training side alone.
    """
    with LABELS.open(encoding="utf-8", newline="") as file:
        wanted = {row["sha256"]: row for row in csv.DictReader(file)}
    new = 0
    for sample in project.store.samples()[0]:
        row = wanted.get(sample.sha256)
        if row is not None and sample.label != (row["label"] or None):
            project.relabel(sample.name, row["label"] or None, who="Florilegium", why=row["why"])
            new += 1
    return new


def _openings(folder: Path) -> int | None:
    """Tell how often the sealed photos were looked at for the model that ships now: a new folder starts from there."""
    if (folder / settings.FILE_NAME).exists() or not petal.PATH.is_file():
        return None
    verdict = model_file.open_model(petal.PATH).card.verdict
    return int(verdict["n_openings"]) if verdict else None


def _told(expected: "Forecast") -> bool:
    print(f"fine-tuning: {expected}")
    return True


def ship(project: Project, path: Path) -> Path:
    """Write the project's current model as a shipped one.

    Raises: SystemExit: it is too large to ship.
    """
    opened = model_file.open_model(project.model_path)
    left_out = _left_out(project)
    provenance = {
        **opened.card.provenance,
        petal.SEEN: " ".join(_seen(project)),
        "made_by": "make flowers",
        "note": NOTE,
        "licence": LICENCE,
        "limits": _limits(left_out),
    }
    verdict = verdict_dict(project.verdict())
    path.parent.mkdir(exist_ok=True)
    small = narrowed(rounded(opened.model))
    model_file.write(path, small, replace(opened.card, provenance=provenance, verdict=verdict))
    _compare(project, opened, model_file.open_model(path))
    if path.stat().st_size > MAX_BYTES:
        sys.exit(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are shipped")
    return path


def add_misses(project: Project, path: Path, strange: Path | None) -> None:
    """Write into a shipped file how often it answered what is none of its classes."""
    kinds = strangers.in_folder(strange) if strange else {}
    misses = abstaining.misses_of(model_file.open_model(path), kinds)
    left_out = _left_out(project)
    misses += () if left_out is None else (left_out,)
    abstaining.add_misses(path, misses)


def _left_out(project: Project) -> Rate | None:
    """Give how often flowers of other kinds got an answer; None where the network stayed frozen."""
    record = project.store.current_model()
    found = (record.card.get("fine_tuning") or {}).get("left_out") if record is not None else None
    return Rate(**{**found[0], "name": LEFT_OUT}) if found else None


def _limits(left_out: Rate | None) -> list[str]:
    """Say what a reader should know before relying on an answer."""
    said = ["Most of its mistakes are full double flowers: peony, carnation, chrysanthemum, dahlia, camellia and rose."]
    if left_out is not None:
        said.append(
            f"Flowers of other kinds still get one of the twenty names, in {left_out.share:.0%} of cases or more."
        )
    return said


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
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--side", type=int, default=192, help="px of the photos while learning")
    options.add_argument("--strange", type=Path, help="a folder of pictures of no flower, one folder per kind")
    given = options.parse_args()
    make(given.folder, epochs=given.epochs, side=given.side, strange=given.strange)

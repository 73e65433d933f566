"""Make the digit model that comes with the package, from the four files of MNIST: `make digits`.

The whole way, as a user would go it: new, train --finetune, verdict. Then the model file is put into
florilegium/models, with what it does with letters, scribbles and empty pages.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import florilegium
from florilegium import settings
from florilegium.cli.bars import Bars
from florilegium.model import file as model_file
from florilegium.model import open_model
from florilegium.project import Project, abstaining
from florilegium.project.tuning import TuneWish
from tools.drawings import drawn

if TYPE_CHECKING:
    from florilegium.model.finetune import Forecast

NAME = "digits"
PATH = model_file.SHIPPED / f"{NAME}.onnx"
MAX_BYTES = 2_000_000
N_DRAWN = 500  # drawings of each kind that is no digit: a share of one half is known to 4.4 points
DRAWN_SEED = 20261123
DRAWN_NOTE = (
    "Letters are printed ones that no hand writes like a digit; all drawings are centred by MNIST's rule "
    "(tools/drawings.py)."
)
NOTE = (
    "Trained from scratch on the 60,000 training digits of MNIST (LeCun, Cortes and Burges); no picture of them is "
    "in this file."
)


def make(folder: Path, *, device: str) -> Path:
    """Train, judge and ship; give the shipped file. Run again, it goes on where it was."""
    with Bars() as bars:
        project = florilegium.new(folder, "mnist", progress=bars, openings_before=_openings(folder))
        trained = project.train(TuneWish(device=device, agree=_told))
        for note in trained.notes:
            print(f"  {note}")
        print(project.verdict())
    shipped = ship(project, PATH)
    print(f"{shipped}: {shipped.stat().st_size:,} bytes")
    return shipped


def _openings(folder: Path) -> int | None:
    """Tell how often the sealed digits were looked at for the model that ships now: a new folder starts from there."""
    if (folder / settings.FILE_NAME).exists() or not PATH.is_file():
        return None
    verdict = open_model(PATH).card.verdict
    return int(verdict["n_openings"]) if verdict else None


def _told(expected: "Forecast") -> bool:
    print(f"learning from scratch: {expected}")
    return True


def ship(project: Project, path: Path) -> Path:
    """Write the project's current, judged model as a shipped one.

    Raises: SystemExit: it is too large to ship.
    """
    opened = open_model(project.model_path)
    provenance = {**opened.card.provenance, "made_by": "make digits", "note": NOTE}
    model_file.write(path, opened.model, replace(opened.card, provenance=provenance))
    kinds = drawn(seed=DRAWN_SEED, n=N_DRAWN)
    misses = abstaining.misses_of(open_model(path), {kind: iter(pictures) for kind, pictures in kinds.items()})
    abstaining.add_misses(path, misses, notes=(DRAWN_NOTE,))
    for miss in misses:
        print(f"answered, though no digit: {miss.name}: {miss.n_events} of {miss.n}")
    if path.stat().st_size > MAX_BYTES:
        sys.exit(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are shipped")
    return path


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, default=Path("build/digits"), help="the project; goes on where it was")
    options.add_argument("--device", default="auto", help="auto, cpu or cuda")
    given = options.parse_args()
    make(given.folder, device=given.device)

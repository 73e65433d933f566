"""Files that a project keeps beside its record: models and what they answered. Path: **project** (shell).

Each file is written whole or not at all.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.errors import StepMissing, StorageError
from florilegium.evaluation import Predictions
from florilegium.model.figures import AbstentionFigures, ClassFigures
from florilegium.model.file import add_verdict as write_verdict
from florilegium.model.file import open_model
from florilegium.model.opened import ModelFile
from florilegium.types import Bools

MODEL_NAME = "model.onnx"  # the current model, at the top of the project
REPORT_NAME = "report.html"


def kept_whole(path: Path, **arrays: Any) -> None:
    """Write arrays to a .npz file, whole or not at all."""
    with replacing(path) as beside, beside.open("wb") as file:
        np.savez(file, **arrays)


class replacing:  # noqa: N801 - reads as a statement: with replacing(path) as beside
    """Give a file beside `path` that takes its place when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        """Remember the path."""
        self.path = path

    def __enter__(self) -> Path:
        """Make the file beside it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        except OSError as error:
            raise StorageError(
                f"{self.path}: {error.strerror}. Make room, or check that you may write there."
            ) from error
        os.close(descriptor)
        self.beside = Path(name)
        return self.beside

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take the place, or leave nothing behind."""
        if kind is None:
            self.beside.chmod(0o644)
            self.beside.replace(self.path)
        else:
            self.beside.unlink(missing_ok=True)


def model_path(folder: Path, model_id: str) -> Path:
    """Give where a model is kept for good."""
    return folder / "models" / f"{model_id[:16]}.onnx"


def is_kept(folder: Path, model_id: str) -> bool:
    """Tell whether a model's file and its out-of-fold answers are there."""
    return model_path(folder, model_id).exists() and _answers_path(folder, model_id, "folds").exists()


def make_current(folder: Path, model_id: str) -> None:
    """Put a copy of a model at the top of the project."""
    with replacing(folder / MODEL_NAME) as beside:
        shutil.copyfile(model_path(folder, model_id), beside)


def open_current(folder: Path, model_id: str) -> ModelFile:
    """Open a kept model.

    Raises: StepMissing: its file is gone.
    """
    path = model_path(folder, model_id)
    if not path.exists():
        raise StepMissing(f"{path}: the model's file is gone. Train again: florilegium train -p {folder}")
    return open_model(path)


def add_verdict(
    folder: Path,
    model_id: str,
    verdict: Mapping[str, Any],
    *,
    per_class: tuple[ClassFigures, ...] = (),
    abstention: AbstentionFigures | None = None,
) -> None:
    """Write a verdict, and what was measured with it, into a kept model and its copy at the top."""
    write_verdict(model_path(folder, model_id), verdict, per_class=per_class or None, abstention=abstention)
    make_current(folder, model_id)


def save_predictions(folder: Path, model_id: str, part: str, given: Predictions, known: Bools | None = None) -> None:
    """Keep what a model answered; `part` is "folds" or "test"."""
    kept_whole(
        _answers_path(folder, model_id, part),
        names=np.array(given.names, dtype=np.str_),
        classes=np.array(given.classes, dtype=np.str_),
        truth=given.truth,
        probabilities=given.probabilities.astype(np.float32),
        groups=given.groups,
        known=np.ones(len(given), dtype=np.bool_) if known is None else known,
    )


def load_predictions(folder: Path, model_id: str, part: str) -> tuple[Predictions, Bools] | None:
    """Give what a model answered, or None where that was not kept."""
    try:
        with np.load(_answers_path(folder, model_id, part), allow_pickle=False) as kept:
            given = Predictions(
                names=tuple(kept["names"].tolist()),
                truth=kept["truth"],
                probabilities=kept["probabilities"].astype(np.float64),
                groups=kept["groups"],
                classes=tuple(kept["classes"].tolist()),
            )
            return given, kept["known"]
    except FileNotFoundError:
        return None


def _answers_path(folder: Path, model_id: str, part: str) -> Path:
    return folder / "models" / f"{model_id[:16]}.{part}.npz"

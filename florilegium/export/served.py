"""What exports with a server have in common: the model, its title, what was written. Path: model -> **export**."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from florilegium.errors import ModelFileError, StorageError
from florilegium.export.card import page_card
from florilegium.model.opened import ModelFile
from florilegium.source.base import Kind

MODEL = "model.onnx"  # what an export calls the file, whatever it was called


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export wrote."""

    folder: Path
    n_files: int
    n_bytes: int

    def as_dict(self) -> dict[str, object]:
        """Give it for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


def written(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Count what a folder was given."""
    return Written(folder=folder, n_files=len(files), n_bytes=sum(map(len, files.values())))


def model_bytes(model: ModelFile) -> bytes:
    """Give the model file as it is.

    Raises: ModelFileError: a text model, for which there is no page.  StorageError: the file cannot be read.
    """
    if model.card.kind is not Kind.IMAGE:
        raise ModelFileError(
            f"{model.path}: a text model; the page that is exported takes photos. Classify texts with: "
            "florilegium predict"
        )
    try:
        return model.path.read_bytes()
    except OSError as error:
        raise StorageError(f"{model.path}: {error.strerror}. Fetch the file again.") from error


def title(model: ModelFile) -> str:
    """Give the title that the page shows."""
    return str(page_card(model)["title"])

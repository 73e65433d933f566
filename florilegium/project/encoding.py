"""Write an encoder of sentences as a folder, as it is or in bytes, and measure it. Path: **project** (shell)."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import evaluation
from florilegium.errors import SettingError
from florilegium.evaluation import Comparison
from florilegium.features import sentences
from florilegium.features.sentences import SentenceEncoder, SentenceRunner
from florilegium.model.linear import LinearHead
from florilegium.parallel import on_one_core
from florilegium.project.side import training_side
from florilegium.project.strange_texts import made_up_texts
from florilegium.types import Ints, Progress, silent

if TYPE_CHECKING:
    from florilegium.project.project import Project

TEXTS_MOST = 2_000  # of a project on which both graphs are compared
LEVEL = 0.95  # of the range of the difference
C = 0.03  # of the head on both: on Banking77 C from 0.01 to 0.1 is within half a point


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An encoder that was written, and how bytes changed it."""

    folder: Path
    key: str
    n_bytes: int
    cosine: float | None = None  # mean cosine between the vectors of both graphs; None: nothing was changed
    least_cosine: float | None = None
    accuracy: tuple[float, float] | None = None  # out of fold: of bytes, of the graph as it was
    difference: Comparison | None = None  # bytes minus as it was
    n_texts: int = 0  # that both were compared on

    def as_dict(self) -> dict[str, Any]:
        """Give it for JSON."""
        made = {**asdict(self), "folder": str(self.folder)}
        made["difference"] = None if self.difference is None else asdict(self.difference.difference)
        return made


def export(
    wish: str, output: Path, *, int8: bool = False, project: "Project | None" = None, progress: Progress = silent
) -> Exported:
    """Write the encoder `wish` (a folder or a hub's name) to `output`.

    Args: int8: store and multiply bytes.  project: of texts; the change is measured on its training side.
    Raises: ModelFileError, SettingError, DownloadError: it cannot be had or run.  StorageError: it cannot be written.
    """
    source = sentences.folder_of(f"{sentences.PREFIX}{wish.removeprefix(sentences.PREFIX)}")
    encoder = _encoder(source)
    if not int8:
        n_bytes = sentences.write_folder(encoder, source, output, about={"int8": False})
        return Exported(folder=output, key=encoder.key, n_bytes=n_bytes)
    made = sentences.with_trunk(
        encoder, sentences.small(encoder.trunk), name=f"{encoder.name}-int8", source=f"{encoder.source}; in bytes"
    )
    compared = _compared(encoder, made, project, progress)
    about = {"int8": True, "cosine": compared["cosine"], "least_cosine": compared["least_cosine"]}
    n_bytes = sentences.write_folder(made, source, output, about=about)
    return Exported(folder=output, key=made.key, n_bytes=n_bytes, **compared)


def _encoder(source: Path) -> SentenceEncoder:
    if not sentences.needs_torch(source):
        return sentences.sentence_encoder(source)
    try:
        from florilegium.model.finetune import sentence_export
    except ModuleNotFoundError as error:
        raise SettingError(
            f"{source}: it has weights and no graph; writing one needs {error.name}. "
            "Run: pip install 'florilegium[finetune]'"
        ) from error
    return sentences.sentence_encoder(source, graph=sentence_export.exported(source))


def _compared(
    before: SentenceEncoder, after: SentenceEncoder, project: "Project | None", progress: Progress
) -> dict[str, Any]:
    """Give the cosines between both graphs' vectors, and with a project the change of accuracy."""
    texts, y, folds, groups = _asked(project)
    one, other = (SentenceRunner(each).embed(texts) for each in (before, after))
    progress("texts compared", len(texts), len(texts))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines = (one * other).sum(axis=1) / np.maximum(lengths, 1e-12)
    found: dict[str, Any] = {
        "cosine": float(cosines.mean()),
        "least_cosine": float(cosines.min()),
        "n_texts": len(texts),
    }
    if project is None:
        return found
    right = []
    with on_one_core():
        for x in (other, one):
            head = LinearHead(c=C)
            scores = LinearHead.search(x, y, folds, k=int(y.max()) + 1, seed=0, like=head).scores
            right.append((scores.argmax(axis=1) == y)[folds >= 0])
    difference = evaluation.compare(right[0], right[1], groups[folds >= 0], level=LEVEL)
    return found | {"accuracy": (float(right[0].mean()), float(right[1].mean())), "difference": difference}


def _asked(project: "Project | None") -> tuple[list[str], Ints, Ints, Ints]:
    """Give texts to compare on, and of a project's their classes, folds and groups; nothing that is sealed."""
    none = np.zeros(0, dtype=np.int64)
    if project is None:
        return [text for texts in made_up_texts(seed=0).values() for text in texts], none, none, none
    holdings = project.holdings()
    side = training_side(project, holdings)
    some = np.sort(np.random.default_rng(0).permutation(len(side.rows))[:TEXTS_MOST])
    texts = holdings.texts(side.rows[some])
    if texts is None:
        raise SettingError(f"{project.folder}: a project of pictures; an encoder of sentences is measured on texts.")
    _, y = np.unique(side.y[some], return_inverse=True)
    return list(texts), y.astype(np.int64), side.folds[some], side.groups[some]

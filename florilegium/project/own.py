"""Read items that the project keeps itself beside those of its source. Path: **project** (shell).

They come from appeals and audits; the database holds them. Files are written into the cache, which may be deleted at
any time, because decoders read files.
"""

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from florilegium import source
from florilegium.errors import SourceError
from florilegium.evaluation.words import counted
from florilegium.features.decode import decode
from florilegium.project.kept import replacing
from florilegium.source.base import Contents, Files, Pixels, Sample, Texts
from florilegium.types import Octets

if TYPE_CHECKING:
    from pathlib import Path

    from florilegium.project.holdings import Holdings
    from florilegium.project.project import Project

FOLDER = "own"  # in the cache
APPEALS, AUDITS = "appeals/", "audits/"  # how the names of such items begin
ENDINGS = {"image/jpeg": ".jpg", "image/netpbm": ".ppm"}


def reopened(project: "Project", names: Sequence[str], texts: Sequence[str | None]) -> Contents:
    """Give the contents of items by name, wherever they are kept; `texts` are those that the store holds.

    Raises: SourceError: an item is no longer there.
    """
    if any(text is not None for text in texts):
        return Texts(tuple(text or "" for text in texts))
    media = project.store.lessons.media()
    own = [name for name in names if name in media]
    if not own:
        return source.reopen(project.settings.source, names, progress=project.progress)
    theirs = [name for name in names if name not in media]
    contents = source.reopen(project.settings.source, theirs, progress=project.progress)
    rows = {name: i for i, name in enumerate(theirs)}
    if isinstance(contents, Pixels):
        kept = project.store.lessons.contents(own)
        shape = contents.array.shape[1:]
        pictures = [contents.array[rows[n]] if n in rows else _pixels(kept[n], shape) for n in names]
        return Pixels(np.stack(pictures))
    if not isinstance(contents, Files):
        raise SourceError(f"{project.settings.source.location}: its contents cannot be joined with items of appeals.")
    paths = {name: _path(project, *media[name]) for name in own}
    _write(project, {name: path for name, path in paths.items() if not path.exists()})
    return Files(tuple(contents.paths[rows[name]] if name in rows else paths[name] for name in names))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCases:
    """How many labelled items came from cases."""

    n_appeals: int
    n_audits: int
    n_not_placed: int  # of both, those without a side; once sealed, because a near copy is on the other

    @property
    def sentence(self) -> str:
        """Say it of a project whose items are placed; empty where there are none."""
        if not self.n_appeals + self.n_audits:
            return ""
        parts = [counted(n, name) for n, name in ((self.n_appeals, "appeal"), (self.n_audits, "blind audit")) if n]
        kept = f"; {self.n_not_placed} withheld, because a near copy is sealed" if self.n_not_placed else ""
        return f"Items of live use: {' and '.join(parts)} with consent to learn{kept}."


def of_cases(own: Collection[str], samples: Iterable[Sample], placed: Container[str]) -> OfCases:
    """Count the labelled items that came from cases.

    Args: own: names of the items that the project keeps itself.  placed: names of the items that have a side.
    """
    names = [sample.name for sample in samples if sample.label is not None and sample.name in own]
    return OfCases(
        n_appeals=sum(name.startswith(APPEALS) for name in names),
        n_audits=sum(name.startswith(AUDITS) for name in names),
        n_not_placed=sum(name not in placed for name in names),
    )


def told_of_cases(project: "Project", holdings: "Holdings") -> tuple[str, ...]:
    """Say how many items came from appeals and audits, and how many are withheld; nothing where none did."""
    names = zip(holdings.dataset.names, holdings.sides, strict=True)
    placed = {name for name, side in names if side is not None}
    said = of_cases(project.store.lessons.names(), holdings.dataset.samples, placed).sentence
    return (said,) if said else ()


def file_of(sha256: str, media_type: str) -> str:
    """Name the file of a content.

    >>> file_of("ab12", "image/jpeg"), file_of("ab12", "image/png")
    ('ab12.jpg', 'ab12.png')
    """
    return sha256 + ENDINGS.get(media_type, "." + media_type.rpartition("/")[2])


def _path(project: "Project", sha256: str, media_type: str) -> "Path":
    return project.cache / FOLDER / file_of(sha256, media_type)


def _write(project: "Project", missing: dict[str, "Path"]) -> None:
    for name, content in project.store.lessons.contents(list(missing)).items():
        with replacing(missing[name]) as beside:
            beside.write_bytes(content)


def _pixels(content: bytes, shape: tuple[int, ...]) -> Octets:
    """Bring a picture to the shape (h, w) or (h, w, 3) that all arrays of the source have."""
    side = min(shape[:2])
    image = Image.fromarray(decode(content, short_side=side)).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(image.convert("L") if len(shape) == 2 else image)

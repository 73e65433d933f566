"""The training examples that a model file carries, and the vectors they are compared by. Path: **project** (shell).

Only items of the training side become examples; what is sealed stays out of the file.
"""

from typing import TYPE_CHECKING

import numpy as np

from florilegium import features
from florilegium.errors import ItemError
from florilegium.features import GraphEncoder, SentenceEncoder
from florilegium.features.decode import decode
from florilegium.features.stream import as_rgb
from florilegium.model import strangeness
from florilegium.model.exemplars import (
    MAX_FIELD_CHARS,
    MAX_THUMBNAILS_BYTES,
    THUMBNAIL_SIDE,
    Exemplar,
    may_be_passed_on,
    thumbnail,
)
from florilegium.model.graph import Likeness
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide
from florilegium.source.base import Files, Pixels
from florilegium.types import Ints, Octets, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project


def vectors_of(project: "Project", holdings: Holdings, encoder: GraphEncoder | SentenceEncoder, rows: Ints) -> Vectors:
    """Give the embeddings of these rows, from the cache; a fine-tuned network is the model's own and encodes now."""
    known = holdings.survey.encoded.get(encoder.key)
    if known is not None:
        return known.vectors[rows]
    some = holdings.dataset.take(rows)
    encoded = features.encode(
        some.contents, some.hashes, encoder=encoder, cache_dir=project.cache, progress=project.progress
    )
    return encoded.vectors


def gather(
    project: "Project",
    holdings: Holdings,
    side: TrainingSide,
    encoder: GraphEncoder | SentenceEncoder,
    *,
    limit: float | None,
) -> tuple[Likeness | None, tuple[Exemplar, ...]]:
    """Give what a model compares new pictures with, and what it may show of it. `limit` None: neither."""
    if limit is None:
        return None, ()
    places = strangeness.chosen(side.y, seed=project.settings.seed)
    rows = side.rows[places]
    neighbours = strangeness.learn(vectors_of(project, holdings, encoder, rows))
    return Likeness(neighbours=neighbours, limit=limit), exemplars(holdings, rows, y=side.y[places])


def exemplars(holdings: Holdings, rows: Ints, *, y: Ints) -> tuple[Exemplar, ...]:
    """Describe these rows of class numbers y (e,), with a thumbnail wherever the licence clearly allows one."""
    shown = _thumbnails(holdings, rows, y)
    made = []
    for place, row in enumerate(rows.tolist()):
        sample = holdings.dataset.samples[row]
        made.append(
            Exemplar(
                name=_printable(sample.name),
                label=sample.label or "",
                origin=_printable(sample.origin) if sample.origin else None,
                licence=_printable(sample.licence) if sample.licence else None,
                thumbnail=shown.get(place),
            )
        )
    return tuple(made)


def _printable(text: str) -> str:
    """Give a text as a file may hold it: a table's column may be of any length and hold half characters."""
    return text.encode("utf-8", "replace").decode("utf-8")[:MAX_FIELD_CHARS]


def _thumbnails(holdings: Holdings, rows: Ints, y: Ints) -> dict[int, str]:
    """Make thumbnails by place, each class in turn, until they fill their room in the file."""
    rank = np.zeros(len(y), dtype=np.int64)  # the how-manieth of its class each is
    for label in np.unique(y):
        rank[y == label] = np.arange((y == label).sum())
    made: dict[int, str] = {}
    n_bytes = 0
    for place in np.lexsort((y, rank)).tolist():
        sample = holdings.dataset.samples[rows[place]]
        if not may_be_passed_on(sample.licence, origin=sample.origin):
            continue
        picture = _picture(holdings, int(rows[place]))
        small = None if picture is None else thumbnail(picture)
        if small is not None and n_bytes + len(small) <= MAX_THUMBNAILS_BYTES:
            made[place] = small
            n_bytes += len(small)
    return made


def _picture(holdings: Holdings, row: int) -> Octets | None:
    contents = holdings.dataset.contents
    if isinstance(contents, Pixels):
        rgb: Octets = as_rgb(contents.array[row][None])[0]
        return rgb
    try:
        return decode(contents.paths[row], short_side=THUMBNAIL_SIDE) if isinstance(contents, Files) else None
    except ItemError:  # it was readable a moment ago; a model without one thumbnail is a model all the same
        return None

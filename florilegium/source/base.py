"""What a source brings: samples and a way to read their contents. Path: **source** -> dataset.

Every reader in this package returns one `Harvest`. Nothing here judges labels or splits anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from florilegium.types import Octets


class Kind(StrEnum):
    """What the items are."""

    IMAGE = "image"
    TEXT = "text"


class Side(StrEnum):
    """Where a source, or the sealed split, puts an item."""

    TRAIN = "train"
    TEST = "test"


NO_LABELS = "none"
NOTHING: Mapping[str, str] = MappingProxyType({})  # one for all: a million samples share it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One occurrence of an item in a source.

    Two files with the same bytes are two samples with one `sha256`.
    """

    # Unique in its source and stable when the source grows: a path below the source's folder (printable, with "/"),
    # "train/00017" for arrays, the beginning of its hash for a text.
    name: str
    label: str | None  # None: not labelled yet
    sha256: str  # hex digest of the file's bytes, of shape and pixels, or of the UTF-8 text
    group: str | None = None  # items of one group are never divided between train and test
    origin: str | None = None  # who or where the item comes from (site, person, repository)
    licence: str | None = None
    side: Side | None = None  # where the source itself puts the item; None: no opinion
    metadata: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Files:
    """Contents that lie on disk, one file per sample."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.paths)


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Contents that are arrays of equal size: uint8 of shape (n, h, w) gray or (n, h, w, 3) RGB."""

    array: Octets

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.array)


@dataclass(frozen=True, slots=True)
class Texts:
    """Contents that are strings."""

    strings: tuple[str, ...]

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.strings)


Contents = Files | Pixels | Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that could not be used, said in words."""

    name: str  # the file or row, as the user would find it
    reason: str  # what is wrong and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """Where the data lies and how to read it; kept in a project's settings so that it can be read again."""

    location: str  # "digits", "mnist", "flowers20", a folder, or a table file
    label: str | None = None  # the columns of a table; None: guess, and say so
    content: str | None = None  # text or path column of a table
    group: str | None = None
    origin: str | None = None  # `--source COLUMN` on the command line
    split: str | None = None
    metadata: str | None = None  # a metadata table beside the images
    encoding: str | None = None
    labels: str | None = None  # "none": take no label from the source; people will give them

    @property
    def unlabelled(self) -> bool:
        """Tell whether labels that the source may have are left aside."""
        return self.labels == NO_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """All that one reading of a source brought. `samples[i]` describes `contents` number i."""

    kind: Kind
    samples: tuple[Sample, ...]
    contents: Contents
    stamps: tuple[tuple[int, int], ...] = ()  # (size in bytes, mtime in ns) per sample for files; else empty
    notes: tuple[str, ...] = ()  # what was guessed or ignored, to be told to the user
    faults: tuple[Fault, ...] = ()  # what could not be used


# (size in bytes, mtime in ns) -> known hash: lets a second reading skip hashing what has not changed.
Known = Mapping[str, tuple[int, int, str]]

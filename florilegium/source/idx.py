"""Read the IDX files of MNIST and its relatives. Path: **source** -> dataset. Trusts neither header nor size."""

import gzip
import math
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from florilegium.errors import SourceError
from florilegium.source.base import Harvest, Kind, Pixels, Sample, Side
from florilegium.source.hashing import pixel_hash
from florilegium.types import Octets, Progress

# The names of Yann LeCun's files; EMNIST puts its own in front: emnist-letters-train-images-idx3-ubyte.
FILES = {
    Side.TRAIN: ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    Side.TEST: ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
MAX_BYTES = 1 << 30  # of one file, unpacked: twice the largest of EMNIST
MAX_SIDE_PX = 4096
UBYTE = 0x08  # the code of unsigned bytes; the other types of IDX are not used for pictures
GZIP_MARK = b"\x1f\x8b"
TELL_EVERY = 10_000


def holds_idx(root: Path) -> bool:
    """Tell whether one of the four files lies in a folder; `read` says which ones are missing."""
    return any(_find(root, name) is not None for pair in FILES.values() for name in pair)


def read(root: Path, *, progress: Progress) -> Harvest:
    """Read the four files, packed or not; the published test set is the one that is sealed.

    Raises: SourceError: a file is missing, damaged, or not what its header promises.
    """
    missing = [name for pair in FILES.values() for name in pair if _find(root, name) is None]
    if missing:
        raise SourceError(
            f"{root}: {', '.join(f'{name}.gz' for name in missing)} missing. Expected the four files of MNIST."
        )
    arrays, samples = [], []
    for side, names in FILES.items():
        images, labels = (_array(_find(root, name) or root / name) for name in names)
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not images.size:
            raise SourceError(
                f"{root}: {names[0]} has the shape {images.shape} and {names[1]} {labels.shape}; "
                "expected (n, h, w) and (n,)."
            )
        arrays.append(images)
        samples += _samples(images, labels, side, progress=progress)
    train, test = arrays
    if train.shape[1:] != test.shape[1:]:
        raise SourceError(
            f"{root}: train pictures are {train.shape[1:]} and test pictures {test.shape[1:]} px; expected one size."
        )
    note = f"The published test set of {len(test):,} is the one that is sealed."
    return Harvest(kind=Kind.IMAGE, samples=tuple(samples), contents=Pixels(np.concatenate(arrays)), notes=(note,))


def _samples(images: Octets, labels: Octets, side: Side, *, progress: Progress) -> list[Sample]:
    samples = []
    for i, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        name = f"{side.value}/{i:05}"
        samples.append(Sample(name=name, label=str(label), sha256=pixel_hash(image), side=side))
        if (i + 1) % TELL_EVERY == 0 or i + 1 == len(images):
            progress(f"{side.value} pictures hashed", i + 1, len(images))
    return samples


def _find(root: Path, name: str) -> Path | None:
    # Some mirrors write a dot where the original has a dash.
    names = (f"{name}.gz", name, f"{name.replace('-idx', '.idx')}.gz", name.replace("-idx", ".idx"))
    return next((root / n for n in names if (root / n).is_file()), None)


def _array(path: Path) -> Octets:
    """Read one file: as many bytes as its header promises, and not one more."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MARK
            file.seek(0)
            if not packed:
                return _content(file, path)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _content(unpacked, path)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: it cannot be read ({error}). Fetch the file again.") from error


def _content(file: IO[bytes] | gzip.GzipFile, path: Path) -> Octets:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] != UBYTE or not 1 <= head[3] <= 3:
        raise SourceError(
            f"{path}: not an IDX file of bytes in one to three dimensions (it begins with {head.hex(' ')})."
        )
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise SourceError(f"{path}: it ends within its header. Fetch the file again.")
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
    n_bytes = math.prod(shape)
    if n_bytes > MAX_BYTES or max(shape[1:], default=0) > MAX_SIDE_PX:
        raise SourceError(
            f"{path}: its header promises {shape}; at most {MAX_BYTES:,} bytes in pictures of {MAX_SIDE_PX} px "
            "are read."
        )
    raw = file.read(n_bytes + 1)
    if len(raw) != n_bytes:
        what = "more" if len(raw) > n_bytes else f"only {len(raw):,} bytes"
        raise SourceError(
            f"{path}: the header promises {shape}, that is {n_bytes:,} bytes, but {what} came. Fetch the file again."
        )
    return np.frombuffer(raw, np.uint8).reshape(shape)

"""The data sets that have a name: digits, mnist, flowers20, banking77. Path: **source** -> dataset.

Looked for in the folder that FLORILEGIUM_DATA names, then in the cache, then at the public address.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from florilegium.errors import SourceError
from florilegium.source.base import Harvest, Kind, Pixels, Sample
from florilegium.source.hashing import pixel_hash, sha256_of
from florilegium.types import Progress, silent

DATA_VARIABLE = "FLORILEGIUM_DATA"
CACHE_VARIABLE = "FLORILEGIUM_CACHE"
MNIST_ADDRESSES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",  # where torchvision fetches it
    "https://storage.googleapis.com/cvdf-datasets/mnist/",  # where TensorFlow Datasets does
)
BANKING_ADDRESS = (
    "https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/"
    "57ec275d8078af65b7731c2a98be812d844a6d6b/banking_data/"
)
DIGIT_LEVELS = 16  # scikit-learn's digits are counts of ink in blocks of 4 x 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFile:
    """One file of a set, and how to know it."""

    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """A data set with a name; what a help text says of it."""

    what: str
    licence: str
    n_items: int
    n_classes: int
    addresses: tuple[str, ...] = ()  # each holds all files; none: embedded, or only to be had from a mirror
    files: tuple[PublicFile, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Give the bytes to fetch."""
        return sum(file.n_bytes for file in self.files)


def _file(name: str, n_bytes: int, sha256: str) -> PublicFile:
    return PublicFile(name=name, n_bytes=n_bytes, sha256=sha256)


BUILTINS: Mapping[str, Builtin] = MappingProxyType(
    {
        "digits": Builtin(
            what="handwritten digits, 8 x 8, embedded in scikit-learn",
            licence="CC BY 4.0 (UCI, Optical Recognition of Handwritten Digits)",
            n_items=1_797,
            n_classes=10,
        ),
        "mnist": Builtin(
            what="handwritten digits, 28 x 28, with the published test set of 10,000",
            licence="stated by none of its sources (LeCun, Cortes and Burges)",
            n_items=70_000,
            n_classes=10,
            addresses=MNIST_ADDRESSES,
            files=(
                _file(
                    "train-images-idx3-ubyte.gz",
                    9_912_422,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                ),
                _file(
                    "train-labels-idx1-ubyte.gz",
                    28_881,
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                ),
                _file(
                    "t10k-images-idx3-ubyte.gz",
                    1_648_877,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                ),
                _file(
                    "t10k-labels-idx1-ubyte.gz",
                    4_542,
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                ),
            ),
        ),
        "flowers20": Builtin(
            what="photos of 20 popular flowers from 170 sources, with near-duplicates and some wrong labels",
            licence="mostly unstated: for tests and research, not to be redistributed",
            n_items=1_984,
            n_classes=20,
        ),
        "banking77": Builtin(
            what="questions of a bank's customers, 77 intents, with the published test set of 3,080",
            licence="CC BY 4.0 (Casanueva et al. 2020)",
            n_items=13_083,
            n_classes=77,
            addresses=(BANKING_ADDRESS,),
            files=(
                _file("train.csv", 839_073, "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b"),
                _file("test.csv", 239_961, "d12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d"),
            ),
        ),
    }
)


def mirror() -> Path | None:
    """Give the folder of local copies that FLORILEGIUM_DATA names, or None."""
    named = os.environ.get(DATA_VARIABLE, "")
    return Path(named) if named else None


def default_cache() -> Path:
    """Give the folder that fetched files are kept in: FLORILEGIUM_CACHE, or the system's place for such things."""
    import platformdirs  # not needed where nothing is fetched

    return Path(os.environ.get(CACHE_VARIABLE, "") or platformdirs.user_cache_dir("florilegium"))


def folder_of(name: str, *, cache_dir: Path | None = None, progress: Progress = silent) -> Path:
    """Give the folder that holds a built-in's files: the mirror's, or the cache's, fetched if need be.

    Raises: SourceError: it can only be had from a mirror, and none holds it.  DownloadError: it could not be fetched.
    """
    copies, builtin = mirror(), BUILTINS[name]
    if copies is not None and (copies / name).is_dir():
        return copies / name
    if not builtin.files:
        where = (
            f"{DATA_VARIABLE} names {copies}, which has no folder {name!r}" if copies else f"{DATA_VARIABLE} is not set"
        )
        raise SourceError(
            f"{name}: this set has no public address (licence: {builtin.licence}), and {where}. "
            f"Set {DATA_VARIABLE} to a folder that holds {name}/, or give your own folder of class folders."
        )
    from florilegium.source import remote  # httpx takes a while to load, and most sources need no network

    folder = (cache_dir or default_cache()) / name
    for file in builtin.files:
        urls = tuple(address + file.name for address in builtin.addresses)
        wanted = remote.RemoteFile(name=file.name, urls=urls, sha256=file.sha256, n_bytes=file.n_bytes)
        remote.fetch(wanted, folder, progress=progress)
    return folder


def other_files(name: str, folder: Path) -> list[str]:
    """Say which of a built-in's files in a mirror are not the published ones."""
    return [
        f"{folder / file.name} is not the published file: its SHA-256 differs."
        for file in BUILTINS[name].files
        if (folder / file.name).is_file() and sha256_of(folder / file.name) != file.sha256
    ]


def digits() -> Harvest:
    """Give scikit-learn's embedded digits: gray, 8 x 8, levels 0..16 stretched to 0..255."""
    from sklearn.datasets import load_digits  # a second to load, and only this set needs it

    bunch = load_digits()
    array = np.rint(bunch.images * (255 / DIGIT_LEVELS)).astype(np.uint8)  # (1797, 8, 8)
    licence = BUILTINS["digits"].licence
    samples = tuple(
        Sample(name=f"{i:04}", label=str(label), sha256=pixel_hash(image), licence=licence)
        for i, (image, label) in enumerate(zip(array, bunch.target.tolist(), strict=True))
    )
    note = "scikit-learn brings these digits without the number of their writers, so both sides may share a hand."
    return Harvest(kind=Kind.IMAGE, samples=samples, contents=Pixels(array), notes=(note,))

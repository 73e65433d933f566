"""The pictures that the lesson learns from: MNIST, or scikit-learn's small digits. Path: baseline -> **lab**.

Reads by the package's own `source`; where MNIST cannot be had, takes the embedded digits and says so.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from florilegium import source
from florilegium.errors import InputError, SettingError
from florilegium.source import builtin
from florilegium.source.base import Harvest, Pixels, Side, SourceSpec
from florilegium.types import Bools, Ints, Octets, Progress, Vectors, silent

NAMES = ("mnist", "digits")
SHARE_TEST = 1 / 3  # of the small digits, which come without a test set
SHUFFLE = 4  # the seed that deals them; the same for everybody, so that figures can be compared


@dataclass(frozen=True, eq=False, kw_only=True)
class Digits:
    """Pictures to learn from and pictures to be judged by."""

    name: str
    x: Octets  # (n, h, w) ink 0..255
    y: Ints  # (n,) class numbers
    x_test: Octets  # (m, h, w)
    y_test: Ints  # (m,)
    classes: tuple[str, ...]  # what the class numbers mean
    notes: tuple[str, ...] = ()

    @cached_property
    def ink(self) -> Vectors:
        """Give the pictures to learn from as numbers 0..1; (n, h, w)."""
        return self.x.astype(np.float32) / np.float32(255)

    @cached_property
    def ink_test(self) -> Vectors:
        """Give the pictures to be judged by as numbers 0..1; (m, h, w)."""
        return self.x_test.astype(np.float32) / np.float32(255)

    @property
    def side_px(self) -> int:
        """Give height and width of a picture."""
        return int(self.x.shape[1])

    def only(self, *digits: int) -> "Digits":
        """Give the pictures of these digits only, whose class numbers are then their places in `digits`."""
        place = np.full(len(self.classes), -1, dtype=np.int64)
        place[list(digits)] = np.arange(len(digits))
        train, test = place[self.y] >= 0, place[self.y_test] >= 0
        return Digits(
            name=self.name,
            x=self.x[train],
            y=place[self.y[train]],
            x_test=self.x_test[test],
            y_test=place[self.y_test[test]],
            classes=tuple(self.classes[d] for d in digits),
            notes=self.notes,
        )


def load(name: Literal["mnist", "digits"] | str | None = None, *, progress: Progress = silent) -> Digits:  # noqa: PYI051 - the names that are there
    """Read the digits; None: MNIST where it can be had, else the embedded ones, with a word about it.

    Raises: SettingError: no such set.  DownloadError, SourceError: MNIST was asked for by name and cannot be had.
    """
    if name is not None:
        check_name(name)
        return _split(name, source.read(SourceSpec(location=name), progress=progress))
    try:
        return _split("mnist", source.read(SourceSpec(location="mnist"), progress=progress))
    except InputError as error:
        word = f"MNIST cannot be had here, so these are scikit-learn's small digits of 8 x 8 pixels. ({error})"
        return _split("digits", source.read(SourceSpec(location="digits"), progress=progress), word)


def check_name(name: str) -> None:
    """Refuse a set of digits that there is not.

    Raises: SettingError: no such set.
    """
    if name not in NAMES:
        raise SettingError(f"--data {name}: no such digits. Expected {' or '.join(NAMES)}.")


def mnist_at_hand() -> bool:
    """Tell whether MNIST lies on this machine, so that nothing needs to be fetched."""
    copies = builtin.mirror()
    folders = [builtin.default_cache() / "mnist", *([] if copies is None else [copies / "mnist"])]
    return any((folder / file.name).is_file() for folder in folders for file in builtin.BUILTINS["mnist"].files)


def _split(name: str, harvest: Harvest, *notes: str) -> Digits:
    if not isinstance(harvest.contents, Pixels):
        raise InputError(f"{name}: expected pictures of one size.")
    x = harvest.contents.array
    y = np.array([int(sample.label or 0) for sample in harvest.samples], dtype=np.int64)
    test = np.array([sample.side is Side.TEST for sample in harvest.samples])
    if not test.any():
        test = _drawn(len(x))
        notes = (*notes, f"These digits come without a test set: {test.sum()} of {len(x):,} were drawn by lot.")
    classes = tuple(str(digit) for digit in range(10))
    return Digits(name=name, x=x[~test], y=y[~test], x_test=x[test], y_test=y[test], classes=classes, notes=notes)


def _drawn(n: int) -> Bools:
    test = np.zeros(n, dtype=np.bool_)
    test[np.random.default_rng(SHUFFLE).permutation(n)[: round(n * SHARE_TEST)]] = True
    return test


def shifted(x: Vectors, rng: np.random.Generator) -> Vectors:
    """Move each picture by at most one pixel in each direction: (n, h, w) -> (n, h, w).

    A digit one pixel further left is the same digit; showing it both ways is the cheapest way to have more data.
    """
    n, h, w = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))  # (n, h + 2, w + 2)
    down, right = rng.integers(0, 3, size=(2, n))
    windows = sliding_window_view(padded, (h, w), axis=(1, 2))  # (n, 3, 3, h, w), a view
    return np.asarray(windows[np.arange(n), down, right])

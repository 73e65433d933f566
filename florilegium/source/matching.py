"""Find the picture that a row means by a file name. Path: **source** -> dataset. Sees names only, no disk."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from florilegium.source.names import label_of
from florilegium.source.sniff import PICTURE_ENDINGS


class Matching:
    r"""Find a picture by its path, by an end of its path, or by its bare name, whatever the case and the separators.

    >>> Matching(["rose/1.jpg", "tulip/1.jpg", "tulip/2.jpg"]).fitting("Photos\\Tulip\\1.JPG")
    [1]
    >>> Matching(["rose/1.jpg", "tulip/1.jpg", "tulip/2.jpg"]).fitting("1.jpg")
    [0, 1]
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Index the samples' names."""
        self._exact = {name: i for i, name in enumerate(names)}
        self._folded: dict[str, list[int]] = defaultdict(list)
        self._bare: dict[str, list[tuple[str, int]]] = defaultdict(list)  # last part, with and without its ending
        for i, name in enumerate(names):
            path = _folded(name)
            self._folded[path].append(i)
            self._bare[_last(path)].append((path, i))
            if (stem := _without_ending(path)) != path:
                self._bare[_last(stem)].append((stem, i))

    def fitting(self, given: str, *, prefix: str = "") -> list[int]:
        """Give the numbers of the pictures that a row may mean: one, none, or several where it is not clear.

        Args: prefix: where the table lies below the pictures' folder, such as "train/".
        """
        for name in (prefix + given, given):
            if name in self._exact:
                return [self._exact[name]]
        path = _folded(given)
        for name in (_folded(prefix + given), path):
            if found := self._folded.get(name):
                return found
        return [i for known, i in self._bare.get(_last(path), ()) if _end_alike(known, path)]


def _folded(name: str) -> str:
    return label_of(name.strip().replace("\\", "/")).removeprefix("./").strip("/").casefold()


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _without_ending(path: str) -> str:
    ending = PurePosixPath(path).suffix
    return path.removesuffix(ending) if ending in PICTURE_ENDINGS else path


def _end_alike(one: str, other: str) -> bool:
    """Tell whether one path is the end of the other: images/rose/1.jpg and rose/1.jpg."""
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")

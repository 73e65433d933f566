"""The pictures that cards show, made when they are asked for and kept in a folder. Path: **project** (used by carding).

Each is decoded, turned upright, reduced and written anew, so nothing of the file but its pixels reaches a card.
"""

import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from florilegium.errors import ItemError
from florilegium.features import decode
from florilegium.project.kept import replacing
from florilegium.source.base import Contents, Files, Pixels
from florilegium.types import Octets, Progress, silent

SIDE = 480  # px of the longer side: fills a phone, about 30 kB
SMALL = 160  # px: an array of pixels, such as a digit, is enlarged to this in squares
QUALITY = 80  # JPEG


def picture_name(sha256: str, contents: Contents) -> str:
    """Give the name of an item's picture, the same in every deck; Anki keeps all pictures in one folder."""
    return f"florilegium-{sha256[:24]}.{'png' if isinstance(contents, Pixels) else 'jpg'}"


class CardPictures:
    """Pictures by name, made from contents when they are asked for."""

    def __init__(self, folder: Path, contents: Contents, rows: Mapping[str, int]) -> None:
        """Remember where pictures are kept, what they are made from, and which row each name is."""
        self.folder = folder
        self._contents = contents
        self._rows = rows

    def path(self, name: str) -> Path | None:
        """Give the file of a picture; None where the item is gone or cannot be read."""
        if name not in self._rows:
            return None
        place = self.folder / name
        if place.is_file():
            return place
        try:
            made = _made(self._contents, self._rows[name])
        except (ItemError, OSError):
            return None
        with replacing(place) as beside:
            beside.write_bytes(made)
        return place

    def paths(self, names: Iterable[str], *, progress: Progress = silent) -> dict[str, Path]:
        """Give the files of several pictures; those that are gone are left out."""
        wanted = list(dict.fromkeys(names))
        found: dict[str, Path] = {}
        with ThreadPoolExecutor() as pool:
            for i, (name, path) in enumerate(zip(wanted, pool.map(self.path, wanted), strict=True)):
                progress("pictures", i + 1, len(wanted))
                if path is not None:
                    found[name] = path
        return found


def _made(contents: Contents, row: int) -> bytes:
    file = io.BytesIO()
    if isinstance(contents, Pixels):
        _enlarged(contents.array[row]).save(file, "PNG")
    elif isinstance(contents, Files):
        image = Image.fromarray(decode(contents.paths[row], short_side=SIDE))
        image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        image.save(file, "JPEG", quality=QUALITY)
    else:
        raise ItemError("a text has no picture.")
    return file.getvalue()


def _enlarged(pixels: Octets) -> Image.Image:
    image = Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
    factor = max(1, SMALL // max(image.size))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)

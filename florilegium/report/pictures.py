"""Small pictures of items, ready to stand inside a page. Path: features -> **report** (used by its build).

Makes thumbnails from pixels and data addresses from thumbnails; opens no file and trusts no bytes by their name.
"""

import base64
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from florilegium.errors import InputError
from florilegium.types import Octets

SIDE = 112  # px of the longer side: as large as the page shows it
RAW_SIDE = 64  # px: pictures up to this size (digits) are kept as they are, without loss
QUALITY = 70  # JPEG: about 3 kB for a photo
PIXELATED_SIDE = 32  # px: smaller ones are enlarged in squares, since a blur would invent what is not there
PNG, JPEG, RIFF, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"WEBP"


@dataclass(frozen=True, slots=True)
class Picture:
    """A thumbnail as a page holds it."""

    address: str  # data:image/...;base64,...
    pixelated: bool  # enlarge it in squares


def thumbnail(pixels: Octets) -> bytes:
    """Make a small picture of an item: uint8 of shape (h, w), (h, w, 1) or (h, w, 3) -> PNG or JPEG.

    Raises: InputError: the array is no picture.
    """
    plain = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    if plain.dtype != np.uint8 or plain.ndim not in (2, 3) or plain.shape[2:] not in ((), (3,)) or plain.size == 0:
        raise InputError(
            f"an array of {pixels.dtype} with shape {pixels.shape} is no picture: expected uint8, (h, w) or (h, w, 3). "
            "Give what features.decode returned."
        )
    image, file = Image.fromarray(plain), io.BytesIO()
    if max(image.size) <= RAW_SIDE:
        image.save(file, "PNG")
    else:
        image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def picture(content: bytes) -> Picture | None:
    """Give the thumbnail as a data address; None where the bytes are no PNG, JPEG or WebP.

    >>> picture(b"<svg onload='alert(1)'>") is None
    True
    """
    if (kind := _kind(content)) is None:
        return None
    # A PNG says its width and height in the eight bytes that follow its first chunk's name.
    sides = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    pixelated = kind == "png" and max(sides) <= PIXELATED_SIDE
    return Picture(f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}", pixelated)


def _kind(content: bytes) -> str | None:
    if content.startswith(PNG):
        return "png"
    if content.startswith(JPEG):
        return "jpeg"
    return "webp" if content.startswith(RIFF) and content[8:12] == WEBP else None


def within(names: Iterable[str], pictures: Mapping[str, bytes], *, n_bytes: int) -> dict[str, Picture]:
    """Give the pictures of these names, the first ones first, as long as they fit into `n_bytes` of page."""
    fitting: dict[str, Picture] = {}
    for name in names:
        found = picture(pictures[name]) if name in pictures and name not in fitting else None
        if found is None:
            continue
        n_bytes -= len(found.address)
        if n_bytes < 0:
            break
        fitting[name] = found
    return fitting

"""Turn the bytes of a picture into pixels, on purpose in every case. Path: source -> **features**.

Upright by its EXIF orientation, RGB, 8 bits, over white where transparent, the first frame where animated. A JPEG is
decoded at a fraction of its size where that is enough. Nothing is decoded before its header was checked, and no format
outside `FORMATS` is tried.
"""

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Imported here so that Pillow never loads its rarer plugins while it looks for one that fits.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from florilegium.errors import ItemError, SettingError
from florilegium.types import Octets

DECODE_RULES = 1  # part of every cache key: raise it when a picture comes out of `decode` differently
MIN_DECODE_SIDE = 256  # px: one size for looks and most encoders, so that one decoding serves both
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB of RGB
MAX_ASPECT = 64  # long side / short side: a line of 20,000 x 1 px would be resized to 5,120,000 x 256
MAX_FILE_BYTES = 1 << 29
PIXELS_VARIABLE = "FLORILEGIUM_MAX_PIXELS"
RAISE = f", or set {PIXELS_VARIABLE} higher"  # the operator's part of the cure: visitors of a page cannot do that
REDUCTIONS = (8, 4, 2)  # what libjpeg offers; other formats follow, so that a picture looks alike in each

_PLUGINS = (
    JpegImagePlugin,
    PngImagePlugin,
    GifImagePlugin,
    BmpImagePlugin,
    WebPImagePlugin,
    TiffImagePlugin,
    PpmImagePlugin,
    MpoImagePlugin,
    AvifImagePlugin,
)
# An MPO (two photos of a phone in one file) opens as a JPEG; AVIF may be missing from a self-built Pillow.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "MPO", "AVIF")

_OPENED = tuple(kind for kind in FORMATS if kind in Image.OPEN)

# First bytes -> what it is and what to do. Only read once no allowed format fits.
_FOREIGN = (
    (b"<?xml", "an XML file", "If it is a drawing, save it as PNG."),
    (b"<!doctype html", "a web page, not a picture", "The download failed; fetch the picture again."),
    (b"<html", "a web page, not a picture", "The download failed; fetch the picture again."),
    (b"version https://git-lfs", "a Git LFS pointer, not the picture", "Run: git lfs pull"),
    (b"%pdf", "a PDF document", "Save its pages as PNG or JPEG."),
    (b"8bps", "a Photoshop document", "Save it as PNG or JPEG."),
    (b"pk\x03\x04", "a ZIP archive", "Unpack it first."),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a picture's file says of itself; part of the facts that a shortcut may use."""

    format: str  # one of FORMATS; "" for arrays
    width: int  # px, as stored
    height: int  # px, as stored
    n_bytes: int
    n_frames_more: bool  # animated, or of several pages: only the first is used
    gray: bool
    alpha: bool
    orientation: int  # EXIF, 1..8; 0: not stated
    exif: bool
    thumbnail: bool  # a small picture inside the EXIF data
    quantisation: float  # mean of a JPEG's first table: low is high quality; 0: not a JPEG


def max_pixels_allowed() -> int:
    """Give the limit on a picture's pixels: `FLORILEGIUM_MAX_PIXELS`, or 89,478,485.

    Raises: SettingError: the variable is not a whole number from 1 up.
    """
    stated = os.environ.get(PIXELS_VARIABLE, "")
    if not stated:
        return MAX_PIXELS
    if not stated.isascii() or not stated.isdigit() or int(stated) < 1:
        raise SettingError(f"{PIXELS_VARIABLE} = {stated!r}: expected a whole number of pixels, such as {MAX_PIXELS}")
    return int(stated)


def decode(picture: Path | str | bytes, *, short_side: int = MIN_DECODE_SIDE, max_pixels: int = MAX_PIXELS) -> Octets:
    """Give a picture as RGB pixels, uint8 of shape (h, w, 3).

    Args:
        picture: a file's path, or its bytes.
        short_side: px; a larger picture may be reduced by 2, 4 or 8, never below this.
        max_pixels: width times height, beyond which a picture is refused before it is decoded.
    Raises: ItemError: no picture, not one of FORMATS, damaged, or too large; the message says which and what to do.
    """
    return decode_with_header(picture, short_side=short_side, max_pixels=max_pixels)[0]


def decode_with_header(
    picture: Path | str | bytes, *, short_side: int = MIN_DECODE_SIDE, max_pixels: int = MAX_PIXELS
) -> tuple[Octets, Header]:
    """Give the pixels, as `decode` does, and what the file says of itself."""
    octets = picture if isinstance(picture, bytes) else _read(picture)
    if not octets:
        raise ItemError("the file is empty (0 bytes). Fetch it again, or remove it.")
    if max_pixels > (Image.MAX_IMAGE_PIXELS or max_pixels):
        Image.MAX_IMAGE_PIXELS = max_pixels  # the user raised our limit on purpose; Pillow's must not undercut it
    try:
        with Image.open(io.BytesIO(octets), formats=_OPENED) as opened:
            _check_size(opened.size, max_pixels)
            header = _header(opened, len(octets))
            return _pixels(opened, short_side, header.orientation), header
    except ItemError:
        raise
    except UnidentifiedImageError as error:
        raise ItemError(_foreign(octets)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ItemError(_too_large("more pixels than Pillow allows", max_pixels)) from error
    except MemoryError as error:
        raise ItemError("not enough memory to decode it. Make it smaller.") from error
    except Exception as error:  # on hostile bytes Pillow's plugins raise nearly anything; all of it means this
        raise ItemError(f"damaged or truncated: {_said(error)}. Fetch it again, or remove it.") from error


def _read(path: Path | str) -> bytes:
    try:
        status = Path(path).stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # opening a pipe may wait for ever
            raise ItemError("cannot be read: a pipe or a device, not a file. Remove it.")
        if status.st_size > MAX_FILE_BYTES:
            raise ItemError(f"{status.st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read. Make it smaller.")
        with Path(path).open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise ItemError(f"cannot be read: {error.strerror or error}. Check the path and its permissions.") from error
    except ValueError as error:  # a NUL in the name
        raise ItemError(f"cannot be read: {_said(error)}. Check the path.") from error


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if (
        width < 1 or height < 1
    ):  # pragma: no cover - Pillow refuses such headers itself, in every format that we know of
        raise ItemError(f"{width} x {height} pixels: nothing to see. Remove it.")
    if width * height > max_pixels:
        raise ItemError(_too_large(f"{width:,} x {height:,} pixels", max_pixels))
    if max(size) > MAX_ASPECT * min(size):
        raise ItemError(
            f"{width:,} x {height:,} pixels: longer than {MAX_ASPECT} times its width. Cut out what matters."
        )


def _too_large(what: str, max_pixels: int) -> str:
    return f"{what}; at most {max_pixels:,} are decoded. Make it smaller{RAISE}."


def _foreign(octets: bytes) -> str:
    start = octets[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<") and b"<svg" in start:  # after an XML declaration, a comment or a document type
        return "an SVG drawing, which is not read. Save it as PNG."
    if octets[4:8] == b"ftyp" and octets[8:12] in _HEIF_BRANDS:
        return "a HEIC photo, which is not read. Save it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)."
    for mark, what, cure in _FOREIGN:
        if start.startswith(mark):
            return f"{what}, which is not read. {cure}"
    return f"not a picture, or not one of {', '.join(FORMATS)}. Save it as JPEG or PNG, or remove it."


def _header(opened: ImageFile.ImageFile, n_bytes: int) -> Header:
    orientation, thumbnail = _exif(opened)
    tables = getattr(opened, "quantization", None)
    return Header(
        format=opened.format or "",
        width=opened.width,
        height=opened.height,
        n_bytes=n_bytes,
        n_frames_more=bool(getattr(opened, "is_animated", False)) and opened.format != "MPO",
        gray=opened.mode in ("1", "L", "LA", "La", "I", "I;16", "I;16B"),
        alpha=opened.has_transparency_data,
        orientation=orientation,
        exif="exif" in opened.info,
        thumbnail=thumbnail,
        quantisation=float(np.mean(next(iter(tables.values())))) if tables else 0.0,
    )


def _exif(opened: ImageFile.ImageFile) -> tuple[int, bool]:
    """Give the EXIF orientation (1..8; 0: none) and whether a thumbnail lies in the EXIF data."""
    if "exif" not in opened.info and opened.format != "TIFF":
        return 0, False
    try:
        exif = opened.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 0)
        thumbnail = "exif" in opened.info and bool(exif.get_ifd(ExifTags.IFD.IFD1))
    except Exception:  # noqa: BLE001 - damaged EXIF data raise nearly anything, and the picture itself is still good
        return 0, False
    return (orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 0), thumbnail


def _pixels(opened: Image.Image, short_side: int, orientation: int) -> Octets:
    size = opened.size
    factor = next((f for f in REDUCTIONS if min(size) // f >= short_side), 1)
    if factor > 1:
        opened.draft(None, (size[0] // factor, size[1] // factor))  # JPEG only; others ignore it
    opened.load()
    image = _rgb(opened)
    if factor > 1 and image.size == size:
        image = image.reduce(factor)  # a mean over squares, as JPEG's reduced decoding nearly is
    if orientation > 1:
        image = image.transpose(_TURNS[orientation])
    return np.asarray(image)


# EXIF 2.32, table 6, tag 274.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    if image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "F":
        raise ItemError("its pixels are floating-point numbers, whose range is not agreed. Save it with 8 or 16 bits.")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")  # what a page or a printer would show behind it
        return Image.alpha_composite(paper, picture).convert("RGB")
    return image.convert("RGB")


def _eight_bits(levels: NDArray[np.generic]) -> Octets:
    # 65535 / 255 = 257: both ends of the range stay where they are. Pillow's own conversion would cut at 255.
    return ((np.clip(levels.astype(np.int64), 0, 65535) + 128) // 257).astype(np.uint8)

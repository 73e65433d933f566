"""Pictures for the tests of exported pages: painted, and written in the formats that browsers read."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def a_picture(*, width: int = 320, height: int = 240, seed: int = 0) -> Image.Image:
    """Paint soft colours with sharp edges on them."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    soft.paste((250, 10, 30), (width // 4, height // 4, width // 2, height // 2))
    return soft


def encoded(picture: Image.Image, kind: str, **choices: Any) -> bytes:
    """Write a picture into bytes."""
    stream = io.BytesIO()
    picture.save(stream, kind, **choices)
    return stream.getvalue()


def turned(orientation: int) -> Image.Exif:
    """Make EXIF data that state an orientation."""
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif


def png_of(width: int, height: int) -> bytes:
    """Make a PNG whose header states a size; it holds no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")

"""Files and requests that mean harm, made from good ones by chance: what `bench_hostile` and its test send.

Everything follows from a seed, so that what once did harm can be sent again. Sends nothing.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
SIDES = (8, 200)  # px, of the good pictures
BOUNDARY = "florilegium-boundary"
MAX_EDITS = 12  # bytes changed, cut or doubled in one file


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request to send."""

    name: str  # what was done to it
    content_type: str
    body: bytes


def requests(n: int, *, seed: int, field: str = "photos") -> Iterator[Sent]:
    """Give `n` requests, each with a mutated picture in a form; every tenth has a mutated form, too."""
    rng = np.random.default_rng(seed)
    good = [_picture(rng, file_format, side) for file_format in FORMATS for side in SIDES]
    for i in range(n):
        how = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        content = how(good[int(rng.integers(len(good)))], rng)
        body = _form(content, field=field, name=_names(rng))
        name = how.__name__.strip("_")
        if i % 10 == 0:
            body, name = _edited(body, rng), f"{name}, form edited"
        yield Sent(name=name, content_type=f"multipart/form-data; boundary={BOUNDARY}", body=body)


def picture_bomb(side: int = 60_000) -> bytes:
    """Give a PNG of a few hundred kilobytes that says, and holds, `side` x `side` gray pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (side + 1)
    packed = b"".join(packer.compress(row) for _ in range(min(side, 4000))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def zip_in_jpeg(good: bytes, archive: bytes) -> bytes:
    """Give a picture with an archive behind its end, as smugglers do it."""
    return good + archive


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _picture(rng: np.random.Generator, file_format: str, side: int) -> bytes:
    file = io.BytesIO()
    pixels = rng.integers(0, 256, size=(side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, file_format)
    return file.getvalue()


def _names(rng: np.random.Generator) -> bytes:
    names = (
        b"photo.jpg",
        b"../../etc/passwd",
        b"a\x00b.jpg",
        b"<script>alert(1)</script>.png",
        b'x"; filename="y',
        "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe".encode(),
        b"\xff\xfe\xfd",
        b"n" * 5000,
        b"",
    )
    return names[int(rng.integers(len(names)))]


def _form(content: bytes, *, field: str, name: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="'.encode()
    return b"".join((head, name, b'"\r\nContent-Type: image/jpeg\r\n\r\n', content, f"\r\n--{BOUNDARY}--\r\n".encode()))


def _edited(content: bytes, rng: np.random.Generator) -> bytes:
    """Change single bytes."""
    changed = bytearray(content)
    for at in rng.integers(0, max(len(changed), 1), size=int(rng.integers(1, MAX_EDITS))).tolist():
        if changed:
            changed[at] = int(rng.integers(256))
    return bytes(changed)


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    """Leave the end out."""
    return content[: int(rng.integers(len(content)))]


def _doubled(content: bytes, rng: np.random.Generator) -> bytes:
    """Repeat a piece of it."""
    start, stop = sorted(rng.integers(0, len(content), size=2).tolist())
    return content[:stop] + content[start:stop] * int(rng.integers(1, 4)) + content[stop:]


def _spliced(content: bytes, rng: np.random.Generator) -> bytes:
    """Put the head of another format before it."""
    heads = (
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\xff\xff\xff\xffWEBPVP8L",
        b"GIF89a",
        b"BM",
        b"PK\x03\x04",
    )
    return heads[int(rng.integers(len(heads)))] + content[int(rng.integers(32)) :]


def _large_numbers(content: bytes, rng: np.random.Generator) -> bytes:
    """Write the largest number where a header may hold a size."""
    changed = bytearray(content)
    at = int(rng.integers(4, min(64, len(changed))))
    changed[at : at + 4] = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00")[int(rng.integers(3))]
    return bytes(changed)


def _noise(content: bytes, rng: np.random.Generator) -> bytes:
    """Give noise behind a true head."""
    return content[:20] + rng.bytes(int(rng.integers(1, 4000)))


MUTATIONS: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    _edited,
    _cut,
    _doubled,
    _spliced,
    _large_numbers,
    _noise,
)

"""Look at each file once, in threads: its format by the first bytes, its SHA-256. Path: **source** -> dataset.

A file whose size and time are known keeps the hash that is known of it and is not opened. Decodes nothing.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from florilegium.source.base import Known
from florilegium.source.sniff import PICTURE_ENDINGS, SNIFF_BYTES, image_format, why_not
from florilegium.types import Octets, Progress

CHUNK_BYTES = 1 << 20
MAX_FILE_BYTES = 1 << 29  # the same as where pictures are decoded: nothing larger would be
TELL_EVERY = 64  # files between two words of progress


@dataclass(frozen=True, slots=True)
class Examined:
    """What one look at a file showed."""

    stamp: tuple[int, int] = (0, 0)  # size in bytes, mtime in ns
    sha256: str | None = None  # None: it cannot be used
    format: str | None = None  # JPEG, PNG ...; None: no picture, or known from before and not opened
    reason: str = ""  # why it cannot be used
    is_picture: bool = True  # False: neither content nor ending claims to be one


def examine(paths: Sequence[Path], names: Sequence[str], *, known: Known, progress: Progress) -> list[Examined]:
    """Look at every file; one that cannot be read is said, and the others go on."""
    pool = ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 2))
    looked = []
    try:
        for one in pool.map(_look, paths, (known.get(name) for name in names)):
            looked.append(one)
            if len(looked) % TELL_EVERY == 0 or len(looked) == len(paths):
                progress("files hashed", len(looked), len(paths))
    finally:  # Ctrl-C shall not wait for the files that are still in line
        pool.shutdown(cancel_futures=True)
    return looked


def _look(path: Path, known: tuple[int, int, str] | None) -> Examined:
    try:
        facts = path.stat()
        stamp = (facts.st_size, facts.st_mtime_ns)
        if known is not None and known[:2] == stamp:
            return Examined(stamp=stamp, sha256=known[2])
        if facts.st_size > MAX_FILE_BYTES:
            return Examined(stamp=stamp, reason=f"it has {facts.st_size:,} bytes, at most {MAX_FILE_BYTES:,} are read")
        return _read(path, stamp)
    except FileNotFoundError:
        return Examined(reason="there is no such file; correct the path")
    except OSError as error:
        return Examined(reason=f"it cannot be read ({error.strerror}); check its permissions and its disk")


def _read(path: Path, stamp: tuple[int, int]) -> Examined:
    with path.open("rb", buffering=0) as file:
        chunk = file.read(CHUNK_BYTES) or b""
        head, ending = chunk[:SNIFF_BYTES], path.suffix.lower()
        kind = image_format(head)
        if kind is None:
            claims = ending in PICTURE_ENDINGS or head[4:8] == b"ftyp"
            return Examined(stamp=stamp, reason=why_not(head, ending), is_picture=claims)
        hasher = hashlib.sha256(chunk)
        while len(chunk) == CHUNK_BYTES and (chunk := file.read(CHUNK_BYTES) or b""):
            hasher.update(chunk)
    return Examined(stamp=stamp, sha256=hasher.hexdigest(), format=kind)


def pixel_hash(image: Octets) -> str:
    """Give the SHA-256 over an array's shape and pixels, as 64 hex digits."""
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

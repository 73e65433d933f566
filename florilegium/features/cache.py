"""Rows of numbers by content hash, kept on disk. Path: **features**; one folder per encoder key, deletable at any time.

Two files that only ever grow: `rows.bin` (row i at i * row size) and `index.bin` (record i: the content hash of row i,
the row's checksum, the record's checksum). Rows reach the disk before their records do, so a record always speaks of a
whole row; whatever stands after the last whole record was torn by a crash and is cut at the next append.
Never holds anything that cannot be computed again.
"""

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import DTypeLike, NDArray

from florilegium.errors import StorageError

RECORD = struct.Struct("<32sII")  # content hash, CRC-32 of the row, CRC-32 of the 36 bytes before
LOCK_WAIT_S = 120.0  # another process holds the lock only while it writes one batch


class VectorCache:
    """Rows of one shape and type, by content hash (SHA-256, hex).

    >>> import tempfile
    >>> cache = VectorCache(Path(tempfile.mkdtemp()), key="demo", d=2, dtype=np.float32)
    >>> cache.append(["ab" * 32], np.array([[0.5, 1.5]], dtype=np.float32))
    >>> cache.missing(["ab" * 32, "cd" * 32]) == ["cd" * 32]
    True
    """

    def __init__(self, folder: Path, *, key: str, d: int, dtype: DTypeLike = np.float32) -> None:
        """Remember where the rows lie: `folder`/`key`; d numbers of `dtype` in each. Nothing is written yet."""
        self.folder = folder / key
        self.d = d
        self.dtype = np.dtype(dtype)
        self._row_bytes = d * self.dtype.itemsize
        self._place: dict[bytes, tuple[int, int]] = {}  # content hash -> (row number, its checksum)
        self._n_read = 0  # records known; rows before this never change
        self._file_id = (0, 0)  # which index file that was: a deleted cache starts anew
        self._sound: set[bytes] = set()  # content hashes whose row was compared with its checksum

    def __len__(self) -> int:
        """Count the rows that are whole."""
        self._refresh()
        return len(self._place)

    def missing(self, hashes: Sequence[str]) -> list[str]:
        """Give those of `hashes` that have no sound row, each once, in order."""
        self._refresh()
        wanted = dict.fromkeys(hashes)
        with self._rows() as rows:
            return [h for h in wanted if not self._is_sound(bytes.fromhex(h), rows)]

    def append(self, hashes: Sequence[str], rows: NDArray[Any]) -> None:
        """Keep `rows` (m, d) under their content hashes, on the disk before this returns.

        Raises: StorageError: the disk is full, or the folder cannot be written.
        """
        if rows.shape != (len(hashes), self.d) or rows.dtype != self.dtype:
            raise ValueError(f"{rows.shape} {rows.dtype}: expected {(len(hashes), self.d)} {self.dtype}")
        if not len(hashes):
            return
        octets = np.ascontiguousarray(rows).view(np.uint8).reshape(len(hashes), self._row_bytes)
        records = b"".join(
            _record(bytes.fromhex(h), zlib.crc32(row.data)) for h, row in zip(hashes, octets, strict=True)
        )
        with self._translated():
            try:
                self._keep(octets.tobytes(), records)
            except FileNotFoundError:  # somebody deleted the cache at this very moment
                self._keep(octets.tobytes(), records)
        self._refresh()

    def _keep(self, octets: bytes, records: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock", timeout=LOCK_WAIT_S):
            self._begin()
            self._refresh()
            self._write("rows.bin", self._n_read * self._row_bytes, octets)
            self._write("index.bin", self._n_read * RECORD.size, records)

    def rows(self, hashes: Sequence[str]) -> NDArray[Any]:
        """Give the rows of `hashes` (m, d), in that order, as a copy.

        Raises: StorageError: one of them is not there (ask `missing` first; somebody may have deleted the cache since).
        """
        places = [self._place.get(bytes.fromhex(h)) for h in hashes]
        if None in places:
            raise StorageError(f"{self.folder}: the cache was deleted while it was read. Run the same command again.")
        numbers = np.array([place[0] for place in places if place is not None], dtype=np.int64)
        with self._rows() as rows:
            if len(numbers) and numbers.max() >= len(rows):
                raise StorageError(f"{self.folder}: the cache shrank while it was read. Run the same command again.")
            return rows[numbers].view(self.dtype).reshape(len(hashes), self.d)

    def _begin(self) -> None:
        """Write down what the files hold, or find that they hold something else."""
        about, path = {"version": 1, "d": self.d, "dtype": self.dtype.str}, self.folder / "about.json"
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            known = None
        if known == about:
            return
        for name in (
            "index.bin",
            "rows.bin",
        ):  # the index first: rows without records are nothing, records without rows would lie
            (self.folder / name).unlink(missing_ok=True)
        partial = self.folder / "about.json.partial"
        partial.write_text(json.dumps(about), encoding="utf-8")
        partial.replace(path)

    def _write(self, name: str, start: int, octets: bytes) -> None:
        """Write `octets` at `start`, cut what a crash left there, and wait for the disk."""
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.truncate(start)
            file.seek(start)
            view = memoryview(octets)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())

    def _refresh(self) -> None:
        """Learn the records that were added since, by this or another process."""
        with self._translated():
            try:
                with (self.folder / "index.bin").open("rb") as index, (self.folder / "rows.bin").open("rb") as rows:
                    status = os.fstat(index.fileno())
                    if (status.st_dev, status.st_ino) != self._file_id or status.st_size < self._n_read * RECORD.size:
                        self._forget()
                        self._file_id = (status.st_dev, status.st_ino)
                    n_whole = os.fstat(rows.fileno()).st_size // self._row_bytes
                    index.seek(self._n_read * RECORD.size)
                    self._learn(index.read(), n_whole)
            except FileNotFoundError:
                self._forget()

    def _forget(self) -> None:
        self._place.clear()
        self._sound.clear()
        self._n_read, self._file_id = 0, (0, 0)

    def _learn(self, octets: bytes, n_whole: int) -> None:
        for start in range(0, len(octets) - RECORD.size + 1, RECORD.size):
            digest, row_sum, record_sum = RECORD.unpack_from(octets, start)
            if self._n_read >= n_whole or zlib.crc32(octets[start : start + 36]) != record_sum:
                return  # torn: the next append cuts here
            self._place[digest] = (self._n_read, row_sum)  # a later row for the same content replaces a damaged one
            self._sound.discard(digest)
            self._n_read += 1

    def _is_sound(self, digest: bytes, rows: NDArray[np.uint8]) -> bool:
        if digest in self._sound:
            return True
        number, row_sum = self._place.get(digest, (len(rows), 0))
        if number >= len(rows) or zlib.crc32(rows[number].data) != row_sum:
            return False
        self._sound.add(digest)
        return True

    @contextmanager
    def _rows(self) -> Iterator[NDArray[np.uint8]]:
        """Map the whole rows into memory, as octets (n, row bytes); none where there is no file."""
        with self._translated():
            try:
                with (self.folder / "rows.bin").open("rb") as file:
                    n = min(self._n_read, os.fstat(file.fileno()).st_size // self._row_bytes)
                    mapped = mmap.mmap(file.fileno(), n * self._row_bytes, access=mmap.ACCESS_READ) if n else b""
            except FileNotFoundError:
                n, mapped = 0, b""
        yield np.frombuffer(mapped, dtype=np.uint8).reshape(n, self._row_bytes)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # among them the lock's timeout
            raise StorageError(
                f"{self.folder}: {error.strerror or error}. Make room, or choose a folder that you may write to; "
                "what was computed so far is kept."
            ) from error


def _record(digest: bytes, row_sum: int) -> bytes:
    body = RECORD.pack(digest, row_sum, 0)[:36]
    return body + struct.pack("<I", zlib.crc32(body))


class ScratchCache:
    """Rows by content hash in memory only, for those who keep nothing."""

    def __init__(self, *, d: int, dtype: DTypeLike = np.float32) -> None:
        """Hold rows of d numbers of `dtype`."""
        self.d = d
        self.dtype = np.dtype(dtype)
        self._row: dict[str, NDArray[Any]] = {}

    def missing(self, hashes: Sequence[str]) -> list[str]:
        """Give those of `hashes` that have no row, each once, in order."""
        return [h for h in dict.fromkeys(hashes) if h not in self._row]

    def append(self, hashes: Sequence[str], rows: NDArray[Any]) -> None:
        """Hold `rows` (m, d)."""
        self._row.update(zip(hashes, rows, strict=True))

    def rows(self, hashes: Sequence[str]) -> NDArray[Any]:
        """Give the rows of `hashes` (m, d)."""
        return np.array([self._row[h] for h in hashes], dtype=self.dtype).reshape(len(hashes), self.d)

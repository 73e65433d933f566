"""Fetch public files: resume, checksum, size limit, retries. Path: **source** -> dataset. Alone uses the network.

What has come is kept as NAME.part, so a broken connection, Ctrl-C or `kill -9` costs only what was under way. A file
takes its name when its checksum fits, in one step. Two commands that want one file fetch it once. Nothing is unpacked.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from filelock import FileLock

from florilegium.errors import DownloadError, StorageError
from florilegium.types import Progress, silent

TRIES = 5  # per address; waits 1, 2, 4 and 8 s between them
MAX_WAIT_S = 30.0  # the most that a server's Retry-After is followed
TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds without a single byte
RETRY_STATUS = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One public file, and how to know it when it has come."""

    name: str  # in the cache and in a mirror
    urls: tuple[str, ...]  # the same file at each; the next one is asked where one fails
    sha256: str  # hex
    n_bytes: int


@dataclass(slots=True)
class _Retry(Exception):
    """This try failed in a way that another one may mend."""

    reason: str
    wait_s: float | None = None  # what the server asks for


@dataclass(slots=True)
class _Fetch:
    """One file on its way."""

    file: RemoteFile
    part: Path
    progress: Progress
    sleep: Callable[[float], None]
    reasons: list[str] = field(default_factory=list)  # why an address was given up

    @property
    def have(self) -> int:
        """Bytes that have come so far."""
        return self.part.stat().st_size if self.part.exists() else 0

    def run(self) -> None:
        """Ask one address after the other until the file is there."""
        with httpx.Client(follow_redirects=True, timeout=TIMEOUT) as client:
            if any(self._from(url, client) for url in self.file.urls):
                return
        raise DownloadError(
            f"{self.file.name}: it could not be fetched: {'; '.join(self.reasons)}. Check the connection and run the "
            "command again (what has come is kept), or set FLORILEGIUM_DATA to a folder that holds it."
        )

    def _from(self, url: str, client: httpx.Client) -> bool:
        reason = ""
        for attempt in range(TRIES):
            try:
                self._continue(url, client)
            except (_Retry, httpx.TransportError) as error:
                reason = error.reason if isinstance(error, _Retry) else str(error) or type(error).__name__
                wait_s = error.wait_s if isinstance(error, _Retry) else None
            except httpx.HTTPError as error:  # nothing that waiting would mend
                self.reasons.append(f"{url}: {error}")
                return False
            else:
                return True
            if attempt + 1 < TRIES:
                self.sleep(min(wait_s if wait_s is not None else 2.0**attempt, MAX_WAIT_S))
        self.reasons.append(f"{url}: {reason} ({TRIES} tries)")
        return False

    def _continue(self, url: str, client: httpx.Client) -> None:
        """Fetch what is missing; at the end the file is whole and the right one, or `_Retry` says why not."""
        have = self.have
        if have < self.file.n_bytes:
            # identity: a server that packs on the way would count other bytes than the file has.
            headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
            with client.stream("GET", url, headers=headers) as answer:
                self._check(answer, have)
                self._take(answer, have if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0)
        if self.have < self.file.n_bytes:
            raise _Retry(f"it ended after {self.have:,} of {self.file.n_bytes:,} bytes")
        if not is_right(self.part, self.file):
            self.part.unlink()
            raise _Retry(
                "the file that came is not the one that was promised (its SHA-256 differs), and was thrown away"
            )

    def _check(self, answer: httpx.Response, have: int) -> None:
        """Refuse an answer that is not the file, or not the rest of it."""
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.part.unlink(missing_ok=True)
            raise _Retry("the server has less of it than came before")
        if answer.status_code in RETRY_STATUS:
            wait = answer.headers.get("Retry-After", "")
            raise _Retry(f"the server answered {answer.status_code}", float(wait) if wait.isdecimal() else None)
        answer.raise_for_status()
        if answer.status_code == httpx.codes.PARTIAL_CONTENT:
            begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
            if begins != str(have):
                self.part.unlink(missing_ok=True)
                raise _Retry(f"the server went on at byte {begins or '?'} instead of {have}")

    def _take(self, answer: httpx.Response, have: int) -> None:
        with self.part.open("ab" if have else "wb") as out:
            for (
                chunk
            ) in answer.iter_raw():  # as they come: a size of chunks would lose the last ones when the line breaks
                have += len(chunk)
                if have > self.file.n_bytes:
                    out.truncate(0)
                    raise _Retry(f"more than the promised {self.file.n_bytes:,} bytes came; they were thrown away")
                out.write(chunk)
                self.progress(f"fetching {self.file.name} (bytes)", have, self.file.n_bytes)


def is_right(path: Path, file: RemoteFile) -> bool:
    """Tell whether a file on disk is the one that was promised, by size and SHA-256."""
    if not path.is_file() or path.stat().st_size != file.n_bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def fetch(
    file: RemoteFile, folder: Path, *, progress: Progress = silent, sleep: Callable[[float], None] = time.sleep
) -> Path:
    """Give the path of the file in `folder`, fetched if it is not there yet.

    Args: sleep: waits that many seconds between two tries.
    Raises: DownloadError: unreachable, or another file than promised.  StorageError: the folder cannot be written.
    """
    target = folder / file.name
    try:
        if is_right(target, file):
            return target
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{file.name}.lock"):
            if is_right(target, file):  # another command was quicker
                return target
            part = folder / f"{file.name}.part"
            _Fetch(file, part, progress, sleep).run()
            part.replace(target)
    except OSError as error:
        raise StorageError(
            f"{target}: {error.strerror}. Make room, or set FLORILEGIUM_CACHE to a folder that you may write to."
        ) from error
    return target

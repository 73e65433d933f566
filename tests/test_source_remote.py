"""Fetching, against a real server that breaks off, cannot resume, lies and refuses: the right file or a clear error."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from florilegium import source
from florilegium.errors import DownloadError, StorageError
from florilegium.source import remote
from florilegium.source.base import SourceSpec
from florilegium.source.remote import RemoteFile, fetch

CONTENT = np.random.default_rng(0).bytes(700_000)


@dataclass
class Script:
    """How the server behaves, and what it was asked."""

    content: bytes = CONTENT
    resumes: bool = True  # does it understand Range?
    breaks_after: list[int] = field(default_factory=list)  # bytes sent before the line is cut, one per answer
    statuses: list[int] = field(default_factory=list)  # answers before the good ones
    headers: dict[str, str] = field(default_factory=dict)  # to all answers
    wrong_range: bool = False  # goes on somewhere else than asked
    ranges: list[str | None] = field(default_factory=list)  # what was asked
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """Answer as the script says."""

    protocol_version = "HTTP/1.1"
    script: Script

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        """Send the file, or the rest of it, or what the script says."""
        script, asked = self.script, self.headers.get("Range")
        with script.lock:
            script.ranges.append(asked)
            status = script.statuses.pop(0) if script.statuses else 200
            breaks = script.breaks_after.pop(0) if script.breaks_after else None
        if status != 200:
            self._head(status, 0)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and script.resumes else 0
        if start >= len(script.content) > 0:
            self._head(416, 0)
            return
        body = script.content[start:]
        self._head(206 if start else 200, len(body), start=start + (7 if script.wrong_range else 0))
        with contextlib.suppress(ConnectionError):  # the client may hang up first
            self.wfile.write(body if breaks is None else body[:breaks])
        if breaks is not None:
            self.close_connection = True  # fewer bytes than promised: the line was cut

    def _head(self, status: int, n_bytes: int, *, start: int = 0) -> None:
        self.send_response(status)
        for name, value in self.script.headers.items():
            self.send_header(name, value)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + n_bytes - 1}/{len(self.script.content)}")
        self.send_header("Content-Length", str(n_bytes))
        self.end_headers()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Run a server on this machine for one test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    found = Script()
    handler = type("Scripted", (Handler,), {"script": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    found.headers["X-Port"] = str(server.server_address[1])
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def file_of(script: Script, *, content: bytes = CONTENT, others: tuple[str, ...] = ()) -> RemoteFile:
    """Describe the file that is promised."""
    url = f"http://127.0.0.1:{script.headers['X-Port']}/data.bin"
    digest = hashlib.sha256(content).hexdigest()
    return RemoteFile(name="data.bin", urls=(*others, url), sha256=digest, n_bytes=len(content))


class Naps:
    """Stand in for sleeping."""

    def __init__(self) -> None:
        """Begin with no nap."""
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Note how long it would have been."""
        self.seconds.append(seconds)


def leftovers(folder: Path) -> list[str]:
    """Give what lies in a folder besides lock files."""
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock"))


def test_a_file_is_fetched_once(script: Script, tmp_path: Path) -> None:
    """The file comes whole, progress ends at its size, and the second time the server is not asked."""
    heard: list[tuple[str, int, int | None]] = []
    path = fetch(file_of(script), tmp_path / "new" / "folder", progress=lambda *word: heard.append(word))

    assert path.read_bytes() == CONTENT
    assert heard[-1] == ("fetching data.bin (bytes)", len(CONTENT), len(CONTENT))
    assert fetch(file_of(script), path.parent) == path
    assert script.ranges == [None]
    assert leftovers(path.parent) == ["data.bin"]


def test_a_broken_line_is_taken_up_where_it_broke(script: Script, tmp_path: Path) -> None:
    """After each break only the rest is asked for; waits grow from 1 s."""
    script.breaks_after = [200_000, 100_000]
    naps = Naps()

    assert fetch(file_of(script), tmp_path, sleep=naps).read_bytes() == CONTENT
    assert script.ranges == [None, "bytes=200000-", "bytes=300000-"]
    assert naps.seconds == [1.0, 2.0]


def test_a_server_that_cannot_resume_sends_it_again(script: Script, tmp_path: Path) -> None:
    """An answer 200 to a Range begins at the beginning."""
    script.resumes, script.breaks_after = False, [200_000]

    assert fetch(file_of(script), tmp_path, sleep=Naps()).read_bytes() == CONTENT


def test_an_interrupted_command_is_taken_up_by_the_next(script: Script, tmp_path: Path) -> None:
    """What came before `kill -9` is kept under another name, and only the rest is fetched."""
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:600_000])

    assert fetch(file_of(script), tmp_path).read_bytes() == CONTENT
    assert script.ranges == ["bytes=600000-"]


def test_a_file_that_had_come_whole_is_not_fetched_again(script: Script, tmp_path: Path) -> None:
    """A command that was killed before the file got its name costs nothing."""
    (tmp_path / "data.bin.part").write_bytes(CONTENT)

    assert fetch(file_of(script), tmp_path).read_bytes() == CONTENT
    assert script.ranges == []


def test_a_rest_that_does_not_fit_is_thrown_away(script: Script, tmp_path: Path) -> None:
    """Where the kept beginning was of another file, the checksum tells, and all of it is fetched."""
    (tmp_path / "data.bin.part").write_bytes(b"x" * 600_000)

    assert fetch(file_of(script), tmp_path, sleep=Naps()).read_bytes() == CONTENT
    assert script.ranges == ["bytes=600000-", None]


def test_a_server_that_goes_on_elsewhere_is_not_believed(script: Script, tmp_path: Path) -> None:
    """A wrong Content-Range starts the file anew."""
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:600_000])
    script.wrong_range = True

    assert fetch(file_of(script), tmp_path, sleep=Naps()).read_bytes() == CONTENT
    assert script.ranges == ["bytes=600000-", None]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", b"?" * len(CONTENT)])
def test_another_file_than_promised_is_refused(script: Script, tmp_path: Path, content: bytes) -> None:
    """A wrong checksum ends in an error after the tries, and nothing of it is kept."""
    script.content = content

    with pytest.raises(DownloadError, match=r"not the one that was promised \(its SHA-256 differs\)"):
        fetch(file_of(script), tmp_path, sleep=Naps())
    assert leftovers(tmp_path) == []


def test_more_than_promised_is_stopped(script: Script, tmp_path: Path) -> None:
    """A server cannot fill the disk: it is cut off at the promised size."""
    script.content = CONTENT * 20

    with pytest.raises(DownloadError, match=r"more than the promised 700,000 bytes came"):
        fetch(file_of(script), tmp_path, sleep=Naps())
    assert (tmp_path / "data.bin.part").stat().st_size <= len(CONTENT)


def test_less_than_promised_is_not_taken(script: Script, tmp_path: Path) -> None:
    """A file that ends early is no file, however often it is asked for."""
    script.content = CONTENT[:1000]

    with pytest.raises(DownloadError, match="it could not be fetched"):
        fetch(file_of(script), tmp_path, sleep=Naps())
    assert "data.bin" not in leftovers(tmp_path)


def test_a_busy_server_is_waited_for_as_it_asks(script: Script, tmp_path: Path) -> None:
    """503 and 429 are tried again, after Retry-After where it is given, but never longer than half a minute."""
    script.statuses, script.headers["Retry-After"] = [503, 429], "7"
    naps = Naps()

    fetch(file_of(script), tmp_path, sleep=naps)
    script.statuses, script.headers["Retry-After"] = [503], "86400"
    fetch(file_of(script), tmp_path / "other", sleep=naps)

    assert naps.seconds == [7.0, 7.0, 30.0]


def test_a_missing_file_is_not_asked_for_again(script: Script, tmp_path: Path) -> None:
    """404 will not change by waiting."""
    script.statuses = [404]
    naps = Naps()

    with pytest.raises(DownloadError, match="404"):
        fetch(file_of(script), tmp_path, sleep=naps)
    assert naps.seconds == []


def test_the_next_address_is_asked_where_one_fails(script: Script, tmp_path: Path) -> None:
    """A dead mirror costs its tries, not the file."""
    naps = Naps()

    path = fetch(file_of(script, others=("http://127.0.0.1:9/data.bin",)), tmp_path, sleep=naps)

    assert path.read_bytes() == CONTENT
    assert naps.seconds == [1.0, 2.0, 4.0, 8.0]


def test_an_unreachable_server_is_named_with_the_way_out(tmp_path: Path) -> None:
    """The message holds the address, the reason, and what can be done without a network."""
    file = RemoteFile(name="data.bin", urls=("http://127.0.0.1:9/data.bin",), sha256="0" * 64, n_bytes=5)

    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:9/data\.bin: .*\(5 tries\).*set FLORILEGIUM_DATA"):
        fetch(file, tmp_path, sleep=Naps())


def test_two_commands_fetch_one_file_once(script: Script, tmp_path: Path) -> None:
    """Who comes second waits and finds the file there."""
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(fetch(file_of(script), tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [p.read_bytes() == CONTENT for p in paths] == [True] * 4
    assert len(script.ranges) == 1


def test_a_damaged_file_in_the_cache_is_fetched_again(script: Script, tmp_path: Path) -> None:
    """The cache is not believed either."""
    (tmp_path / "data.bin").write_bytes(CONTENT[:-1] + b"?")

    assert fetch(file_of(script), tmp_path).read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_named(script: Script, tmp_path: Path) -> None:
    """A file in the way of the cache folder is a clear error with the variable that names another one."""
    (tmp_path / "cache").write_text("in the way")

    with pytest.raises(StorageError, match=r"set FLORILEGIUM_CACHE to a folder"):
        fetch(file_of(script), tmp_path / "cache")


def test_a_full_disk_is_named(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space left while writing is told as such."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(remote._Fetch, "_take", full)

    with pytest.raises(StorageError, match=r"No space left on device\. Make room"):
        fetch(file_of(script), tmp_path)


def test_a_set_is_fetched_into_the_cache_and_read(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a mirror a built-in comes from its address, is kept in FLORILEGIUM_CACHE, and is read from there."""
    table = b"text,category\nwhere is my card,card\nno money left,money\n"
    script.content = table
    files = tuple(
        source.builtin.PublicFile(name=name, n_bytes=len(table), sha256=hashlib.sha256(table).hexdigest())
        for name in ("train.csv", "test.csv")
    )
    address = f"http://127.0.0.1:{script.headers['X-Port']}/"
    small = source.Builtin(what="", licence="CC0", n_items=4, n_classes=2, addresses=(address,), files=files)
    monkeypatch.setattr(source.builtin, "BUILTINS", {"banking77": small})
    monkeypatch.setenv("FLORILEGIUM_CACHE", str(tmp_path))

    harvest = source.read(SourceSpec(location="banking77"))

    assert [s.label for s in harvest.samples] == ["card", "money"] * 2
    assert leftovers(tmp_path / "banking77") == ["test.csv", "train.csv"]
    assert source.read(SourceSpec(location="banking77"), cache_dir=tmp_path / "other").samples == harvest.samples
    assert len(script.ranges) == 4

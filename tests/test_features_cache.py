"""The cache of vectors: killed at any moment, torn at any byte, shared, deleted, and on a full disk."""

import contextlib
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from florilegium.errors import StorageError
from florilegium.features.cache import RECORD, ScratchCache, VectorCache
from florilegium.types import Vectors

D = 50


def digest(number: int) -> str:
    """Give a content hash for a number."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def row(number: int) -> Vectors:
    """Give the one row that belongs to a number."""
    return np.random.default_rng(number).random(D, dtype=np.float32)


def put(cache: VectorCache, numbers: range) -> None:
    """Append the rows of these numbers."""
    cache.append([digest(i) for i in numbers], np.stack([row(i) for i in numbers]))


def held(cache: VectorCache, numbers: range) -> list[int]:
    """Give the numbers that the cache holds; fail where a row is not the one that belongs there."""
    lost = set(cache.missing([digest(i) for i in numbers]))
    found = [i for i in numbers if digest(i) not in lost]
    rows = cache.rows([digest(i) for i in found])
    for i, given in zip(found, rows, strict=True):
        assert np.array_equal(row(i), given)
    return found


def test_what_was_appended_comes_back_in_any_order(tmp_path: Path) -> None:
    """Rows are found by content, whatever the order, also by a second process that comes later."""
    put(VectorCache(tmp_path, key="k", d=D), range(10))
    again = VectorCache(tmp_path, key="k", d=D)

    assert [digest(10)] == again.missing([digest(i) for i in (3, 10, 3, 10)])
    assert np.array_equal(np.stack([row(7), row(2), row(7)]), again.rows([digest(7), digest(2), digest(7)]))
    assert len(again) == 10
    assert again.rows([]).shape == (0, D)
    again.append([], np.empty((0, D), dtype=np.float32))
    assert len(again) == 10


@pytest.mark.parametrize("name", ["index.bin", "rows.bin"])
def test_a_file_torn_at_any_byte_loses_only_what_was_torn(tmp_path: Path, name: str) -> None:
    """Cut to any length, the cache gives the rows that are whole, and takes new ones after them."""
    put(VectorCache(tmp_path / "whole", key="k", d=D), range(3))
    size = {"index.bin": RECORD.size, "rows.bin": D * 4}[name]
    for length in range(0, 3 * size + 1, 1 if name == "index.bin" else 7):
        shutil.copytree(tmp_path / "whole", tmp_path / str(length))
        os.truncate(tmp_path / str(length) / "k" / name, length)
        torn = VectorCache(tmp_path / str(length), key="k", d=D)

        assert held(torn, range(5)) == list(range(length // size))
        put(torn, range(3, 5))
        assert held(VectorCache(tmp_path / str(length), key="k", d=D), range(5)) == [*range(length // size), 3, 4]


@pytest.mark.parametrize("name", ["index.bin", "rows.bin"])
def test_a_damaged_byte_is_noticed_and_computed_again(tmp_path: Path, name: str) -> None:
    """No row comes back changed: a damaged one counts as missing, and its new row replaces it."""
    for at in (0, 33, 37, 41, 100, 119):
        folder = tmp_path / f"{at}"
        put(VectorCache(folder, key="k", d=D), range(3))
        octets = bytearray((folder / "k" / name).read_bytes())
        octets[at] ^= 255
        (folder / "k" / name).write_bytes(octets)
        damaged = VectorCache(folder, key="k", d=D)
        lost = [i for i in range(3) if i not in held(damaged, range(3))]

        assert lost
        damaged.append([digest(i) for i in lost], np.stack([row(i) for i in lost]))
        assert held(damaged, range(3)) == [0, 1, 2]
        assert held(VectorCache(folder, key="k", d=D), range(3)) == [0, 1, 2]


def test_killing_the_writer_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    """After `kill -9` at 40 random moments every row whose append returned is there, and every row there is right."""
    run = subprocess.run([sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert "40 kills" in run.stdout


def write_until_killed(folder: Path, acknowledged: int) -> None:
    """Append rows for ever; write each number down the pipe once its append has returned."""
    cache = VectorCache(folder, key="k", d=D)
    start = len(cache)
    while True:
        n = 1 + start % 7
        put(cache, range(start, start + n))
        start += n
        os.write(acknowledged, start.to_bytes(8, "little"))


def kill_writers(folder: Path, n_kills: int) -> None:
    """Start writers one after the other, kill each at a random moment, and look at what is left."""
    rng = np.random.default_rng(4)
    for _ in range(n_kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            write_until_killed(folder, writing)
        os.close(writing)
        time.sleep(rng.uniform(0.002, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        promised = int.from_bytes(said[len(said) // 8 * 8 - 8 : len(said) // 8 * 8], "little") if len(said) >= 8 else 0
        found = held(VectorCache(folder, key="k", d=D), range(promised + 20))
        if found[:promised] != list(range(promised)) or found != list(range(len(found))):
            raise AssertionError(f"{promised} rows were promised, {len(found)} are there")
    sys.stdout.write(f"{n_kills} kills, {len(VectorCache(folder, key='k', d=D))} rows\n")


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    """Rows of two writers at the same time are all there in the end."""
    code = "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import test_features_cache as t\n"
    code += "c = t.VectorCache(Path(sys.argv[1]), key='k', d=t.D); first = int(sys.argv[3])\n"
    code += "for i in range(first, first + 60): t.put(c, range(i, i + 1))"
    here = str(Path(__file__).parent)
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), here, str(first)]) for first in (0, 60)]

    assert [writer.wait() for writer in writers] == [0, 0]
    assert held(VectorCache(tmp_path, key="k", d=D), range(120)) == list(range(120))


def test_the_cache_may_be_deleted_while_it_is_filled(tmp_path: Path) -> None:
    """Deleting the folder again and again breaks no append; what was appended last is there."""
    cache, stop = VectorCache(tmp_path / "c", key="k", d=D), threading.Event()

    def delete() -> None:
        while not stop.is_set():
            shutil.rmtree(tmp_path / "c", ignore_errors=True)
            time.sleep(0.005)

    thread = threading.Thread(target=delete)
    thread.start()
    with contextlib.suppress(StorageError):  # three times in a row between two system calls: possible, and said
        for i in range(100):
            put(cache, range(i, i + 1))
    stop.set()
    thread.join()
    put(cache, range(100, 101))

    assert 100 in held(cache, range(101))


def test_an_append_survives_one_deletion_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted between two system calls, the folder is made again and the rows are kept."""
    cache, real, n_calls = VectorCache(tmp_path, key="k", d=D), VectorCache._write, []

    def write(self: VectorCache, *arguments: Any) -> None:
        n_calls.append(1)
        if len(n_calls) == 2:
            shutil.rmtree(tmp_path / "k")
        real(self, *arguments)

    monkeypatch.setattr(VectorCache, "_write", write)
    put(cache, range(3))

    assert held(cache, range(3)) == [0, 1, 2]
    with pytest.raises(StorageError, match="again"):
        cache.rows([digest(3)])


def test_a_deleted_cache_is_empty_again(tmp_path: Path) -> None:
    """A process that knew the rows notices that they are gone, and says so where it counted on them."""
    cache = VectorCache(tmp_path, key="k", d=D)
    put(cache, range(2))
    shutil.rmtree(tmp_path / "k")
    with pytest.raises(StorageError, match="again"):
        cache.rows([digest(0)])

    assert [digest(0)] == cache.missing([digest(0)])
    put(cache, range(1, 2))
    assert held(cache, range(2)) == [1]


def test_a_cache_of_other_rows_is_started_anew(tmp_path: Path) -> None:
    """Rows of another length under the same key are never misread."""
    put(VectorCache(tmp_path, key="k", d=D), range(3))
    other = VectorCache(tmp_path, key="k", d=2)
    other.append([digest(0)], np.array([[1, 2]], dtype=np.float32))

    assert other.rows([digest(0)]).tolist() == [[1.0, 2.0]]
    assert len(other) == 1


def test_a_full_disk_is_a_storage_error_and_loses_nothing(tmp_path: Path) -> None:
    """Where no more can be written the message names the folder; what was kept stays, and room makes it go on."""
    cache = VectorCache(tmp_path, key="k", d=D)
    put(cache, range(3))
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # five rows of 200 bytes
        with pytest.raises(StorageError, match="Make room"):
            put(cache, range(3, 9))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert held(VectorCache(tmp_path, key="k", d=D), range(9)) == [0, 1, 2]
    put(cache, range(3, 9))
    assert held(cache, range(9)) == list(range(9))


def test_a_folder_that_cannot_be_is_a_storage_error(tmp_path: Path) -> None:
    """A file where the folder should be is said in words."""
    (tmp_path / "k").write_text("in the way")
    with pytest.raises(StorageError, match=str(tmp_path)):
        put(VectorCache(tmp_path, key="k", d=D), range(1))


def test_rows_of_the_wrong_shape_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    """Nothing is written where rows and hashes do not fit."""
    with pytest.raises(ValueError, match="expected"):
        VectorCache(tmp_path, key="k", d=D).append([digest(0)], np.zeros((1, D + 1), dtype=np.float32))

    assert not (tmp_path / "k").exists()


def test_the_scratch_cache_answers_alike() -> None:
    """Where nothing is kept on disk, the same questions have the same answers."""
    cache = ScratchCache(d=D)
    cache.append([digest(1)], row(1)[None])

    assert [digest(2)] == cache.missing([digest(1), digest(2), digest(2)])
    assert np.array_equal(row(1)[None], cache.rows([digest(1)]))


if __name__ == "__main__":
    kill_writers(Path(sys.argv[1]), 40)

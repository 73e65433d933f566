"""Decoding and encoding together: order, faults, what is kept, and what an interruption leaves."""

import dataclasses
import hashlib
import itertools
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image

from florilegium.errors import StorageError
from florilegium.features import GraphEncoder, decode, encode, look, pixels_encoder, stream, survey
from florilegium.features.cache import VectorCache
from florilegium.features.encoder import EMBEDDING, FITTED, make_encoder
from florilegium.features.graphs import constant, model_of, node
from florilegium.features.stream import Picture, Runner, overlapped
from florilegium.source.base import Fault, Files, Pixels, Texts
from florilegium.types import Octets

survey_module = sys.modules["florilegium.features.survey"]
stream_module = sys.modules["florilegium.features.stream"]


def small(*, side: int = 8) -> GraphEncoder:
    """Give a quick encoder."""
    return pixels_encoder(side=side, gray=False)


def folder(path: Path, n: int, *, size: tuple[int, int] = (40, 30)) -> Files:
    """Write n different PNG pictures."""
    path.mkdir(parents=True, exist_ok=True)
    paths = tuple(path / f"{i:03}.png" for i in range(n))
    for i, file in enumerate(paths):
        pixels = np.random.default_rng(i).integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file, "PNG")
    return Files(paths)


def hashes_of(files: Files) -> list[str]:
    """Give the content hashes of files."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files.paths]


def one_by_one(files: Files, encoder: GraphEncoder) -> np.ndarray:
    """Encode with a plain loop: the same thing without threads, batches or cache."""
    runner = Runner(encoder)
    return np.concatenate([runner.embed(runner.fit(decode(path)[None])) for path in files.paths])


@pytest.fixture
def n_decoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Count what is decoded."""
    decoded: list[object] = []
    real = stream_module.decode_with_header

    def counted(picture: object, **options: object) -> object:
        decoded.append(picture)
        return real(picture, **options)

    monkeypatch.setattr(stream_module, "decode_with_header", counted)
    return decoded


@pytest.mark.parametrize("kept", [False, True])
def test_a_survey_gives_what_a_plain_loop_gives(tmp_path: Path, kept: bool) -> None:
    """Vectors, looks and their order are those of looking and encoding one by one."""
    files, encoders = folder(tmp_path / "p", 21), [small(), small(side=5)]
    result = survey(files, hashes_of(files), encoders=encoders, cache_dir=tmp_path / "c" if kept else None)

    for encoder in encoders:
        assert np.array_equal(one_by_one(files, encoder), result.encoded[encoder.key].vectors)
        assert result.encoded[encoder.key].ok.all()
    assert result.looks.thumbs is not None
    assert result.looks.thumbs.shape == (21, 32, 32, 3)


def test_each_picture_is_decoded_once_for_all_and_never_again(tmp_path: Path, n_decoded: list[object]) -> None:
    """Looks and two encoders share one decoding; a second run decodes nothing; a new picture is decoded alone."""
    files = folder(tmp_path / "p", 10)
    encoders, cache = [small(), small(side=5)], tmp_path / "c"
    first = survey(files, hashes_of(files), encoders=encoders, cache_dir=cache)
    assert len(n_decoded) == 10
    second = survey(files, hashes_of(files), encoders=encoders, cache_dir=cache)
    assert len(n_decoded) == 10
    assert np.array_equal(first.encoded[encoders[0].key].vectors, second.encoded[encoders[0].key].vectors)
    assert np.array_equal(first.looks.facts, second.looks.facts)

    grown = Files((*folder(tmp_path / "q", 11).paths[10:], *files.paths))
    survey(grown, hashes_of(grown), encoders=encoders, cache_dir=cache)

    assert len(n_decoded) == 11


def test_equal_contents_are_computed_once_and_given_twice(tmp_path: Path, n_decoded: list[object]) -> None:
    """Copies of a file cost nothing more, and each has its row."""
    files = folder(tmp_path / "p", 2)
    doubled = Files((*files.paths, *files.paths))
    result = encode(doubled, hashes_of(doubled), encoder=small(), cache_dir=tmp_path / "c")

    assert len(n_decoded) == 2
    assert np.array_equal(result.vectors[:2], result.vectors[2:])


def test_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    """Broken files become faults with a name and a reason; the rows of the others are right."""
    files = folder(tmp_path / "p", 20)
    broken = {3: b"", 7: files.paths[7].read_bytes()[:200], 19: b"<svg/>"}
    for i, octets in broken.items():
        files.paths[i].write_bytes(octets)
    missing = tmp_path / "none.png"
    contents = Files((*files.paths, missing))
    hashes = [*hashes_of(files), "ff" * 32]
    result = survey(contents, hashes, encoders=[small()], cache_dir=tmp_path / "c")
    encoded = result.encoded[small().key]

    assert np.flatnonzero(~encoded.ok).tolist() == [3, 7, 19, 20]
    assert [fault.name for fault in encoded.faults] == [str(contents.paths[i]) for i in (3, 7, 19, 20)]
    assert result.looks.faults == encoded.faults
    assert not encoded.vectors[~encoded.ok].any()
    assert not result.looks.facts[~encoded.ok].any()
    assert np.array_equal(one_by_one(Files(files.paths[:3]), small()), encoded.vectors[:3])


def test_a_vector_does_not_depend_on_its_company(tmp_path: Path) -> None:
    """Encoded alone, or beside an encoder that needs larger pictures, a photo's vector is the same to the bit."""
    files = folder(tmp_path / "p", 3, size=(1100, 1200))
    large = pixels_encoder(side=100, gray=False)
    object.__setattr__(large, "short", 600)  # as a network that sees large pictures would ask for
    alone = encode(files, hashes_of(files), encoder=small())
    together = survey(files, hashes_of(files), encoders=[large, small()])

    assert np.array_equal(alone.vectors, together.encoded[small().key].vectors)
    assert np.array_equal(look(files, hashes_of(files)).facts, together.looks.facts)


def test_a_network_without_an_answer_for_one_picture_is_that_pictures_fault(tmp_path: Path) -> None:
    """Infinite numbers never reach a head: the picture is named, its looks stay, the others go on."""
    one = node("Cast", [FITTED], "levels", to=TensorProto.FLOAT)
    mean = node("ReduceMean", ["levels", "axes"], "mean", keepdims=0)
    log = node("Log", ["mean"], "log")  # black: minus infinity
    wide = node("Unsqueeze", ["log", "last"], EMBEDDING)
    trunk = model_of(
        [one, mean, log, wide],
        [constant("axes", [1, 2, 3], np.int64), constant("last", [1], np.int64)],
        name="trunk",
        inputs={FITTED: (TensorProto.UINT8, ["N", 8, 8, 3])},
        outputs={EMBEDDING: (TensorProto.FLOAT, ["N", 1])},
    )
    fit = small().fit
    encoder = make_encoder(name="log", fit=fit, trunk=trunk, short=8, side=8, d=1, licence="", source="")
    files = folder(tmp_path / "p", 3)
    Image.new("RGB", (9, 9)).save(files.paths[1])
    result = survey(files, hashes_of(files), encoders=[encoder], cache_dir=tmp_path / "c")

    assert result.ok.tolist() == [True, False, True]
    assert result.looks.ok.all()
    assert [fault.name for fault in result.faults] == [str(files.paths[1])]
    assert "finite" in result.faults[0].reason


def test_arrays_are_kept_too_where_encoding_takes_time(tmp_path: Path) -> None:
    """Vectors of a network over arrays come from the cache the second time; pixels themselves are not kept."""
    array = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    hashes = [f"{i:064x}" for i in range(5)]
    network = dataclasses.replace(small(), name="a network")
    first = encode(Pixels(array), hashes, encoder=network, cache_dir=tmp_path)
    VectorCache(tmp_path, key=network.key, d=network.d).append(hashes[:1], np.zeros((1, network.d), dtype=np.float32))
    second = encode(Pixels(array), hashes, encoder=network, cache_dir=tmp_path)
    plain = survey(Pixels(array), hashes, encoders=[small(side=5)], cache_dir=tmp_path)

    assert np.array_equal(encode(Pixels(array), hashes, encoder=small()).vectors, first.vectors)
    assert not second.vectors[0].any()
    assert np.array_equal(first.vectors[1:], second.vectors[1:])
    assert plain.ok.all()
    assert [path.name for path in tmp_path.iterdir()] == [network.key]


def test_callers_mistakes_are_python_errors() -> None:
    """Hashes that do not fit the items, and texts for a picture's encoder, are refused at once."""
    with pytest.raises(ValueError, match="1 hashes for 2 items"):
        look(Texts(("a", "b")), ["00" * 32])
    with pytest.raises(TypeError, match="texts"):
        encode(Texts(("a",)), ["00" * 32], encoder=small())


def test_work_is_written_down_every_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a long survey runs, the cache already holds what was done a moment ago."""
    monkeypatch.setattr(survey_module, "FLUSH_S", 0.0)
    files, held = folder(tmp_path / "p", 24), []

    def tell(step: str, done: int, total: int | None) -> None:
        del step, total
        held.append((done, len(VectorCache(tmp_path / "c", key=small().key, d=small().d))))

    survey(files, hashes_of(files), encoders=[small()], cache_dir=tmp_path / "c", progress=tell)

    assert held == [(8, 8), (16, 16), (24, 24)]


def test_a_cache_that_vanishes_again_and_again_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who deletes the cache faster than it is filled is told so."""
    monkeypatch.setattr(VectorCache, "append", lambda *_: None)
    files = folder(tmp_path / "p", 2)
    with pytest.raises(StorageError, match="deleted"):
        encode(files, hashes_of(files), encoder=small(), cache_dir=tmp_path / "c")


def test_a_stream_gives_vectors_in_order_and_faults_between(tmp_path: Path) -> None:
    """Files, bytes and arrays mix; each number comes once, in order, with its vector or its fault."""
    files = folder(tmp_path / "p", 5)
    pixels = decode(files.paths[0])
    wrong: Any = pixels.astype(float)
    pictures: list[Picture] = [*files.paths, files.paths[1].read_bytes(), pixels, b"", wrong, pixels[..., 0]]
    given: dict[int, Any] = dict(stream(pictures, small()))

    assert list(given) == list(range(10))
    assert np.array_equal(given[0], given[6])
    assert np.array_equal(given[1], given[5])
    assert isinstance(given[7], Fault)
    assert given[7].name == "picture 7"
    assert isinstance(given[8], Fault)
    assert given[9].shape == (192,)


def test_a_stream_may_be_endless(tmp_path: Path) -> None:
    """The list is read only a little ahead of what was given."""
    path = folder(tmp_path / "p", 1).paths[0]
    n_read = 0

    def endless() -> Iterator[Path]:
        nonlocal n_read
        while True:
            n_read += 1
            yield path

    taken = list(itertools.islice(stream(endless(), small(), workers=2), 50))

    assert len(taken) == 50
    assert n_read < 50 + 8 * 2 * 5


def slow(number: int) -> int:
    """Take a while, odd numbers twice as long."""
    time.sleep(0.2 if number % 2 else 0.1)
    return number


def test_work_overlaps_and_stays_in_order() -> None:
    """Four workers take as long as the longest, and results keep the order of what was asked."""
    began = time.monotonic()
    given = list(overlapped(slow, range(8), workers=4))

    assert given == list(range(8))
    assert time.monotonic() - began < 1.15  # one after the other: 1.2 s


@pytest.mark.parametrize("gray", [False, True])
def test_arrays_take_the_same_way_as_files(tmp_path: Path, gray: bool) -> None:
    """Pixels in memory give the vectors that the same pixels give in files."""
    files = folder(tmp_path / "p", 12, size=(16, 16))
    array: Octets = np.stack([decode(path) for path in files.paths])
    if gray:
        array = array[..., 0]
        for path, picture in zip(files.paths, array, strict=True):
            Image.fromarray(picture).save(path)
    encoder = pixels_encoder(side=16, gray=gray, deskew=gray)
    hashes = hashes_of(files)

    assert np.allclose(
        encode(files, hashes, encoder=encoder).vectors,
        encode(Pixels(array), hashes, encoder=encoder).vectors,
        atol=1e-6,
    )


def test_progress_hears_of_every_picture(tmp_path: Path) -> None:
    """Counts rise to the number of pictures that had to be decoded; a second run is silent."""
    files, heard = folder(tmp_path / "p", 20), []
    for _ in range(2):
        survey(
            files,
            hashes_of(files),
            encoders=[small()],
            cache_dir=tmp_path / "c",
            progress=lambda step, done, total: heard.append((step, done, total)),
        )

    assert heard == [("pictures", 8, 20), ("pictures", 16, 20), ("pictures", 20, 20)]


def test_a_cache_deleted_on_the_way_is_filled_again(tmp_path: Path) -> None:
    """Somebody may delete the cache at the worst moment; the result is whole all the same."""
    files, cache = folder(tmp_path / "p", 20), tmp_path / "c"
    deleted: list[int] = []

    def delete_once(step: str, done: int, total: int | None) -> None:
        del step, total
        if done >= 16 and not deleted:
            shutil.rmtree(cache, ignore_errors=True)
            deleted.append(done)

    result = encode(files, hashes_of(files), encoder=small(), cache_dir=cache, progress=delete_once)

    assert deleted
    assert result.ok.all()


INTERRUPTED = """
import hashlib, signal, sys, time
from pathlib import Path
from typing import Any
from florilegium.features import pixels_encoder, survey
from florilegium.source.base import Files
paths = tuple(sorted(Path(sys.argv[1]).glob("*.png")))
hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts these tests may have it ignored
told = []
def tell(step, done, total):
    told.append(done)
    print(done, flush=True)
    time.sleep(0.05 if len(told) < 5 else 60)  # waits for the end that comes
survey(Files(paths), hashes, encoders=[pixels_encoder(side=8, gray=False)], cache_dir=Path(sys.argv[2]), progress=tell)
"""


@pytest.mark.parametrize("with_what", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_survey_is_continued(tmp_path: Path, n_decoded: list[object], with_what: signal.Signals) -> None:
    """After Ctrl-C what was done is kept; after a harder end too, but for the last seconds; the next run goes on."""
    files = folder(tmp_path / "p", 120)
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path / "p"), str(tmp_path / "c")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(with_what)
        process.stdout.read()

    assert process.returncode != 0
    result = survey(files, hashes_of(files), encoders=[small()], cache_dir=tmp_path / "c")
    assert result.encoded[small().key].ok.all()
    if with_what == signal.SIGINT:
        assert len(n_decoded) <= 120 - 4 * 8
    assert list((tmp_path / "c").iterdir())

"""Decode and encode pictures at the same time, in flat memory. Path: source -> **features**.

Each worker thread takes a few pictures through the whole way: bytes, pixels, fitted picture, embedding. Pillow and ONNX
Runtime let go of Python's lock while they work, so all cores stay busy without a queue between the two
(docs/features.md has the figures).
One bad picture becomes a `Fault`; the others go on. Keeps nothing.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import onnxruntime

from florilegium.errors import ItemError, ModelFileError
from florilegium.features.decode import Header, decode_with_header, max_pixels_allowed
from florilegium.features.encoder import EMBEDDING, FITTED, IMAGE, GraphEncoder
from florilegium.features.looks import glance
from florilegium.source.base import Fault
from florilegium.types import Octets, Vectors

BATCH = 8  # pictures a worker holds: 8 of 224 px fit a core's cache best (5.2 ms each; 5.9 ms in batches of 32)
WAITING = 2  # batches per worker in line: one in work, one next
MAX_WORKERS = 32  # beyond this, memory is what ends first

Picture = Path | str | bytes | Octets  # a file, its bytes, or RGB pixels (h, w, 3) or gray ones (h, w)
T = TypeVar("T")
R = TypeVar("R")


def n_workers() -> int:
    """Count the cores that this process may use."""
    # Not os.cpu_count(): in a container or under taskset it counts cores that are not ours.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_WORKERS)


class Runner:
    """One encoder, ready to run; may be used by several threads at once."""

    def __init__(self, encoder: GraphEncoder) -> None:
        """Prepare both graphs.

        Raises: ModelFileError: ONNX Runtime cannot run one of them.
        """
        self.encoder = encoder
        # Pictures of many sizes would tear ONNX Runtime's arena into pieces; the fit graph is quick without one.
        self._fit = session(encoder.fit, arena=False)
        self._trunk = session(encoder.trunk, arena=True)

    def fit(self, pixels: Octets) -> Octets:
        """Bring pictures (m, h, w, 3) of one size to the encoder's: (m, s, s, 3)."""
        return self._fit.run([FITTED], {IMAGE: pixels})[0]  # type: ignore[no-any-return]  # the library says Any

    def embed(self, fitted: Octets) -> Vectors:
        """Turn fitted pictures (m, s, s, 3) into vectors (m, d)."""
        return self._trunk.run([EMBEDDING], {FITTED: fitted})[0]  # type: ignore[no-any-return]  # the library says Any


def session(model: onnx.ModelProto, *, arena: bool = True) -> onnxruntime.InferenceSession:
    """Give an ONNX Runtime session that uses one core per call: the callers are as many as the cores.

    Raises: ModelFileError: ONNX Runtime cannot run the graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = arena
    options.log_severity_level = 4  # fatal only: what goes wrong comes back as an exception
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        reason = str(error).strip().splitlines()[0][:300]
        raise ModelFileError(
            f"{model.graph.name}: ONNX Runtime cannot run it: {reason}. Export it for opset 20 or older."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """What is wanted of one picture."""

    index: int
    picture: Picture
    keys: frozenset[str] = frozenset()  # encoders
    looks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What came of a few orders."""

    indices: tuple[int, ...]  # all orders of the batch
    faults: tuple[tuple[int, str], ...]  # index and reason
    looks: tuple[tuple[int, Octets], ...]  # index and row to keep
    vectors: Mapping[str, tuple[tuple[int, ...], Vectors]]  # encoder key -> indices and their vectors (m, d)


def run(
    orders: Iterable[Order], encoders: Sequence[GraphEncoder], *, decode_side: int, workers: int | None = None
) -> Iterator[Batch]:
    """Fulfil orders as they come, in order, a few at a time; at most WAITING + 1 batches per worker are under way.

    Args: decode_side: px; pictures are decoded no smaller than this.  workers: threads; None: one per core.
    """
    runners = {encoder.key: Runner(encoder) for encoder in encoders}
    max_pixels = max_pixels_allowed()

    def fulfil(batch: tuple[Order, ...]) -> Batch:
        return _fulfil(batch, runners, decode_side=decode_side, max_pixels=max_pixels)

    yield from overlapped(fulfil, batches(orders, BATCH), workers=workers or n_workers())


def batches(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Cut a stream into tuples of `size`; the last may be shorter."""
    stream_of = iter(items)
    while batch := tuple(itertools.islice(stream_of, size)):
        yield batch


def overlapped(work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[R]:
    """Give `work(item)` for each item, in order, with `workers` of them at a time and never more than a few waiting."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="features")
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > workers * (WAITING + 1):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # Ctrl-C, or nobody listens any more: what is under way ends, the rest is dropped
        pool.shutdown(wait=True, cancel_futures=True)


def _fulfil(orders: tuple[Order, ...], runners: Mapping[str, Runner], *, decode_side: int, max_pixels: int) -> Batch:
    faults, looks = [], []
    fitted: dict[str, list[tuple[int, Octets]]] = {}
    for order in orders:
        try:
            pixels, header = _pixels(order.picture, decode_side=decode_side, max_pixels=max_pixels)
        except ItemError as error:
            faults.append((order.index, str(error)))
            continue
        if order.looks and header is not None:
            looks.append((order.index, glance(pixels, header)))
        for key in order.keys:  # fitted at once, so that no more than one large picture per worker is held
            fitted.setdefault(key, []).append((order.index, runners[key].fit(pixels[None])[0]))
    vectors = {}
    for key, pairs in fitted.items():
        rows = runners[key].embed(np.stack([picture for _, picture in pairs]))
        good = [bool(np.isfinite(row).all()) for row in rows]
        unfit = f"{runners[key].encoder.name} gives no finite numbers for it. Look at it, or choose another encoder."
        faults += [(index, unfit) for (index, _), fine in zip(pairs, good, strict=True) if not fine]
        vectors[key] = (tuple(index for (index, _), fine in zip(pairs, good, strict=True) if fine), rows[good])
    return Batch(
        indices=tuple(order.index for order in orders), faults=tuple(faults), looks=tuple(looks), vectors=vectors
    )


def _pixels(picture: Picture, *, decode_side: int, max_pixels: int) -> tuple[Octets, Header | None]:
    if not isinstance(picture, np.ndarray):
        return decode_with_header(picture, short_side=decode_side, max_pixels=max_pixels)
    if (
        picture.dtype != np.uint8
        or not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3))
        or not picture.size
    ):
        raise ItemError(
            f"an array {picture.shape} of {picture.dtype}; expected uint8 pixels of shape (h, w, 3) or (h, w)."
        )
    return as_rgb(picture[None])[0], None


def as_rgb(array: Octets) -> Octets:
    """Give pictures (m, h, w) or (m, h, w, 3) as (m, h, w, 3): gray is repeated."""
    return np.repeat(array[..., None], 3, axis=3) if array.ndim == 3 else array


def stream(
    pictures: Iterable[Picture], encoder: GraphEncoder, *, workers: int | None = None
) -> Iterator[tuple[int, Vectors | Fault]]:
    """Give each picture's number and its vector (d,), or the fault that it has; in order, as they come, nothing kept.

    Args: pictures: files, bytes or arrays; read only as fast as they are encoded, so the list may be endless.
    """
    names: dict[int, str] = {}

    def orders() -> Iterator[Order]:
        for index, picture in enumerate(pictures):
            names[index] = str(picture) if isinstance(picture, str | Path) else f"picture {index}"
            yield Order(index=index, picture=picture, keys=frozenset([encoder.key]))

    for batch in run(orders(), [encoder], decode_side=encoder.decode_side, workers=workers):
        found: dict[int, Vectors | Fault] = {i: Fault(name=names[i], reason=reason) for i, reason in batch.faults}
        for indices, rows in batch.vectors.values():
            found.update(zip(indices, rows, strict=True))
        for index in batch.indices:
            del names[index]
            yield index, found[index]


def embed_arrays(array: Octets, encoder: GraphEncoder) -> Iterator[tuple[int, Vectors]]:
    """Encode many pictures of one size (n, h, w[, 3]) in large batches: gives (first row, vectors (m, d)), in order."""
    runner = Runner(encoder)
    size = max(
        BATCH, min(1024, 2_000_000 // (encoder.side * encoder.side * 3))
    )  # about 2 MB of pixels, near a core's cache

    def work(start: int) -> tuple[int, Vectors]:
        return start, runner.embed(runner.fit(as_rgb(array[start : start + size])))

    return overlapped(work, range(0, len(array), size), workers=n_workers())

"""Look at all items and encode them, in one decoding, and remember both. Path: source -> **features** -> audit, model.

What the cache holds is never computed again. A crash, Ctrl-C or a bad file loses at most the last seconds of work.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from florilegium.errors import StorageError
from florilegium.features import looks as looking
from florilegium.features.cache import ScratchCache, VectorCache
from florilegium.features.decode import MIN_DECODE_SIDE
from florilegium.features.encoder import GraphEncoder
from florilegium.features.looks import LOOKS_KEY, Looks
from florilegium.features.sentences import SentenceEncoder, encode_texts
from florilegium.features.stream import Batch, Order, embed_arrays, run
from florilegium.source.base import Contents, Fault, Files, Pixels, Texts
from florilegium.types import Bools, Octets, Progress, Vectors, silent

FLUSH_S = 2.0  # at most this much work is lost in a crash; each flush waits for the disk twice
N_TRIES = 3  # somebody may delete the cache while it is filled; what was lost is computed again
STEP = "pictures"
Cache = VectorCache | ScratchCache


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """The vectors of n items; row i is item i. Rows that are not `ok` are zero."""

    vectors: Vectors  # (n, d)
    ok: Bools  # (n,)
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What one pass over the items gave."""

    looks: Looks
    encoded: Mapping[str, Encoded]  # by encoder key

    @property
    def ok(self) -> Bools:
        """Tell which items could be looked at and encoded by every encoder; shape (n,)."""
        together = self.looks.ok
        for each in self.encoded.values():
            together = together & each.ok
        return together

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Say what is wrong with the items that are not `ok`, each once."""
        found = [self.looks.faults, *(each.faults for each in self.encoded.values())]
        return tuple({fault.name: fault for faults in reversed(found) for fault in faults}.values())


def survey(
    contents: Contents,
    hashes: Sequence[str],
    *,
    encoders: Sequence[GraphEncoder | SentenceEncoder] = (),
    cache_dir: Path | None = None,
    progress: Progress = silent,
) -> Survey:
    """Look at n items and encode them with each encoder, decoding each picture once.

    Args:
        contents: what to look at.  hashes: content hashes (SHA-256, hex), one per item; equal hash, equal work.
        encoders: of such items; none where texts are counted by their terms.
        cache_dir: where rows are kept; None: nowhere.
        progress: hears of "pictures", those that had to be decoded only.
    Raises: StorageError: the cache cannot be written.  ModelFileError: an encoder cannot be run.
    """
    if len(contents) != len(hashes):
        raise ValueError(f"{len(hashes)} hashes for {len(contents)} items")
    if isinstance(contents, Texts):
        found = {e.key: encode(contents, hashes, encoder=e, cache_dir=cache_dir, progress=progress) for e in encoders}
        return Survey(looks=looking.text_looks(contents.strings), encoded=MappingProxyType(found))
    some = [encoder for encoder in encoders if isinstance(encoder, GraphEncoder)]
    if isinstance(contents, Pixels):
        encoded = _arrays(contents, hashes, some, cache_dir, progress)
        return Survey(looks=looking.array_looks(contents.array), encoded=encoded)
    return _files(contents, hashes, some, cache_dir, progress)


def encode(
    contents: Contents,
    hashes: Sequence[str],
    *,
    encoder: GraphEncoder | SentenceEncoder,
    cache_dir: Path | None = None,
    progress: Progress = silent,
) -> Encoded:
    """Encode n items with one encoder of their kind. Arguments and errors as of `survey`."""
    if isinstance(encoder, SentenceEncoder):
        if not isinstance(contents, Texts):
            raise TypeError("pictures are not encoded as sentences")
        vectors = encode_texts(contents.strings, hashes, encoder=encoder, cache_dir=cache_dir, progress=progress)
        return Encoded(vectors=vectors, ok=np.ones(len(vectors), dtype=np.bool_), faults=())
    if isinstance(contents, Texts):
        raise TypeError("texts have no image encoder")
    if isinstance(contents, Pixels):
        return _arrays(contents, hashes, [encoder], cache_dir, progress)[encoder.key]
    store = _Store(cache_dir, [encoder], with_looks=False)
    reasons = _compute(contents.paths, hashes, store, [encoder], progress)
    return _encoded(encoder, store, contents, hashes, reasons)


def look(
    contents: Contents, hashes: Sequence[str], *, cache_dir: Path | None = None, progress: Progress = silent
) -> Looks:
    """Look at n items. Arguments and errors as of `survey`."""
    return survey(contents, hashes, cache_dir=cache_dir, progress=progress).looks


class _Store:
    """The caches of one pass, and what waits to be written to them."""

    def __init__(self, cache_dir: Path | None, encoders: Sequence[GraphEncoder], *, with_looks: bool) -> None:
        sizes: list[tuple[str, int, type[np.generic]]] = [(encoder.key, encoder.d, np.float32) for encoder in encoders]
        sizes += [(LOOKS_KEY, looking.ROW_BYTES, np.uint8)] if with_looks else []
        self.caches: dict[str, Cache] = {
            key: ScratchCache(d=d, dtype=dtype)
            if cache_dir is None
            else VectorCache(cache_dir, key=key, d=d, dtype=dtype)
            for key, d, dtype in sizes
        }
        self._waiting: dict[str, list[tuple[str, NDArray[Any]]]] = {key: [] for key in self.caches}
        self._flushed = time.monotonic()

    def add(self, batch: Batch, hashes: Sequence[str]) -> None:
        """Take over what a batch gave; write it down every FLUSH_S."""
        for key, (indices, rows) in batch.vectors.items():
            self._waiting[key] += [(hashes[i], row) for i, row in zip(indices, rows, strict=True)]
        if LOOKS_KEY in self._waiting:
            self._waiting[LOOKS_KEY] += [(hashes[i], row) for i, row in batch.looks]
        if time.monotonic() - self._flushed > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write down what waits."""
        for key, pairs in self._waiting.items():
            if pairs:
                self.caches[key].append([h for h, _ in pairs], np.stack([row for _, row in pairs]))
                pairs.clear()
        self._flushed = time.monotonic()


def _files(
    contents: Files, hashes: Sequence[str], encoders: Sequence[GraphEncoder], cache_dir: Path | None, progress: Progress
) -> Survey:
    store = _Store(cache_dir, encoders, with_looks=True)
    reasons = _compute(contents.paths, hashes, store, encoders, progress)
    rows, ok, faults = _gather(store.caches[LOOKS_KEY], contents, hashes, reasons)
    looks = looking.picture_looks(rows, contents.paths, ok=ok, faults=faults)
    return Survey(
        looks=looks, encoded=MappingProxyType({e.key: _encoded(e, store, contents, hashes, reasons) for e in encoders})
    )


def _compute(
    pictures: Sequence[Path] | Octets,
    hashes: Sequence[str],
    store: _Store,
    encoders: Sequence[GraphEncoder],
    progress: Progress,
) -> dict[str, str]:
    """Compute what the caches lack; give why it could not be had, by content hash."""
    where: dict[str, int] = {}  # the first item of each content
    for i, digest in enumerate(hashes):
        where.setdefault(digest, i)
    reasons: dict[str, str] = {}
    for _ in range(N_TRIES):
        wanted = {key: set(cache.missing(list(where))) - reasons.keys() for key, cache in store.caches.items()}
        if any(wanted.values()):
            _run(pictures, hashes, _Todo(store, where, wanted, reasons), encoders, progress)
    return reasons


@dataclass(frozen=True, slots=True)
class _Todo:
    """What one try is to compute, and where it goes."""

    store: _Store
    where: Mapping[str, int]  # content hash -> item
    wanted: Mapping[str, set[str]]  # cache key -> content hashes that it lacks
    reasons: dict[str, str]  # content hash -> why it could not be had; filled on the way


def _run(
    pictures: Sequence[Path] | Octets,
    hashes: Sequence[str],
    todo: _Todo,
    encoders: Sequence[GraphEncoder],
    progress: Progress,
) -> None:
    n_todo, done = len(set().union(*todo.wanted.values())), 0
    # One pass per size of decoding: were a picture decoded larger because another encoder came along,
    # its vector would depend on the company it was computed in.
    for side, keys in _passes(encoders, with_looks=LOOKS_KEY in todo.wanted).items():
        members = [encoder for encoder in encoders if encoder.key in keys]
        orders = _orders(pictures, todo.where, {key: todo.wanted[key] for key in keys})
        try:
            for batch in run(orders, members, decode_side=side):
                todo.store.add(batch, hashes)
                todo.reasons.update((hashes[i], reason) for i, reason in batch.faults)
                done = min(done + len(batch.indices), n_todo)
                progress(STEP, done, n_todo)
        finally:
            todo.store.flush()


def _passes(encoders: Sequence[GraphEncoder], *, with_looks: bool) -> dict[int, set[str]]:
    passes: dict[int, set[str]] = {MIN_DECODE_SIDE: {LOOKS_KEY}} if with_looks else {}
    for encoder in encoders:
        passes.setdefault(encoder.decode_side, set()).add(encoder.key)
    return passes


def _orders(
    pictures: Sequence[Path] | Octets, where: Mapping[str, int], wanted: Mapping[str, set[str]]
) -> Iterator[Order]:
    for digest, index in where.items():
        keys = {key for key, digests in wanted.items() if digest in digests}
        if keys:
            yield Order(
                index=index, picture=pictures[index], keys=frozenset(keys - {LOOKS_KEY}), looks=LOOKS_KEY in keys
            )


def _gather(
    cache: Cache, contents: Contents, hashes: Sequence[str], reasons: Mapping[str, str]
) -> tuple[NDArray[Any], Bools, tuple[Fault, ...]]:
    """Give a row per item (n, d), which of them are there, and why the others are not."""
    lost = set(cache.missing(hashes))
    if lost - reasons.keys():
        raise StorageError("the cache was deleted while it was written. Run the same command again.")
    ok = np.array([digest not in lost for digest in hashes], dtype=np.bool_)
    rows = np.zeros((len(hashes), cache.d), dtype=cache.dtype)
    rows[ok] = cache.rows([digest for digest in hashes if digest not in lost])
    faults = [
        Fault(name=_name(contents, i), reason=reasons[digest]) for i, digest in enumerate(hashes) if digest in lost
    ]
    return rows, ok, tuple(faults)


def _name(contents: Contents, index: int) -> str:
    return str(contents.paths[index]) if isinstance(contents, Files) else f"picture {index}"


def _encoded(
    encoder: GraphEncoder, store: _Store, contents: Contents, hashes: Sequence[str], reasons: Mapping[str, str]
) -> Encoded:
    vectors, ok, faults = _gather(store.caches[encoder.key], contents, hashes, reasons)
    return Encoded(vectors=vectors, ok=ok, faults=faults)


def _arrays(
    contents: Pixels,
    hashes: Sequence[str],
    encoders: Sequence[GraphEncoder],
    cache_dir: Path | None,
    progress: Progress,
) -> Mapping[str, Encoded]:
    encoded = {}
    for encoder in encoders:
        if encoder.is_pixels:  # quicker to compute than to read back
            encoded[encoder.key] = _plain(contents, encoder, progress)
        else:
            store = _Store(cache_dir, [encoder], with_looks=False)
            reasons = _compute(contents.array, hashes, store, [encoder], progress)
            encoded[encoder.key] = _encoded(encoder, store, contents, hashes, reasons)
    return MappingProxyType(encoded)


def _plain(contents: Pixels, encoder: GraphEncoder, progress: Progress) -> Encoded:
    vectors = np.empty((len(contents), encoder.d), dtype=np.float32)
    for start, rows in embed_arrays(contents.array, encoder):
        vectors[start : start + len(rows)] = rows
        progress(STEP, start + len(rows), len(contents))
    return Encoded(vectors=vectors, ok=np.ones(len(contents), dtype=np.bool_), faults=())

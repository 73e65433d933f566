"""Turn texts into vectors by batches of like length, in flat memory. Path: **features.sentences** -> model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from florilegium.errors import ModelFileError
from florilegium.features.cache import ScratchCache, VectorCache
from florilegium.features.encoder import EMBEDDING
from florilegium.features.sentences.encoder import TOKEN_IDS, TOKEN_MASK, SentenceEncoder
from florilegium.features.sentences.tokens import Tokens, padded_tokens
from florilegium.features.stream import n_workers, overlapped, session
from florilegium.types import Ints, Progress, Vectors, silent

CHUNK = 2_048  # texts whose tokens are held at once, and the most that a crash loses
MAX_TOKENS = 2_048  # of a batch with its free places: fits a core's cache best on MiniLM
MAX_ROWS = 64
STEP = "texts encoded"


class SentenceRunner:
    """One encoder, ready to run; may be used by several threads at once."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        """Prepare tokenizer and graph.

        Raises: SettingError: `tokenizers` is missing.  ModelFileError: ONNX Runtime cannot run the graph.
        """
        self.encoder = encoder
        self.tokens = Tokens(encoder.rules, where=encoder.name)
        self._session = session(encoder.trunk)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Give the vectors of n texts, float32 (n, d), in their order; all cores help."""
        found = np.empty((len(texts), self.encoder.d), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            rows = self.tokens(texts[start : start + CHUNK])
            # A lambda's default has no type of its own.
            for places, vectors in overlapped(lambda at, r=rows: self._run(r, at), _batches(rows), workers=n_workers()):  # type: ignore[misc]
                found[start + places] = vectors
        return found

    def _run(self, rows: list[list[int]], places: Ints) -> tuple[Ints, Vectors]:
        ids, mask = padded_tokens([rows[i] for i in places])
        try:
            return places, self._session.run([EMBEDDING], {TOKEN_IDS: ids, TOKEN_MASK: mask})[0]
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            reason = str(error).strip().splitlines()[0][:200]
            raise ModelFileError(
                f"{self.encoder.name}: its network cannot be run on {ids.shape[1]} tokens: {reason}. Its settings may "
                "promise more than it takes: lower max_seq_length in sentence_bert_config.json, or fetch it again."
            ) from error


def _batches(rows: Sequence[Sequence[int]]) -> Iterator[Ints]:
    """Give places of texts of like length together, the longest first."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        n = int(np.clip(MAX_TOKENS // max(int(lengths[order[start]]), 1), 1, MAX_ROWS))
        yield order[start : start + n]
        start += n


def encode_texts(
    texts: Sequence[str],
    hashes: Sequence[str],
    *,
    encoder: SentenceEncoder,
    cache_dir: Path | None = None,
    progress: Progress = silent,
) -> Vectors:
    """Give the vectors of n texts, float32 (n, d); what the cache holds is not computed again.

    Args: hashes: content hashes (SHA-256, hex), one per text.  progress: hears of "texts encoded".
    Raises: StorageError: the cache cannot be written.  SettingError, ModelFileError: as of `SentenceRunner`.
    """
    cache = (
        ScratchCache(d=encoder.d) if cache_dir is None else VectorCache(cache_dir, key=encoder.key, d=encoder.d)
    )  # fmt: skip
    missing = cache.missing(hashes)
    if missing:
        runner = SentenceRunner(encoder)
        text_of = dict(zip(hashes, texts, strict=True))
        for start in range(0, len(missing), CHUNK):
            some = missing[start : start + CHUNK]
            cache.append(some, runner.embed([text_of[digest] for digest in some]))
            progress(STEP, start + len(some), len(missing))
    return np.asarray(cache.rows(hashes), dtype=np.float32)

"""An opened model file, ready to answer. Path: features -> **model** -> evaluation.

Answers from pictures, from counted terms, or from vectors that are known already, always by the nodes in the file.
Opens nothing itself: `florilegium.model.file` has checked what arrives here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import scipy.sparse as sp
from onnx import TensorProto
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from florilegium.errors import ItemError, ModelFileError
from florilegium.features import graphs
from florilegium.features.encoder import EMBEDDING, FITTED, IMAGE, GraphEncoder
from florilegium.features.sentences import TOKEN_IDS, TOKEN_MASK, SentenceEncoder, SentenceRunner
from florilegium.features.stream import Runner, n_workers, overlapped, session
from florilegium.features.text import padded
from florilegium.model.card import ModelCard
from florilegium.model.graph import KNOWN, PROBABILITIES, SIMILAR, SIMILARITY, STRANGENESS, TERM_COUNTS, TERM_IDS
from florilegium.model.sketch import TermSketch
from florilegium.types import Bools, Floats, Ints, Octets, Vectors

ROWS = 256  # vectors per call of the head
MAX_CELLS = 1 << 24  # numbers that one call of a text head may gather: 64 MiB
_KINDS: Mapping[str, tuple[int, list[int | str]]] = MappingProxyType(
    {
        IMAGE: (TensorProto.UINT8, ["N", "H", "W", 3]),
        TOKEN_IDS: (TensorProto.INT64, ["N", "T"]),
        TOKEN_MASK: (TensorProto.INT64, ["N", "T"]),
        FITTED: (TensorProto.UINT8, ["N", "S", "S", 3]),
        EMBEDDING: (TensorProto.FLOAT, ["N", "D"]),
        PROBABILITIES: (TensorProto.FLOAT, ["N", "K"]),
        KNOWN: (TensorProto.BOOL, ["N"]),
        STRANGENESS: (TensorProto.FLOAT, ["N"]),
        SIMILAR: (TensorProto.INT64, ["N", "M"]),
        SIMILARITY: (TensorProto.FLOAT, ["N", "M"]),
    }
)
# ONNX Runtime's errors share no base class; what it throws in C++ arrives as RuntimeError or MemoryError.
RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    UnicodeError,  # a message that quotes what is no UTF-8
    MemoryError,
    *(kind for kind in vars(runtime).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
_PROBE_SIDE = 32  # px
SUM_SLACK = 1e-3  # float32 softmax over 10,000 classes sums to 1 within 1e-4
_NEXT = "Use a file that florilegium train wrote, or fetch it again."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What a model says of n items; what its file does not hold is None."""

    probabilities: Floats  # (n, k), rows sum to 1
    known: Bools  # (n,) False: the model abstains
    strangeness: Floats | None = None  # (n,) how unlike the training items; the card's limit says when it is too much
    similar: Ints | None = None  # (n, m) row numbers in the card's exemplars, most similar first
    similarity: Floats | None = None  # (n, m) -1..1
    vectors: Vectors | None = None  # (n, d) what the head was given, where that was computed for this very question

    def __len__(self) -> int:
        """Count the items."""
        return len(self.known)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelFile:
    """An opened model: its card, and sessions that are made when first needed. May be used by several threads."""

    path: Path
    model: onnx.ModelProto
    card: ModelCard
    id: str  # 64 hex digits: a hash of graph, classes and vocabulary; a verdict leaves it as it is

    @property
    def classes(self) -> tuple[str, ...]:
        """Give the k class names, in the order of the probabilities."""
        return self.card.classes

    @cached_property
    def encoder(self) -> GraphEncoder:
        """Give the encoder inside the file, for decoding and encoding in a stream.

        Raises: ModelFileError: a text model has none.
        """
        if self.card.short_side is None:
            raise ModelFileError(
                f"{self.path}: a text model; expected an image model. Give it texts: florilegium predict"
            )
        fit, trunk = _cut(self.model, [IMAGE], FITTED), _cut(self.model, [FITTED], EMBEDDING)
        side, d = (stated_size(self.model, name) for name in (FITTED, EMBEDDING))
        return GraphEncoder(
            name=self.card.encoder,
            key=self.card.encoder,
            fit=fit,
            trunk=trunk,
            short=self.card.short_side,
            side=side,
            d=d,
            licence=str(self.card.provenance.get("encoder_licence", "unstated")),
            source=str(self.card.provenance.get("encoder_source", "unstated")),
        )

    @cached_property
    def sentences(self) -> SentenceEncoder:
        """Give the encoder of sentences inside the file.

        Raises: ModelFileError: this model has none.
        """
        if self.card.tokenizer is None:
            raise ModelFileError(f"{self.path}: no model of sentences. Train one: --encoder st:PATH_OR_NAME")
        return SentenceEncoder(
            name=self.card.encoder,
            key=self.card.encoder,
            trunk=_cut(self.model, [TOKEN_IDS, TOKEN_MASK], EMBEDDING),
            rules=self.card.tokenizer,
            d=stated_size(self.model, EMBEDDING),
            licence=str(self.card.provenance.get("encoder_licence", "unstated")),
            source=str(self.card.provenance.get("encoder_source", "unstated")),
        )

    def answers_of_texts(self, texts: Sequence[str]) -> Answers:
        """Answer n texts as they were written; several threads may ask at once.

        Raises: ModelFileError: an image model.  SettingError: a model of sentences, and `tokenizers` is missing.
        """
        return self.answers(self.vectors_of_texts(texts))

    def vectors_of_texts(self, texts: Sequence[str]) -> Vectors | sp.csr_array:
        """Turn n texts into what the head reads: embeddings (n, d), or counted terms. Errors as `answers_of_texts`."""
        if self.card.vocabulary is not None:
            return self.card.vocabulary.counts(texts)
        return self._sentence_runner.embed(texts)

    def kept_vectors(self, vectors: Vectors | sp.csr_array) -> Vectors | None:
        """Give of what the head reads what is kept with a live answer, float32 (n, e): embeddings, or sketched terms.

        None: a file of another maker, which does not say how rare its terms are.
        """
        if not sp.issparse(vectors):
            return vectors
        return None if self._sketch is None else self._sketch.of(vectors)

    @cached_property
    def _sketch(self) -> TermSketch | None:
        try:
            return TermSketch(self)
        except KeyError:
            return None

    def answers(self, vectors: Vectors | sp.csr_array) -> Answers:
        """Answer from vectors that are known already.

        Args: vectors: embeddings float32 (n, d), or for a text model counts (n, d) as `TextCounts.counts` gives them.
        Raises: ModelFileError: the vectors are not of this model's encoder.
        """
        if sp.issparse(vectors) != (self.card.vocabulary is not None) or vectors.shape[1] != self.d:
            raise ModelFileError(
                f"{self.path}: {vectors.shape[1]} numbers per item; this model takes {self.d} of {self.card.encoder}. "
                "Encode the items anew, or train again: florilegium train"
            )
        if vectors.shape[0] == 1:  # threads would take longer than the answer
            return self._joined([self._answer(given) for given in self._chunks(vectors)])
        return self._joined(list(overlapped(self._answer, self._chunks(vectors), workers=n_workers())))

    def head(self, vectors: Vectors | sp.csr_array) -> tuple[Floats, Bools]:
        """Give of `answers` the probabilities (n, k) and where the model knows (n,)."""
        found = self.answers(vectors)
        return found.probabilities, found.known

    @property
    def d(self) -> int:
        """Count the numbers per item that the head takes."""
        if self.card.vocabulary is not None:
            return self.card.vocabulary.d
        return self.encoder.d if self.card.tokenizer is None else self.sentences.d

    def predict_arrays(self, pictures: Sequence[Octets]) -> tuple[Floats, Bools]:
        """Answer pictures, uint8 (h, w, 3) of any sizes, by the whole graph: probabilities (n, k) and known (n,)."""
        found = self.answers_of_arrays(pictures)
        return found.probabilities, found.known

    def answers_of_arrays(self, pictures: Sequence[Octets]) -> Answers:
        """Answer pictures, uint8 (h, w, 3) of any sizes, by the whole graph."""
        return self._joined([self._run(self._whole, {IMAGE: picture[None]}) for picture in pictures])

    def answer_of(self, pixels: Octets) -> Answers:
        """Answer one picture, uint8 (h, w, 3), as quickly as can be; several threads may ask at once.

        Raises: ItemError: the encoder gives no finite numbers for it.  ModelFileError: the graph fails.
        """
        try:
            vectors = self._runner.embed(self._runner.fit(pixels[None]))
        except RUNTIME_ERRORS as error:
            raise self.failed(error) from error
        if not np.isfinite(vectors).all():
            raise ItemError(f"{self.encoder.name} gives no finite numbers for it. Look at it, or take another model.")
        return replace(self._joined([self._answer({EMBEDDING: vectors})]), vectors=vectors)

    def probe(self) -> None:
        """Answer a gray picture, a text of one term or of two tokens, and come apart: what cannot do that is no model.

        Raises: ModelFileError: the graph fails, or gives no probabilities.
        """
        if self.card.vocabulary is not None:
            given: dict[str, Any] = {TERM_IDS: np.array([[0]]), TERM_COUNTS: np.ones((1, 1), dtype=np.float32)}
        elif self.card.tokenizer is not None:
            _ = self.sentences, self._head_graph
            given = {TOKEN_IDS: np.array([[0, 0]]), TOKEN_MASK: np.ones((1, 2), dtype=np.int64)}
        else:
            # Taken apart as well as whole: `predict` uses the parts.
            _ = self.encoder, self._head_graph
            given = {IMAGE: np.full((1, _PROBE_SIDE, _PROBE_SIDE, 3), 128, dtype=np.uint8)}
        found = self._run(self._whole, given)
        probabilities, known = found[PROBABILITIES], found[KNOWN]
        shapes = (probabilities.shape, known.shape)
        if shapes != ((1, len(self.classes)), (1,)) or not abs(float(probabilities.sum()) - 1) < SUM_SLACK:
            raise ModelFileError(f"{self.path}: gives {shapes} for one item, and no probabilities. {_NEXT}")

    @cached_property
    def _outputs(self) -> tuple[str, ...]:
        """Name the outputs that this file has."""
        found = {output.name for output in self.model.graph.output}
        return tuple(n for n in (PROBABILITIES, KNOWN, STRANGENESS, SIMILAR, SIMILARITY) if n in found)

    def _joined(self, parts: Sequence[Mapping[str, Any]]) -> Answers:
        if not parts:
            return Answers(probabilities=np.zeros((0, len(self.classes))), known=np.zeros(0, dtype=np.bool_))
        whole: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}
        floats = {name: found.astype(np.float64) for name, found in whole.items() if found.dtype == np.float32}
        if SIMILAR in whole:
            self._check(whole[SIMILAR], whole[SIMILARITY])
        return Answers(**whole | floats)

    def _check(self, rows: Ints, cosines: Vectors) -> None:
        """Refuse examples that are not there: a graph may compute whatever it likes."""
        n = len(self.card.exemplars)
        if rows.size and (rows.min() < 0 or rows.max() >= n or not np.isfinite(cosines).all()):
            raise ModelFileError(f"{self.path}: points to examples that it does not hold. {_NEXT}")

    def _chunks(self, vectors: Vectors | sp.csr_array) -> Iterator[dict[str, Any]]:
        if not sp.issparse(vectors):
            for start in range(0, len(vectors), ROWS):
                yield {EMBEDDING: np.ascontiguousarray(vectors[start : start + ROWS], dtype=np.float32)}
            return
        # A batch is as wide as its longest text: texts are taken until the gathered rows would grow too large.
        widths = np.maximum(np.diff(vectors.indptr), 1)
        start = 0
        while start < len(widths):
            widest = np.maximum.accumulate(widths[start : start + ROWS])
            cells = widest * np.arange(1, len(widest) + 1) * len(self.classes)
            stop = start + max(1, int(np.searchsorted(cells, MAX_CELLS, side="right")))
            yield dict(zip((TERM_IDS, TERM_COUNTS), padded(vectors[start:stop]), strict=True))
            start = stop

    def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._run(self._head, given)

    def _run(self, session_of: onnxruntime.InferenceSession, given: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(zip(self._outputs, session_of.run(list(self._outputs), given), strict=True))
        except RUNTIME_ERRORS as error:
            raise self.failed(error) from error

    def failed(self, error: Exception) -> ModelFileError:
        """Say that ONNX Runtime could not run the graph."""
        reason = "".join(c if c.isprintable() else " " for c in str(error))[:200]  # it quotes names out of the file
        return ModelFileError(f"{self.path}: its graph fails: {reason}. {_NEXT}")

    @cached_property
    def _runner(self) -> Runner:
        return Runner(self.encoder)

    @cached_property
    def _sentence_runner(self) -> SentenceRunner:
        return SentenceRunner(self.sentences)

    @cached_property
    def _whole(self) -> onnxruntime.InferenceSession:
        return session(_bare(self.model))

    @cached_property
    def _head(self) -> onnxruntime.InferenceSession:
        if self.card.vocabulary is not None:
            return self._whole
        return session(self._head_graph)

    @cached_property
    def _head_graph(self) -> onnx.ModelProto:
        return _cut(self.model, [EMBEDDING], *self._outputs)


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.metadata_props[:]  # a vocabulary need not be handed over and parsed again
    return bare


def _cut(model: onnx.ModelProto, inputs: Sequence[str], *outputs: str) -> onnx.ModelProto:
    """Give the part of the graph between `inputs` and `outputs`."""
    return graphs.part(model, {name: _KINDS[name] for name in inputs}, {name: _KINDS[name] for name in outputs})


def stated_size(model: onnx.ModelProto, name: str) -> int:
    """Give the second size that the graph states of an inner tensor: side of `fitted`, d of `embedding`; 0: none."""
    shapes = [info.type.tensor_type.shape.dim for info in model.graph.value_info if info.name == name]
    return int(shapes[0][1].dim_value) if len(shapes) == 1 and len(shapes[0]) >= 2 else 0

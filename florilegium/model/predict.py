"""Classify files, folders or texts with a model file, one after the other. Path: features -> **model** -> cli.

Streams: what has been answered is forgotten. One bad file gives a record with its error and never stops the rest;
the order is that of the inputs. Abstains where the model says that it does not know. Fetches nothing.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from florilegium.errors import ItemError
from florilegium.features.decode import decode_with_header, max_pixels_allowed
from florilegium.features.looks import facts_of
from florilegium.features.stream import batches, stream
from florilegium.model import inputs as finding
from florilegium.model.exemplars import Similar
from florilegium.model.inputs import Entry
from florilegium.model.opened import RUNTIME_ERRORS, Answers, ModelFile
from florilegium.source.base import Fault, Kind
from florilegium.types import Bools, Progress, Vectors, silent

UNSURE, STRANGE = "unsure", "strange"  # why a model abstains
BATCH = 64  # inputs whose vectors are held until the head answers them together
STEP = {Kind.IMAGE: "pictures", Kind.TEXT: "texts"}
# What a spreadsheet takes for the start of a formula when it opens a CSV file (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says of one input, or why it says nothing."""

    input: str  # as it was named, printable
    label: str | None = None  # the likeliest class, also where the model is not sure; None: error
    probability: float | None = None  # 0..1, of that class
    top: tuple[tuple[str, float], ...] = ()  # the likeliest classes with their probabilities, best first
    known: bool = False  # False: the model abstains, or there is an error
    why: str | None = None  # why it abstains: UNSURE (between its classes) or STRANGE (unlike anything it learned from)
    similar: tuple[Similar, ...] = ()  # the training items most like it, best first; () where the file holds none
    error: str | None = None
    text: str | None = field(default=None, compare=False, repr=False)  # what was asked about, of a text
    vector: Vectors | None = field(default=None, compare=False, repr=False)  # (e,) of what came over a wire, to be kept
    facts: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)  # of that picture, where wanted


def predict(
    model: ModelFile,
    inputs: Iterable[str | Path],
    *,
    top: int = 3,
    batch: int = BATCH,
    progress: Progress = silent,
) -> Iterator[Prediction]:
    """Answer each input in turn; read only as fast as the answers are taken.

    Args:
        model: from `open_model`.
        inputs: files, folders and patterns; for a text model texts, or .txt files with a text a line.
        top: how many classes each answer names, at least 1.
        batch: inputs that the head answers together, at least 1.
        progress: hears of "pictures" or "texts"; the total is known where `inputs` is a list or tuple.
    """
    expand = finding.pictures if model.card.kind is Kind.IMAGE else finding.texts
    total = finding.count(expand(inputs)) if isinstance(inputs, list | tuple) else None
    answers = (_pictures if model.card.kind is Kind.IMAGE else _texts)(model, expand(inputs), top=top, batch=batch)
    for done, answer in enumerate(answers, start=1):
        progress(STEP[model.card.kind], done, total)
        yield answer


def predict_bytes(model: ModelFile, content: bytes, *, name: str, top: int = 5, facts: bool = False) -> Prediction:
    """Answer one picture that is in memory, as it came over a wire; several threads may ask at once.

    Args:
        model: of pictures, from `open_model`.
        content: the bytes of a picture file; whatever else they are gives a prediction with an `error`.
        name: what the picture is called in the answer.
        top: how many classes the answer names, at least 1.
        facts: tell size, format, brightness and so on of the file, too.
    Raises: ModelFileError: a text model, or its graph fails.  SettingError: FLORILEGIUM_MAX_PIXELS is no number.
    """
    side, max_pixels = model.encoder.decode_side, max_pixels_allowed()
    try:
        pixels, header = decode_with_header(content, short_side=side, max_pixels=max_pixels)
        answers = model.answer_of(pixels)
    except ItemError as error:
        return Prediction(input=finding.shown(name), error=str(error))
    (said,) = _said(model, answers, top=top)
    vector = None if answers.vectors is None else answers.vectors[0]
    return replace(said(finding.shown(name)), vector=vector, facts=facts_of(pixels, header) if facts else {})


def predict_texts(model: ModelFile, texts: Sequence[str], *, top: int = 5) -> list[Prediction]:
    """Answer texts that came over a wire, in order: whatever one says, it is a text and never a file's name.

    Raises: ModelFileError: its graph fails.
    """
    entries = (Entry(name=finding.shown(text), content=text) for text in texts)
    return list(_texts(model, entries, top=top, batch=BATCH, keep=True))


def _pictures(model: ModelFile, entries: Iterator[Entry], *, top: int, batch: int) -> Iterator[Prediction]:
    for several in batches(_encoded(model, entries), batch):
        rows = [vector for _, vector in several if vector is not None]
        said = iter(_answered(model, np.stack(rows), top=top) if rows else ())
        for entry, vector in several:
            yield _failed(entry) if vector is None else next(said)(entry.name)


def _encoded(model: ModelFile, entries: Iterator[Entry]) -> Iterator[tuple[Entry, Vectors | None]]:
    """Decode and encode; entries that are faulty from the start wait in line with the others."""
    waiting: deque[Entry] = deque()

    def paths() -> Iterator[Path]:
        for entry in entries:
            waiting.append(entry)
            if isinstance(entry.content, Path):
                yield entry.content

    for result in _vectors(model, paths()):
        while waiting[0].error is not None:
            yield waiting.popleft(), None
        entry = waiting.popleft()
        yield (Entry(name=entry.name, error=result.reason), None) if isinstance(result, Fault) else (entry, result)
    while waiting:
        yield waiting.popleft(), None


def _vectors(model: ModelFile, paths: Iterator[Path]) -> Iterator[Vectors | Fault]:
    try:
        for _, result in stream(paths, model.encoder):
            yield result
    except RUNTIME_ERRORS as error:  # a graph that was sound for the probe and is not for a picture
        raise model.failed(error) from error


def _texts(
    model: ModelFile, entries: Iterator[Entry], *, top: int, batch: int, keep: bool = False
) -> Iterator[Prediction]:
    for several in batches(entries, batch):
        strings = [entry.content for entry in several if isinstance(entry.content, str)]
        said = iter(_answered(model, model.vectors_of_texts(strings), top=top, keep=keep) if strings else ())
        for entry in several:
            yield (
                _failed(entry) if entry.error is not None else replace(next(said)(entry.name), text=str(entry.content))
            )


class _Answer:
    """What the model said of one item, waiting for its input's name."""

    def __init__(self, model: ModelFile, answers: Answers, row: int, *, top: int, strange: bool) -> None:
        shares = answers.probabilities[row]
        self.top = tuple((model.classes[i], float(shares[i])) for i in np.argsort(-shares, kind="stable")[:top])
        self.known = bool(answers.known[row])
        self.why = None if self.known else STRANGE if strange else UNSURE
        self.similar = _similar(model, answers, row)
        self.vector: Vectors | None = None

    def __call__(self, name: str) -> Prediction:
        label, probability = self.top[0]
        return Prediction(
            input=name,
            label=label,
            probability=probability,
            top=self.top,
            known=self.known,
            why=self.why,
            similar=self.similar,
            vector=self.vector,
        )


def _similar(model: ModelFile, answers: Answers, row: int) -> tuple[Similar, ...]:
    if answers.similar is None or answers.similarity is None:
        return ()
    pairs = zip(answers.similar[row], answers.similarity[row], strict=True)
    return tuple(Similar(exemplar=model.card.exemplars[i], similarity=float(cosine)) for i, cosine in pairs)


def _answered(model: ModelFile, vectors: Vectors | sp.csr_array, *, top: int, keep: bool = False) -> list[_Answer]:
    said = _said(model, model.answers(vectors), top=top)
    kept = model.kept_vectors(vectors) if keep else None
    for answer, vector in zip(said, () if kept is None else kept, strict=False):
        answer.vector = vector
    if sp.issparse(vectors):
        for answer, n_terms in zip(said, np.diff(vectors.indptr), strict=True):
            answer.why = STRANGE if n_terms == 0 else answer.why  # not one word of it was ever seen
    return said


def _said(model: ModelFile, answers: Answers, *, top: int) -> list[_Answer]:
    limit, found = model.card.strangeness_limit, answers.strangeness
    strange: Bools = np.zeros(len(answers), dtype=np.bool_)
    if found is not None and limit is not None:
        strange = found > np.float32(limit)
    return [_Answer(model, answers, row, top=top, strange=bool(strange[row])) for row in range(len(answers))]


def _failed(entry: Entry) -> Prediction:
    return Prediction(input=entry.name, error=entry.error)


def prediction_dict(prediction: Prediction, *, thumbnails: bool = True) -> dict[str, Any]:
    """Give a prediction for JSON: `input` with `error`, or with `label`, `probability`, `top`, `known` and so on.

    Args: thumbnails: with the small pictures of similar training items, as data URLs; False: null in their place.

    >>> prediction_dict(Prediction(input="a.jpg", label="rose", probability=0.9, top=(("rose", 0.9),), known=True))
    {'input': 'a.jpg', 'label': 'rose', 'probability': 0.9, 'top': [{'label': 'rose', 'probability': 0.9}],
     'known': True, 'why': None, 'similar': []}
    """
    if prediction.error is not None:
        return {"input": prediction.input, "error": prediction.error}
    return {
        "input": prediction.input,
        "label": prediction.label,
        "probability": prediction.probability,
        "top": [{"label": label, "probability": probability} for label, probability in prediction.top],
        "known": prediction.known,
        "why": prediction.why,
        "similar": [_similar_dict(similar, thumbnails=thumbnails) for similar in prediction.similar],
    }


def _similar_dict(similar: Similar, *, thumbnails: bool) -> dict[str, Any]:
    exemplar = similar.exemplar
    return {
        "label": exemplar.label,
        "similarity": similar.similarity,
        "origin": exemplar.origin,
        "licence": exemplar.licence,
        "thumbnail": exemplar.data_url if thumbnails else None,
    }


CSV_COLUMNS = ("input", "label", "probability", "known", "error", "why")


def csv_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    r"""Give a header and one line per prediction, each with its line end, safe to open in a spreadsheet.

    >>> list(csv_lines([Prediction(input="=1+1.jpg", label="rose", probability=0.9, known=True)]))
    ['input,label,probability,known,error,why\r\n', "'=1+1.jpg,rose,0.9,true,,\r\n"]
    """
    yield _csv_line(CSV_COLUMNS)
    for said in predictions:
        answer = ("", "", "") if said.error else (said.label or "", f"{said.probability:.6g}", str(said.known).lower())
        yield _csv_line([cell(said.input), cell(answer[0]), *answer[1:], cell(said.error or ""), said.why or ""])


def cell(text: str) -> str:
    """Give a text as a cell that no spreadsheet runs: one that looks like a formula gets an apostrophe in front.

    >>> cell("=cmd|' /C calc'!A0"), cell("rose")
    ("'=cmd|' /C calc'!A0", 'rose')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()

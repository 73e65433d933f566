"""Classify files, folders or texts with a model file, one after the other. Path: features -> **model** -> cli.

Streams: what has been answered is forgotten. One bad file gives a record with its error and never stops the rest;
the order is that of the inputs. Abstains where the model says that it does not know. Fetches nothing.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.features.stream import batches, stream
from florilegium.model import inputs as finding
from florilegium.model.inputs import Entry
from florilegium.model.opened import RUNTIME_ERRORS, ModelFile
from florilegium.source.base import Fault, Kind
from florilegium.types import Floats, Progress, Vectors, silent

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
    error: str | None = None


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


def _texts(model: ModelFile, entries: Iterator[Entry], *, top: int, batch: int) -> Iterator[Prediction]:
    vocabulary = model.card.vocabulary
    for several in batches(entries, batch):
        strings = [entry.content for entry in several if isinstance(entry.content, str)]
        counts = vocabulary.counts(strings) if vocabulary is not None and strings else None
        said = iter(_answered(model, counts, top=top) if counts is not None else ())
        for entry in several:
            yield _failed(entry) if entry.error is not None else next(said)(entry.name)


class _Answer:
    """One row of probabilities, waiting for its input's name."""

    def __init__(self, classes: Sequence[str], row: Floats, *, known: bool, top: int) -> None:
        best = np.argsort(-row, kind="stable")[:top]
        self.top = tuple((classes[i], float(row[i])) for i in best)
        self.known = known

    def __call__(self, name: str) -> Prediction:
        label, probability = self.top[0]
        return Prediction(input=name, label=label, probability=probability, top=self.top, known=self.known)


def _answered(model: ModelFile, vectors: Any, *, top: int) -> list[_Answer]:  # noqa: ANN401 - dense or sparse
    probabilities, known = model.head(vectors)
    return [_Answer(model.classes, row, known=bool(k), top=top) for row, k in zip(probabilities, known, strict=True)]


def _failed(entry: Entry) -> Prediction:
    return Prediction(input=entry.name, error=entry.error)


def prediction_dict(prediction: Prediction) -> dict[str, Any]:
    """Give a prediction for JSON: `input` with `error`, or with `label`, `probability`, `top` and `known`.

    >>> prediction_dict(Prediction(input="a.jpg", label="rose", probability=0.9, top=(("rose", 0.9),), known=True))
    {'input': 'a.jpg', 'label': 'rose', 'probability': 0.9, 'top': [{'label': 'rose', 'probability': 0.9}],
     'known': True}
    """
    if prediction.error is not None:
        return {"input": prediction.input, "error": prediction.error}
    return {
        "input": prediction.input,
        "label": prediction.label,
        "probability": prediction.probability,
        "top": [{"label": label, "probability": probability} for label, probability in prediction.top],
        "known": prediction.known,
    }


CSV_COLUMNS = ("input", "label", "probability", "known", "error")


def csv_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    r"""Give a header and one line per prediction, each with its line end, safe to open in a spreadsheet.

    >>> list(csv_lines([Prediction(input="=1+1.jpg", label="rose", probability=0.9, known=True)]))
    ['input,label,probability,known,error\r\n', "'=1+1.jpg,rose,0.9,true,\r\n"]
    """
    yield _csv_line(CSV_COLUMNS)
    for said in predictions:
        answer = ("", "", "") if said.error else (said.label or "", f"{said.probability:.6g}", str(said.known).lower())
        yield _csv_line([cell(said.input), cell(answer[0]), *answer[1:], cell(said.error or "")])


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

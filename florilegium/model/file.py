"""The model file: one .onnx with everything in it. Path: features -> **model** -> evaluation.

Writes it whole or not at all, and opens it with suspicion: hostile, foreign, truncated and self-contradicting files are
refused before anything runs.
"""

import difflib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from florilegium.errors import ModelFileError, StorageError
from florilegium.features.encoder import EMBEDDING, FITTED, IMAGE
from florilegium.features.sentences import TOKEN_IDS, TOKEN_MASK
from florilegium.model import guard
from florilegium.model.card import ModelCard, card_of, metadata_of
from florilegium.model.figures import AbstentionFigures, ClassFigures
from florilegium.model.graph import (
    EXAMPLES,
    KNOWN,
    LABEL,
    LIMIT,
    PROBABILITIES,
    SIMILAR,
    SIMILARITY,
    STRANGENESS,
    TEMPERATURE,
    TERM_COUNTS,
    TERM_IDS,
    TERM_ROWS,
    THRESHOLD,
)
from florilegium.model.opened import ModelFile, stated_size
from florilegium.source.base import Kind

SHIPPED = Path(__file__).parents[1] / "models"  # the folder of the models that come with the package
PROJECT_FILE = "model.onnx"  # what a project folder calls its current model
_OF_IMAGES = {IMAGE: (TensorProto.UINT8, 4)}
_OF_TERMS = {TERM_IDS: (TensorProto.INT64, 2), TERM_COUNTS: (TensorProto.FLOAT, 2)}
_OF_TOKENS = {TOKEN_IDS: (TensorProto.INT64, 2), TOKEN_MASK: (TensorProto.INT64, 2)}
_OUTPUTS = {PROBABILITIES: (TensorProto.FLOAT, 2), KNOWN: (TensorProto.BOOL, 1), LABEL: (TensorProto.INT64, 1)}
_OF_LIKENESS = {
    STRANGENESS: (TensorProto.FLOAT, 1),
    SIMILAR: (TensorProto.INT64, 2),
    SIMILARITY: (TensorProto.FLOAT, 2),
}


def write(path: Path, graph: onnx.ModelProto, card: ModelCard) -> str:
    """Write a model file, whole or not at all; give the model's id. Equal graph and card, equal bytes.

    Args: graph: from `image_graph`, `sentence_graph` or `text_graph`.
    Raises: ModelFileError: graph and card do not belong together.  StorageError: it cannot be written.
    """
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata_of(card))
    guard.check(model, where=str(path))
    _match(model, card, where=str(path))
    _write_whole(path, model.SerializeToString(deterministic=True))
    return _id_of(model)


def add_verdict(
    path: Path,
    verdict: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
    per_class: tuple[ClassFigures, ...] | None = None,
    abstention: AbstentionFigures | None = None,
) -> None:
    """Write into a model file what was measured of it; graph, id and whatever is None here stay as they are.

    Args: text: the model card for people.  per_class: in the order of the classes.
    Raises: ModelFileError: the file is not a model of ours.  StorageError: it cannot be written.
    """
    model = guard.read(path)
    given: dict[str, Any] = {"verdict": verdict, "text": text, "per_class": per_class, "abstention": abstention}
    card = card_of(_metadata(model), where=str(path))
    write(path, model, replace(card, **{name: value for name, value in given.items() if value is not None}))


def open_model(path: Path) -> ModelFile:
    """Open a model file after checking all of it; hostile, foreign and damaged files are refused.

    Raises: ModelFileError: says what is wrong with the file, what was expected, and what to do.
    """
    model = guard.read(path)
    card = card_of(_metadata(model), where=str(path))
    _match(model, card, where=str(path))
    opened = ModelFile(path=path, model=model, card=card, id=_id_of(model))
    opened.probe()
    return opened


def find(name_or_path: str | Path) -> Path:
    """Give the path of a model: a file, a project folder with a `model.onnx`, or the name of a shipped model.

    Raises: ModelFileError: there is none; the nearest names are given.
    """
    # os.path says no where Path raises: the name may be one that no file can have.
    is_folder = os.path.isdir(name_or_path)  # noqa: PTH112 - a name may hold what no path can
    candidate = Path(name_or_path, PROJECT_FILE) if is_folder else Path(name_or_path)
    if os.path.exists(candidate):  # noqa: PTH110 - a name may hold what no path can
        return candidate
    shipped = shipped_models()
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    near = difflib.get_close_matches(str(name_or_path), list(shipped)) or list(shipped)
    hint = f"shipped models: {', '.join(near)}" if near else "no models are shipped with this version"
    what = "a folder without model.onnx; train first: florilegium train" if is_folder else "no such file or model"
    raise ModelFileError(
        f"{str(name_or_path)[:200]}: {what}; expected an .onnx file, a project folder, or a name ({hint})."
    )


def shipped_models() -> dict[str, Path]:
    """Give the models that come with the package, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.onnx"))}


def _id_of(model: onnx.ModelProto) -> str:
    metadata = _metadata(model)
    digest = hashlib.sha256(model.graph.SerializeToString(deterministic=True))
    parts = [metadata["classes"], metadata.get("vocabulary", "")]
    parts += [metadata["tokenizer"]] if "tokenizer" in metadata else []
    digest.update(json.dumps(parts).encode())
    return digest.hexdigest()


def _metadata(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


def _match(model: onnx.ModelProto, card: ModelCard, *, where: str) -> None:
    """Hold graph and card together: what goes in, what comes out, how many classes, which temperature and limits."""
    graph = model.graph
    wanted = _OUTPUTS if card.strangeness_limit is None else _OUTPUTS | _OF_LIKENESS
    given = _OF_IMAGES if card.kind is Kind.IMAGE else _OF_TERMS if card.tokenizer is None else _OF_TOKENS
    faults = _ends_faults("input", graph.input, given) + _ends_faults("output", graph.output, wanted)
    if not faults:
        width = next(o for o in graph.output if o.name == PROBABILITIES).type.tensor_type.shape.dim[1].dim_value
        faults += [f"{width} probabilities for {len(card.classes)} classes"] if width != len(card.classes) else []
        faults += _size_faults(graph, card)
    inner = (FITTED, EMBEDDING) if card.kind is Kind.IMAGE else () if card.tokenizer is None else (EMBEDDING,)
    made = {name for node in graph.node for name in node.output}
    faults += [f"no tensor {n!r} of stated size" for n in inner if n not in made or not stated_size(model, n)]
    faults += _number_faults(graph, card)
    if faults:
        raise ModelFileError(f"{where}: graph and card disagree: {'; '.join(faults)}. {guard.NEXT}")


def _size_faults(graph: onnx.GraphProto, card: ModelCard) -> list[str]:
    """Compare how many terms and examples there are."""
    stated = {TERM_ROWS: (0, "terms", card.vocabulary.d if card.vocabulary is not None else 0)}
    stated[EXAMPLES] = (1, "examples", len(card.exemplars))
    dims = {tensor.name: tensor.dims for tensor in graph.initializer if tensor.name in stated}
    return [
        f"{wanted} {what} in the card and {list(dims[name])} in the graph"
        for name, (axis, what, wanted) in stated.items()
        if name in dims and (len(dims[name]) != 2 or dims[name][axis] != wanted)
    ]


def _number_faults(graph: onnx.GraphProto, card: ModelCard) -> list[str]:
    """Compare the numbers that stand in both."""
    stated = {TEMPERATURE: card.temperature, THRESHOLD: card.threshold}
    stated |= {} if card.strangeness_limit is None else {LIMIT: card.strangeness_limit}
    constants = {t.name: t for t in graph.initializer if t.name in stated}
    faults = []
    for name, value in stated.items():
        found = numpy_helper.to_array(constants[name]) if name in constants else np.zeros(0)
        if found.shape != () or float(found) != float(np.float32(value)):
            faults.append(f"{name} is {found.ravel()[:1]} in the graph and {value} in the card")
    return faults


def _ends_faults(side: str, found: Sequence[onnx.ValueInfoProto], wanted: Mapping[str, tuple[int, int]]) -> list[str]:
    shapes = {f.name: (f.type.tensor_type.elem_type, len(f.type.tensor_type.shape.dim)) for f in found}
    if shapes == dict(wanted):
        return []
    named = ", ".join(f"{name[:40]!r}" for name in list(shapes)[:5])
    return [f"{side}s {named or 'none'}; expected {', '.join(wanted)}, of their types"]


def _write_whole(path: Path, octets: bytes) -> None:
    """Write to a file beside it, wait for the disk, then take its place: a crash leaves the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(0o644)  # mkstemp makes it readable by its owner only
            Path(beside).replace(path)
        except BaseException:  # Ctrl-C too leaves nothing behind
            Path(beside).unlink(missing_ok=True)
            raise
        _wait_for(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}. Make room, or choose a folder that you may write to."
        ) from error


def _wait_for(folder: Path) -> None:
    """Wait until the folder's list of names is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What a model file says of itself, as metadata in the file. Path: features -> **model**.

Written and read as text: JSON under a few keys of the ONNX file's metadata. Whatever is read is checked field by field;
nothing in it is ever run or rendered here. Knows nothing of graphs.
"""

import itertools
import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from florilegium.errors import ModelFileError
from florilegium.features.sentences import TokenRules
from florilegium.features.text import TextCounts
from florilegium.model import exemplars as examples
from florilegium.model.exemplars import Exemplar
from florilegium.model.figures import (
    AbstentionFigures,
    ClassFigures,
    abstention_dict,
    abstention_of,
    class_dicts,
    classes_of,
)
from florilegium.source.base import Kind

FORMAT = 1  # raised when an older Florilegium could misread the file
MAX_METADATA_CHARS = 1 << 26  # a vocabulary of 200,000 terms has about 3 million
MAX_CLASSES = 100_000
MAX_NAME_CHARS = 200  # per class name
MAX_PREFIX_CHARS = 1_000  # that stand before every text
MAX_TERM_CHARS = 20_000  # per term of a vocabulary: a text without a space is one word
# The metadata keys; those after the model card are optional.
KEYS = (
    "florilegium", "classes", "model_card", "verdict", "vocabulary", "tokenizer", "exemplars", "per_class", "abstention"
)  # fmt: skip

_NEXT = "Use a file that florilegium train wrote, or train again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Where a model comes from and how to read its answers.

    Raises: ModelFileError: a field has a value that no model file may hold; all faults are named at once.
    """

    kind: Kind
    classes: tuple[str, ...]  # k names, in the order of the probabilities
    encoder: str  # key of the encoder: equal key, equal vectors
    head: str  # "linear", "kernel", "mlp"
    temperature: float  # above 0: scores are divided by it before the softmax
    threshold: float  # 0..1: below this probability the model abstains
    dataset_version: str
    training_hash: str  # SHA-256 (hex) of the training set: names, contents and labels
    n_train: int
    created: datetime  # aware, UTC
    florilegium: str  # the version that wrote the file
    short_side: int | None = None  # px: decoding may reduce a picture, but not below this; None: texts
    provenance: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # sources, licences, versions
    text: str = ""  # the model card for people, Markdown
    verdict: Mapping[str, Any] | None = None  # None: not judged yet
    vocabulary: TextCounts | None = None  # the terms of a text model that counts them
    tokenizer: TokenRules | None = None  # how a text model of sentences makes tokens
    strangeness_limit: float | None = None  # 0..2: what is stranger is not known; None: the model has no such sense
    exemplars: tuple[Exemplar, ...] = ()  # training items that answers point to by their row
    per_class: tuple[ClassFigures, ...] = ()  # in the order of the classes; (): an older file
    abstention: AbstentionFigures | None = None  # how well it tells what it does not know; None: not measured yet

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        if faults := _faults(_document(self)) + _name_faults(self.classes) + _kind_faults(self):
            raise ModelFileError(f"model card: {'; '.join(faults)}. Correct the data set, then: florilegium train")


def metadata_of(card: ModelCard) -> dict[str, str]:
    """Give the card as the metadata of an ONNX file: equal cards, equal strings."""
    strings = {
        "florilegium": _json(_document(card)),
        "classes": _json(list(card.classes)),
        "model_card": card.text,
    }
    if card.verdict is not None:
        strings["verdict"] = _json(dict(card.verdict))
    if card.vocabulary is not None:
        strings["vocabulary"] = _json({"words": card.vocabulary.words, "pieces": card.vocabulary.pieces})
    if card.tokenizer is not None:
        strings["tokenizer"] = _json(asdict(card.tokenizer))
    if card.exemplars:
        strings["exemplars"] = _json([examples.exemplar_dict(each) for each in card.exemplars])
    if card.per_class:
        strings["per_class"] = _json(class_dicts(card.per_class))
    if card.abstention is not None:
        strings["abstention"] = _json(abstention_dict(card.abstention))
    return strings


def card_of(metadata: Mapping[str, str], *, where: str) -> ModelCard:
    """Read a card out of an ONNX file's metadata; trusts nothing.

    Args: metadata: all keys and values.  where: the file, for the message.
    Raises: ModelFileError: a key is missing or unknown, a value is of the wrong type or out of its range.
    """
    if "florilegium" not in metadata:
        raise ModelFileError(f"{where}: an ONNX file, but not one of Florilegium's (its metadata lack it). {_NEXT}")
    if sum(map(len, metadata.values())) > MAX_METADATA_CHARS:
        raise ModelFileError(f"{where}: metadata of more than {MAX_METADATA_CHARS:,} characters. {_NEXT}")
    document = _parsed(metadata, "florilegium", dict, where)
    if document.get("format") != FORMAT:
        raise ModelFileError(
            f"{where}: format {str(document.get('format'))[:20]}; this version reads format {FORMAT}. Install the "
            f"Florilegium that wrote it, or train again."
        )
    classes = _parsed(metadata, "classes", list, where)
    faults = _faults(document) + _name_faults(classes)
    faults += [f"unknown metadata {key[:40]!r}" for key in metadata.keys() - set(KEYS)]
    if faults:
        raise ModelFileError(f"{where}: metadata: {'; '.join(faults[:8])}. {_NEXT}")
    return _card(document, classes, metadata, where)


def _card(document: dict[str, Any], classes: list[str], metadata: Mapping[str, str], where: str) -> ModelCard:
    values: dict[str, Any] = {key: document.get(key) for key in _EXPECTED if key != "format"}
    values["kind"] = Kind(document["kind"])
    values["created"] = datetime.fromisoformat(document["created"])
    values["provenance"] = MappingProxyType(document["provenance"])
    values["temperature"], values["threshold"] = float(document["temperature"]), float(document["threshold"])
    try:
        return ModelCard(
            classes=tuple(classes),
            text=metadata.get("model_card", ""),
            verdict=_parsed(metadata, "verdict", dict, where) if "verdict" in metadata else None,
            vocabulary=_vocabulary(metadata, where) if "vocabulary" in metadata else None,
            tokenizer=_tokenizer(metadata, where) if "tokenizer" in metadata else None,
            exemplars=_exemplars(metadata, where) if "exemplars" in metadata else (),
            **_figures(metadata, tuple(classes), where),
            **values,
        )
    except ModelFileError as error:
        raise ModelFileError(f"{where}: {error}") from error


def _document(card: ModelCard) -> dict[str, Any]:
    stamped = card.created.astimezone(UTC).isoformat() if card.created.tzinfo else ""
    return {
        "format": FORMAT,
        "kind": str(card.kind),
        "created": stamped,
        "provenance": dict(card.provenance),
        **{key: getattr(card, key) for key in _EXPECTED if key not in ("format", "kind", "created", "provenance")},
    }


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ModelFileError(
            f"model card: cannot be written as JSON: {error}. Give plain numbers and texts."
        ) from error


def _parsed(metadata: Mapping[str, str], key: str, expected: type, where: str) -> Any:  # noqa: ANN401 - JSON holds anything
    try:
        value = json.loads(metadata.get(key, ""), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{where}: metadata {key!r} is missing or not JSON. {_NEXT}") from error
    if not isinstance(value, expected):
        raise ModelFileError(
            f"{where}: metadata {key!r} is a {type(value).__name__}, expected {expected.__name__}. {_NEXT}"
        )
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _vocabulary(metadata: Mapping[str, str], where: str) -> TextCounts:
    value = _parsed(metadata, "vocabulary", dict, where)
    if value.keys() != {"words", "pieces"} or not all(_is_terms(terms) for terms in value.values()):
        raise ModelFileError(f"{where}: metadata 'vocabulary': expected sorted lists of words and pieces. {_NEXT}")
    return TextCounts(words=tuple(value["words"]), pieces=tuple(value["pieces"]))


def _tokenizer(metadata: Mapping[str, str], where: str) -> TokenRules:
    value = _parsed(metadata, "tokenizer", dict, where)
    right: dict[str, Callable[[Any], bool]] = {
        "tokenizer": lambda v: isinstance(v, str),
        "max_tokens": lambda v: _is_whole(v, 2, 1 << 20),
        "lowercase": lambda v: isinstance(v, bool),
        "prefix": lambda v: isinstance(v, str) and len(v) <= MAX_PREFIX_CHARS,
    }
    if value.keys() != right.keys() or not all(is_right(value[key]) for key, is_right in right.items()):
        raise ModelFileError(f"{where}: metadata 'tokenizer': expected {', '.join(right)}, each of its kind. {_NEXT}")
    return TokenRules(**value)


def _exemplars(metadata: Mapping[str, str], where: str) -> tuple[Exemplar, ...]:
    found = _parsed(metadata, "exemplars", list, where)
    if len(found) > examples.MAX_EXEMPLARS:
        raise ModelFileError(f"{where}: {len(found):,} exemplars; at most {examples.MAX_EXEMPLARS:,} are read. {_NEXT}")
    for row, document in enumerate(found):
        if fault := examples.fault_of(document):
            raise ModelFileError(f"{where}: metadata 'exemplars', number {row}: {fault}. {_NEXT}")
    return tuple(examples.exemplar_of(document) for document in found)


def _figures(metadata: Mapping[str, str], classes: tuple[str, ...], where: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    try:
        if "per_class" in metadata:
            made["per_class"] = classes_of(_parsed(metadata, "per_class", list, where), classes=classes)
        if "abstention" in metadata:
            made["abstention"] = abstention_of(_parsed(metadata, "abstention", dict, where))
    except ValueError as error:
        key = "abstention" if "per_class" in made or "per_class" not in metadata else "per_class"
        raise ModelFileError(f"{where}: metadata {key!r}: {str(error)[:200]}. {_NEXT}") from error
    return made


def _is_terms(terms: object) -> bool:
    """Tell whether this is a strictly rising list of texts: the columns of the counts follow it."""
    if not isinstance(terms, list) or not all(isinstance(t, str) and 0 < len(t) <= MAX_TERM_CHARS for t in terms):
        return False
    return all(a < b for a, b in itertools.pairwise(terms))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARS and not has_control_characters(value)


def _is_number(value: object, low: float, high: float) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
    )


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


# field -> what is right, and how to say it
_EXPECTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "format": (lambda v: _is_whole(v, 1, FORMAT), f"a whole number up to {FORMAT}"),
    "kind": (lambda v: v in [str(k) for k in Kind], " or ".join(map(str, Kind))),
    "encoder": (
        lambda v: _is_text(v) and bool(re.fullmatch(r"[A-Za-z0-9._-]+", v)),
        "letters, digits, dots and dashes",
    ),
    "head": (_is_text, "a short text"),
    "temperature": (lambda v: _is_number(v, 1e-6, 1e6), "a number above 0"),
    "threshold": (lambda v: _is_number(v, 0, 1), "a number from 0 to 1"),
    "dataset_version": (_is_text, "a short text"),
    "training_hash": (lambda v: isinstance(v, str) and bool(re.fullmatch("[0-9a-f]{64}", v)), "64 hex digits"),
    "n_train": (lambda v: _is_whole(v, 1, 1 << 48), "a whole number from 1 up"),
    "created": (_is_moment, "a date and time with its zone"),
    "florilegium": (_is_text, "a version"),
    "short_side": (lambda v: v is None or _is_whole(v, 1, 1 << 16), "pixels, 1 to 65,536, or null"),
    "provenance": (lambda v: isinstance(v, dict), "a table"),
    "strangeness_limit": (lambda v: v is None or _is_number(v, 0, 2), "a number from 0 to 2, or null"),
}
_ADDED_LATER = frozenset({"strangeness_limit"})  # older files lack these fields


def _faults(document: Mapping[str, Any]) -> list[str]:
    wrong = [
        f"{key} = {str(document.get(key, 'missing'))[:60]!r}: expected {wanted}"
        for key, (is_right, wanted) in _EXPECTED.items()
        if (key not in document and key not in _ADDED_LATER) or not is_right(document.get(key))
    ]
    return wrong + [f"{key[:40]!r}: no such field" for key in document.keys() - set(_EXPECTED)]


def _name_faults(names: object) -> list[str]:
    if not isinstance(names, list | tuple) or not 2 <= len(names) <= MAX_CLASSES:
        return [f"classes: expected 2 to {MAX_CLASSES:,} names"]
    odd = [name for name in names if not _is_text(name)]
    if odd:
        return [
            f"class name {str(odd[0])[:40]!r}: expected up to {MAX_NAME_CHARS} characters without control characters"
        ]
    return [] if len(set(names)) == len(names) else ["classes: a name stands there twice"]


def _kind_faults(card: ModelCard) -> list[str]:
    texts = card.kind is Kind.TEXT
    n_rules = (card.vocabulary is not None) + (card.tokenizer is not None)
    faults = [] if n_rules == texts else ["a vocabulary or a tokenizer belongs to text models, and only to them"]
    faults += [] if (card.short_side is None) == texts else ["short_side belongs to image models, and only to them"]
    if card.strangeness_limit is not None and (card.vocabulary is not None or not card.exemplars):
        faults += ["a limit of strangeness belongs to models of embeddings with exemplars"]
    return faults


def has_control_characters(text: str) -> bool:
    r"""Tell whether a text holds what could command a terminal, turn its direction around or break a line.

    >>> has_control_characters("rose"), has_control_characters("rose\x1b[2J"), has_control_characters("\u202eesor")
    (False, True, True)
    """
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _DIRECTIONS for c in text)


_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

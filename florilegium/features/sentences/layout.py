"""What a folder of sentence-transformers says of itself: modules, pooling, lengths. Path: **features.sentences**.

Only JSON is read here. A module of somebody's own code is refused by name: no code of a folder is ever run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.errors import ModelFileError
from florilegium.features.sentences.pooling import ACTIVATIONS, POOLINGS, Dense, Ending
from florilegium.features.sentences.tensors import read_tensors

MODULES = "modules.json"
BERT_CONFIG = "sentence_bert_config.json"  # lies beside the transformer, whatever its kind
PROMPTS = "config_sentence_transformers.json"
OURS = "florilegium.json"  # in a folder that `encoder export` wrote: what follows the transformer is in its graph
KNOWN = ("Transformer", "Pooling", "Dense", "Normalize")
OWN = "sentence_transformers."  # how the type of every module of the library begins
MAX_JSON_BYTES = 1 << 26  # a tokenizer of 250,000 pieces has 17 MB
DEFAULT_TOKENS = 512
MAX_TOKENS = 1 << 20  # of a network that states no limit
MAX_NAME = 255  # characters; longer ones are no folder's
MAX_SHOWN = 60  # characters of a value in a message
_FLAG = "pooling_mode_"
# What the settings call a pooling -> what it is called here; the others are refused by their own name.
_POOLINGS = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A folder's parts."""

    transformer: Path  # the folder with config.json and the weights or the graph
    ending: Ending | None  # None: in the graph, as `encoder export` writes it
    max_tokens: int  # as the folder wishes it
    lowercase: bool
    prefix: str  # a prompt that stands before every text
    notes: tuple[str, ...]
    name: str | None = None  # that the encoder had when it was exported


def read_layout(folder: Path) -> Layout:
    """Read a folder.

    Raises: ModelFileError: no such folder, a file is missing or no JSON, or a module cannot be run here.
    """
    modules, notes = _modules(folder)
    kinds = [kind for kind, _ in modules]
    if kinds[:1] != ["Transformer"] or kinds.count("Transformer") != 1 or kinds.count("Pooling") > 1:
        raise ModelFileError(f"{folder}: its modules are {', '.join(kinds)}; expected a Transformer, then a Pooling.")
    transformer = modules[0][1]
    said = read_json(transformer / BERT_CONFIG, optional=True)
    rules = read_json(transformer / "tokenizer_config.json", optional=True)
    prompt = _prompt(read_json(folder / PROMPTS, optional=True))
    ours = read_json(folder / OURS, optional=True)
    max_tokens = _length(transformer / BERT_CONFIG, said, "max_seq_length")
    max_tokens = max_tokens or _length(transformer / "tokenizer_config.json", rules, "model_max_length")
    bound = _length(folder / OURS, ours, "max_tokens") or MAX_TOKENS
    return Layout(
        transformer=transformer,
        ending=None if ours else _ending(modules[1:], folder),
        max_tokens=min(max_tokens or DEFAULT_TOKENS, bound),
        lowercase=said.get("do_lower_case") is True,
        prefix=prompt,
        notes=(*notes, *_told(ours)),
        name=_named(ours),
    )


def _length(path: Path, said: Mapping[str, Any], key: str) -> int:
    """Give how many tokens a file says are read; 0: it does not say."""
    wished = said.get(key) or 0
    # Compared before it is made whole: some tokenizers state 1e30 for no limit, and NaN is no number at all.
    if not isinstance(wished, int | float) or not wished >= 0:
        raise ModelFileError(f"{path}: {key} is {_shown(wished)}; expected a number of tokens. Correct it there.")
    return int(min(wished, MAX_TOKENS))


def _shown(value: object) -> str:
    """Give a value for a message, as JSON writes it: numbers may have thousands of digits."""
    said = json.dumps(value)
    return said if len(said) <= MAX_SHOWN else f"{said[:MAX_SHOWN]}..."


def read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    """Read a JSON object.

    Raises: ModelFileError: missing (unless optional), too large, or no JSON object.
    """
    found = _json(path, optional=optional)
    if not isinstance(found, dict):
        raise ModelFileError(f"{path}: expected a JSON object. Fetch the folder again.")
    return found


def _json(path: Path, *, optional: bool) -> Any:  # noqa: ANN401 - JSON holds anything
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ModelFileError(f"{path}: {path.stat().st_size:,} bytes of JSON; at most {MAX_JSON_BYTES:,} are read.")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if optional:
            return {}
        raise ModelFileError(
            f"{path}: missing. Expected a folder as sentence-transformers writes it; fetch all of it."
        ) from error
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}. Check that you may read the folder.") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: not JSON: {str(error)[:100]}. Fetch the folder again.") from error


def _modules(folder: Path) -> tuple[list[tuple[str, Path]], tuple[str, ...]]:
    """Give kind and folder of each module, in order."""
    if not (folder / MODULES).is_file():
        read_json(folder / "config.json")  # says what is missing where this is no folder of a network at all
        note = f"{folder.name}: no {MODULES}, so the mean over tokens is taken, as sentence-transformers does."
        return [("Transformer", folder), ("Pooling", folder / "1_Pooling")], (note,)
    modules = _json(folder / MODULES, optional=False)
    if not isinstance(modules, list) or not modules or not all(isinstance(m, dict) for m in modules):
        raise ModelFileError(f"{folder / MODULES}: expected a list of modules. Fetch the folder again.")
    return [_module(folder, m) for m in modules], ()


def _module(folder: Path, said: Mapping[str, Any]) -> tuple[str, Path]:
    kind, inside = str(said.get("type", "")), str(said.get("path", ""))
    name = kind.rpartition(".")[2]
    if not kind.startswith(OWN) or name not in KNOWN:
        raise ModelFileError(
            f"{folder / MODULES}: the module {kind[:100]!r} cannot be run here: only {', '.join(KNOWN)} of "
            "sentence-transformers can, and a folder's own code is never run. Choose another encoder."
        )
    if not (inside.isprintable() and len(inside) <= MAX_NAME):
        raise ModelFileError(
            f"{folder / MODULES}: the module's path {_shown(inside)} names no folder. Correct it there."
        )
    path = (folder / inside).resolve()
    # A hub's cache links each file elsewhere; the folder itself must not lead out.
    if not path.is_relative_to(folder.resolve()):
        raise ModelFileError(f"{folder / MODULES}: the module's path {inside[:100]!r} leads out of the folder.")
    return name, path


def _ending(modules: list[tuple[str, Path]], folder: Path) -> Ending:
    kinds = [kind for kind, _ in modules]
    if kinds[:1] != ["Pooling"]:
        raise ModelFileError(f"{folder}: after the Transformer comes {kinds[:1] or 'nothing'}; expected a Pooling.")
    after = [kind for kind in kinds[1:] if kind != "Normalize"]
    if "Normalize" in kinds[:-1] or set(after) - {"Dense"}:
        raise ModelFileError(f"{folder}: modules {', '.join(kinds)}; expected Pooling, Dense layers, then Normalize.")
    return Ending(
        pooling=_pooling(modules[0][1]),
        dense=tuple(_dense(path) for kind, path in modules if kind == "Dense"),
        normalise=kinds[-1] == "Normalize",
    )


def _pooling(path: Path) -> str:
    said = read_json(path / "config.json", optional=True)
    named = said.get("pooling_mode")
    modes = [named] if isinstance(named, str) else [key.removeprefix(_FLAG) for key, on in said.items()
                                                    if key.startswith(_FLAG) and on is True]  # fmt: skip
    if isinstance(named, list):
        modes = named
    found = [_POOLINGS.get(mode, mode) for mode in map(str, modes)] or ["mean"]
    if len(found) != 1 or found[0] not in POOLINGS:
        raise ModelFileError(
            f"{path}: pools by {', '.join(found)[:100]}; here one of {', '.join(POOLINGS)} can be run. "
            "Choose another encoder."
        )
    return found[0]


def _dense(path: Path) -> Dense:
    said = read_json(path / "config.json")
    activation = str(said.get("activation_function", "Identity")).rpartition(".")[2]
    if activation not in ACTIVATIONS:
        raise ModelFileError(
            f"{path}: the activation {activation[:40]!r} cannot be run here; {', '.join(ACTIVATIONS)} can."
        )
    tensors = read_tensors(path / "model.safetensors")
    if "linear.weight" not in tensors or tensors["linear.weight"].ndim != 2:
        raise ModelFileError(f"{path}/model.safetensors: no linear.weight of two sizes in it. Fetch the folder again.")
    coef = tensors["linear.weight"].T
    intercept = tensors.get("linear.bias", np.zeros(coef.shape[1], dtype=np.float32))
    if not coef.size or intercept.shape != coef.shape[1:] or not all(np.isfinite(t).all() for t in (coef, intercept)):
        raise ModelFileError(
            f"{path}/model.safetensors: a linear.weight of {coef.T.shape} and a linear.bias of {intercept.shape}, or "
            "numbers in them that are not finite; expected (e, d) and (e,). Fetch the folder again."
        )
    return Dense(
        coef=coef,
        intercept=intercept,
        activation=ACTIVATIONS[activation],
    )


def _prompt(said: Mapping[str, Any]) -> str:
    """Give the text that the folder itself puts before every text; most have none."""
    name, prompts = said.get("default_prompt_name"), said.get("prompts")
    prompt = prompts.get(name) if isinstance(prompts, dict) and isinstance(name, str) else None
    # Half of a surrogate pair can stand in JSON, but no tokenizer takes it.
    return prompt[:1000].encode("utf-8", "replace").decode("utf-8") if isinstance(prompt, str) else ""


def _told(ours: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what was guessed when the encoder was exported."""
    notes = ours.get("notes")
    return tuple(note[:300] for note in notes if isinstance(note, str)) if isinstance(notes, list) else ()


def _named(ours: Mapping[str, Any]) -> str | None:
    """Give the name under which the encoder was exported: it is a part of the key."""
    name = ours.get("name")
    return name if isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME else None

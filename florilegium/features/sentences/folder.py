"""Read a folder of sentence-transformers as an encoder. Path: **features.sentences**. Never downloads, runs no code.

The graph is taken where one lies in the folder, and written from the weights where the network is one of BERT's family.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx

from florilegium.errors import ModelFileError
from florilegium.features import graphs
from florilegium.features.sentences import bert
from florilegium.features.sentences.bert import Nodes
from florilegium.features.sentences.encoder import TOKEN_IDS, SentenceEncoder, TokenRules, make_sentence_encoder
from florilegium.features.sentences.graph import exported_nodes, joined, pooled
from florilegium.features.sentences.layout import MAX_TOKENS, Layout, read_json, read_layout
from florilegium.features.sentences.tensors import read_tensors
from florilegium.features.sentences.tokens import Tokens

GRAPHS = ("onnx/model.onnx", "model.onnx")  # where exporters put the graph
LEAST_TOKENS = 8  # an encoder that reads less says little of a sentence


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Refuse in words a folder whose files hold what nobody foresaw."""
    try:
        yield
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError, OSError) as error:
        raise ModelFileError(
            f"{folder}: one of its files holds what cannot be: {type(error).__name__}: {str(error)[:150]}. Expected a "
            "folder as sentence-transformers writes it; fetch it again, or choose another encoder."
        ) from error


def sentence_encoder(folder: Path, *, graph: onnx.ModelProto | None = None) -> SentenceEncoder:
    """Make the encoder that a folder holds.

    Args: graph: an exporter's graph of its transformer; None: what lies in the folder.

    Raises: ModelFileError: a file is missing, unsafe or unfit; a module cannot be run.  SettingError: `tokenizers` is
        not installed.
    """
    with _in_words(folder):
        return _encoder(folder, graph)


def _encoder(folder: Path, graph: onnx.ModelProto | None) -> SentenceEncoder:
    layout = read_layout(folder)
    tokenizer = _tokenizer(layout.transformer if (layout.transformer / "tokenizer.json").is_file() else folder)
    trunk, n_places = _trunk(folder, layout, graph)
    rules = TokenRules(
        tokenizer=tokenizer,
        max_tokens=min(layout.max_tokens, n_places),
        lowercase=layout.lowercase,
        prefix=layout.prefix,
    )
    if rules.max_tokens < LEAST_TOKENS:
        raise ModelFileError(f"{folder}: reads {rules.max_tokens} tokens; expected at least {LEAST_TOKENS}.")
    _fits(Tokens(rules, where=str(folder)), trunk, where=str(folder))
    d = trunk.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    name = folder.resolve().name
    return make_sentence_encoder(
        name=layout.name or f"st-{name}",
        trunk=trunk,
        rules=rules,
        d=int(d),
        licence=_licence(folder),
        source=f"st:{name}",
        notes=layout.notes,
    )


def _tokenizer(folder: Path) -> str:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelFileError(
            f"{path}: missing. This folder has an older tokenizer only; save it again with a fast one "
            "(transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...))."
        )
    read_json(path)
    return path.read_text(encoding="utf-8")


def needs_torch(folder: Path) -> bool:
    """Tell whether a folder has plain weights, but no graph, of a network that is not written here.

    Raises: ModelFileError: a file is missing or unfit.
    """
    with _in_words(folder):
        layout = read_layout(folder)
        kind = read_json(layout.transformer / "config.json").get("model_type")
        has_weights = (layout.transformer / "model.safetensors").is_file()
        return has_weights and kind not in bert.FAMILY and not any(path.is_file() for path in _graphs(folder, layout))


def _graphs(folder: Path, layout: Layout) -> list[Path]:
    """Give where a graph may lie, the likeliest first."""
    return list(dict.fromkeys(where / name for where in (folder, layout.transformer) for name in GRAPHS))


def _trunk(folder: Path, layout: Layout, graph: onnx.ModelProto | None) -> tuple[onnx.ModelProto, int]:
    """Give the graph to `embedding`, and how many tokens fit."""
    path = next((path for path in _graphs(folder, layout) if path.is_file()), None)
    if layout.ending is None:
        # What the network takes is in the folder's own number of tokens since it was written.
        return pooled(graphs.load(path or folder / GRAPHS[0]), where=str(path)), layout.max_tokens
    config, name = read_json(layout.transformer / "config.json"), folder.resolve().name
    if path is not None and graph is None:
        graph = graphs.load(path)
    elif graph is not None:
        graph = graphs.normal(graph, where=str(folder))
    if graph is not None:
        body, d = exported_nodes(graph, where=str(path or folder))
        n_places = _n_places(config)
    else:
        body, n_places, d = _written(folder, layout, config)
    return joined(body, layout.ending, d=d, name=name, where=str(path or folder)), n_places


def _n_places(config: Mapping[str, Any]) -> int:
    """Give how many tokens the network of a graph takes, as far as its settings say it."""
    first = 2 if "roberta" in str(config.get("model_type")) else 0  # such networks leave two places free
    said = config.get("max_position_embeddings")
    return (said if isinstance(said, int) and said > first else MAX_TOKENS) - first


def _written(folder: Path, layout: Layout, config: Mapping[str, Any]) -> tuple[Nodes, int, int]:
    """Write the nodes from the weights; give also how many tokens fit, and d."""
    kind, weights = config.get("model_type"), layout.transformer / "model.safetensors"
    if kind not in bert.FAMILY or not weights.is_file():
        raise ModelFileError(
            f"{folder}: no graph (onnx/model.onnx), and {_why_not(kind, weights)}. Write one, which needs torch: "
            f"florilegium encoder export {folder} -o DIR"
        )
    return bert.bert_nodes(config, read_tensors(weights), where=str(layout.transformer))


def _why_not(kind: object, weights: Path) -> str:
    if not weights.is_file():
        return "no model.safetensors to write it from (pickled weights are never opened)"
    return f"a network of kind {str(kind)[:40]!r} is not written here ({', '.join(bert.FAMILY)} are)"


def _fits(tokens: "Tokens", trunk: onnx.ModelProto, *, where: str) -> None:
    """Refuse a tokenizer with more pieces than the graph has words: it would point to words that are not there."""
    tables = {t.name: t.dims[0] for t in trunk.graph.initializer if len(t.dims) == 2}
    first = [node.input[0] for node in trunk.graph.node if node.op_type == "Gather" and node.input[1] == TOKEN_IDS]
    sizes = [tables[name] for name in first if name in tables]
    if sizes and tokens.n_pieces > min(sizes):
        raise ModelFileError(
            f"{where}: its tokenizer knows {tokens.n_pieces:,} pieces and its network {min(sizes):,}. "
            "They do not belong together; fetch the folder again."
        )


def _licence(folder: Path) -> str:
    """Give the licence that the folder's README states in its front matter."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4000].splitlines()
    except OSError:
        return "unstated; see where it comes from"
    said = [line.partition(":")[2].strip() for line in lines if line.lower().startswith(("license:", "licence:"))]
    return said[0][:80] if said and said[0] else "unstated; see its README"

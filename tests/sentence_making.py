"""A small sentence encoder, made on the spot: a BERT of two layers with random weights, in the usual layout."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from florilegium.types import Vectors

D, HEADS, WIDE, PLACES = 16, 2, 32, 72
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = [
    "card",
    "arrived",
    "lost",
    "where",
    "is",
    "my",
    "money",
    "top",
    "up",
    "failed",
    "account",
    "why",
    "pin",
    "blocked",
    "new",
    "how",
    "do",
    "i",
    "get",
    "a",
    "the",
    "to",
    "cash",
    "exchange",
    "rate",
    "wrong",
    "fee",
    "charged",
    "refund",
    "please",
    "help",
]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789?!.,'"


def write_encoder(
    folder: Path, *, seed: int = 0, pooling: str = "mean", normalise: bool = True, dense: int = 0, inside: str = ""
) -> Path:
    """Write the folder of a small encoder; equal arguments, equal bytes; inside: where the transformer lies."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    modules = [(inside, "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Dense", "Dense")] if dense else []
    modules += [("3_Normalize", "Normalize")] if normalise else []
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(modules)
    ]
    write_json(folder / "modules.json", listed)
    modes = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}
    flags = {
        f"pooling_mode_{mode}": mode == modes.get(pooling, pooling)
        for mode in {*modes.values(), modes.get(pooling, pooling)}
    }
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": D, **flags})
    write_json(folder / inside / "config.json", config())
    write_json(folder / inside / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    write_json(folder / inside / "tokenizer.json", tokenizer())
    write_tensors(folder / inside / "model.safetensors", bert_weights(rng))
    if dense:
        write_json(
            folder / "2_Dense" / "config.json",
            {
                "in_features": D,
                "out_features": dense,
                "bias": True,
                "activation_function": "torch.nn.modules.activation.Tanh",
            },
        )
        weights = {"linear.weight": _drawn(rng, dense, D), "linear.bias": _drawn(rng, dense)}
        write_tensors(folder / "2_Dense" / "model.safetensors", weights)
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\n---\n", encoding="utf-8")
    return folder


def vocabulary() -> dict[str, int]:
    """Give the pieces with their numbers."""
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS if letter.isalnum()), *WORDS]
    return {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}


def config() -> dict[str, object]:
    """Give the config.json."""
    return {
        "model_type": "bert",
        "hidden_size": D,
        "num_attention_heads": HEADS,
        "num_hidden_layers": 2,
        "intermediate_size": WIDE,
        "max_position_embeddings": PLACES,
        "type_vocab_size": 2,
        "vocab_size": len(vocabulary()),
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 0,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }


def tokenizer() -> dict[str, object]:
    """Give the tokenizer.json of a WordPiece."""
    known = vocabulary()
    added = [
        {
            "id": known[name],
            "content": name,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for name in SPECIAL
    ]
    ends = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": ends,
            "pair": [*ends, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {n: {"id": n, "ids": [known[n]], "tokens": [n]} for n in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": known,
        },
    }


def bert_weights(rng: np.random.Generator) -> dict[str, Vectors]:
    """Draw the weights, by the names that transformers gives them."""
    made = {
        "embeddings.word_embeddings.weight": _drawn(rng, len(vocabulary()), D),
        "embeddings.position_embeddings.weight": 0.1 * _drawn(rng, PLACES, D),
        "embeddings.token_type_embeddings.weight": 0.1 * _drawn(rng, 2, D),
    }
    norms = ["embeddings.LayerNorm."]
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            made |= {f"{at}{name}.weight": _drawn(rng, D, D) / 4, f"{at}{name}.bias": 0.1 * _drawn(rng, D)}
        made |= {
            f"{at}intermediate.dense.weight": _drawn(rng, WIDE, D) / 4,
            f"{at}intermediate.dense.bias": _drawn(rng, WIDE),
        }
        made |= {f"{at}output.dense.weight": _drawn(rng, D, WIDE) / 6, f"{at}output.dense.bias": 0.1 * _drawn(rng, D)}
        norms += [f"{at}attention.output.LayerNorm.", f"{at}output.LayerNorm."]
    for name in norms:
        made |= {f"{name}weight": 1 + 0.1 * _drawn(rng, D), f"{name}bias": 0.1 * _drawn(rng, D)}
    return made


def _drawn(rng: np.random.Generator, *shape: int) -> Vectors:
    return rng.standard_normal(shape).astype(np.float32)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, and the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_tensors(path: Path, tensors: Mapping[str, Vectors]) -> None:
    """Write a .safetensors file."""
    header, body = {}, b""
    for name, tensor in tensors.items():
        octets = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [len(body), len(body) + len(octets)],
        }
        body += octets
    said = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(said)) + said + body)


def queries(n: int, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Give n short queries of three kinds, and their labels."""
    kinds = {
        "lost_card": ["where", "is", "my", "card", "lost", "please", "help", "new"],
        "top_up": ["top", "up", "failed", "account", "money", "why", "cash", "how"],
        "exchange": ["exchange", "rate", "wrong", "fee", "charged", "refund", "the"],
    }
    rng = np.random.default_rng(seed)
    labels = [list(kinds)[i % 3] for i in range(n)]
    return [" ".join(rng.permutation(kinds[label])[:5]) for label in labels], labels

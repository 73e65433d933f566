"""The value that turns a text into a vector: rules for tokens, and one ONNX graph. Path: **features** -> model.

The graph goes from token numbers to the embedding, pooling and normalising inside. Python runs the very nodes that the
model file carries. Nothing here reads a file or runs anything.
"""

import hashlib
import re
from dataclasses import dataclass, replace

import onnx

RULES = 1  # raised when a text would be prepared otherwise, so that kept vectors are computed again
TOKEN_IDS, TOKEN_MASK = "token_ids", "token_mask"  # the graph's inputs, int64 (n, t); mask 1: a token, 0: a free place


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """How a text becomes token numbers."""

    tokenizer: str  # a tokenizer.json, as the library `tokenizers` reads it
    max_tokens: int  # what follows is not read
    lowercase: bool = False  # before anything else
    prefix: str = ""  # stands before every text, as "query: "


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SentenceEncoder:
    """An encoder of texts."""

    name: str  # for people: "st-all-MiniLM-L6-v2"
    key: str  # name and hash of rules and graph; safe as a folder name; equal key, equal vectors
    trunk: onnx.ModelProto  # `token_ids`, `token_mask` int64 (n, t) -> `embedding` float32 (n, d)
    rules: TokenRules
    d: int  # numbers per text
    licence: str
    source: str
    notes: tuple[str, ...] = ()  # what was guessed, to be told to the user

    @property
    def is_pixels(self) -> bool:
        """Tell that the vector is no picture."""
        return False


def make_sentence_encoder(
    *,
    name: str,
    trunk: onnx.ModelProto,
    rules: TokenRules,
    d: int,
    licence: str,
    source: str,
    notes: tuple[str, ...] = (),
) -> SentenceEncoder:
    """Make an encoder and its key."""
    digest = hashlib.sha256(repr((RULES, rules)).encode("utf-8", "surrogatepass"))
    digest.update(trunk.SerializeToString(deterministic=True))
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:48] or "encoder"
    return SentenceEncoder(
        name=name,
        key=f"{safe}-{digest.hexdigest()[:16]}",
        trunk=trunk,
        rules=rules,
        d=d,
        licence=licence,
        source=source,
        notes=notes,
    )


def with_trunk(encoder: SentenceEncoder, trunk: onnx.ModelProto, *, name: str, source: str) -> SentenceEncoder:
    """Give the encoder with another graph: the same network with other numbers."""
    made = make_sentence_encoder(
        name=name, trunk=trunk, rules=encoder.rules, d=encoder.d, licence=encoder.licence, source=source
    )
    return replace(made, notes=encoder.notes)

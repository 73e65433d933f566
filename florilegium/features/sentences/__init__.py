"""Encoders of sentences: sentence-transformers' folders, run without torch. Path: **features** -> model.

`sentence_encoder` reads a folder, `SentenceRunner` turns texts into vectors, `small` makes a graph of bytes.
"""

from florilegium.features.sentences.encoder import TOKEN_IDS, TOKEN_MASK, SentenceEncoder, TokenRules, with_trunk
from florilegium.features.sentences.fetching import PREFIX, folder_of
from florilegium.features.sentences.folder import needs_torch, sentence_encoder
from florilegium.features.sentences.running import SentenceRunner, encode_texts
from florilegium.features.sentences.small import small
from florilegium.features.sentences.writing import write_folder

__all__ = [
    "PREFIX",
    "TOKEN_IDS",
    "TOKEN_MASK",
    "SentenceEncoder",
    "SentenceRunner",
    "TokenRules",
    "encode_texts",
    "folder_of",
    "needs_torch",
    "sentence_encoder",
    "small",
    "with_trunk",
    "write_folder",
]

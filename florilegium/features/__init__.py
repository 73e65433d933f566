"""Turn items into vectors, and remember them. Path: dataset -> **features** -> model.

`choose` picks encoders and says why; `survey` looks and encodes in one decoding; `stream` serves predictions in
flat memory. Learns nothing from labels.
"""

from florilegium.features.backbone import backbone, onnx_encoder
from florilegium.features.cache import VectorCache
from florilegium.features.choose import Choice, check_wish, choose
from florilegium.features.decode import decode
from florilegium.features.encoder import GraphEncoder, encoder_graph
from florilegium.features.looks import Looks
from florilegium.features.pixels import pixels_encoder
from florilegium.features.recipe import Recipe
from florilegium.features.sentences import SentenceEncoder
from florilegium.features.stream import stream
from florilegium.features.survey import Encoded, Survey, encode, look, survey

__all__ = [
    "Choice",
    "Encoded",
    "GraphEncoder",
    "Looks",
    "Recipe",
    "SentenceEncoder",
    "Survey",
    "VectorCache",
    "backbone",
    "check_wish",
    "choose",
    "decode",
    "encode",
    "encoder_graph",
    "look",
    "onnx_encoder",
    "pixels_encoder",
    "stream",
    "survey",
]

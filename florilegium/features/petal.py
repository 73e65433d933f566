"""`petal`, the image network that comes with the package. Path: dataset -> **features** -> model.

It is the front part of the shipped flower model, a MobileNetV2. Where that was fine-tuned, the file says on which
photos; it must not be tested on them, and whoever holds one of them hears it. Never downloads.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto

from florilegium.features import graphs
from florilegium.features.encoder import EMBEDDING, FITTED, IMAGE, GraphEncoder, make_encoder
from florilegium.features.precision import widened

NAME = "petal"
PATH = Path(__file__).parents[1] / "models" / "flowers20.onnx"
HASH_DIGITS = 12  # hex digits of a photo's SHA-256 that the file keeps: 48 bits tell 2,000 photos from any others
CARD, SEEN = "florilegium", "seen"  # metadata keys of the model file


def is_here() -> bool:
    """Tell whether the shipped model lies in the package."""
    return PATH.is_file()


@cache
def petal() -> GraphEncoder:
    """Give the encoder inside the shipped flower model.

    Raises: ModelFileError: the package's own file is missing or damaged.
    """
    model = widened(graphs.load(PATH))
    card = _metadata(model)
    provenance = card.get("provenance", {})
    sizes = {info.name: [d.dim_value for d in info.type.tensor_type.shape.dim] for info in model.graph.value_info}
    side, d = sizes[FITTED][1], sizes[EMBEDDING][1]
    picture: graphs.Ends = {IMAGE: (TensorProto.UINT8, ["N", "H", "W", 3])}
    fitted: graphs.Ends = {FITTED: (TensorProto.UINT8, ["N", side, side, 3])}
    return make_encoder(
        name=NAME,
        fit=graphs.part(model, picture, fitted),
        trunk=graphs.part(model, fitted, {EMBEDDING: (TensorProto.FLOAT, ["N", d])}),
        short=int(card["short_side"]),
        side=side,
        d=d,
        licence=str(provenance.get("encoder_licence", "Apache-2.0")),
        source=str(provenance.get("encoder_source", "the flower model of this package")),
    )


@cache
def seen_photos() -> frozenset[str]:
    """Give the first HASH_DIGITS hex digits of the SHA-256 of each photo that petal learned from."""
    return frozenset(_metadata(graphs.load(PATH)).get("provenance", {}).get(SEEN, "").split())


def n_seen(hashes: Iterable[str]) -> int:
    """Count the items, given by their SHA-256, that petal learned from."""
    known = seen_photos()
    return sum(digest[:HASH_DIGITS] in known for digest in hashes)


def _metadata(model: onnx.ModelProto) -> dict[str, Any]:
    # The library says Any.
    return json.loads(next(p.value for p in model.metadata_props if p.key == CARD))  # type: ignore[no-any-return]

"""Encoders from ONNX files: the named backbones, and any file of the user's. Path: dataset -> **features** -> model.

A file of unknown origin is checked before it is used and tried on made-up pictures. Never downloads.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from florilegium.errors import SettingError, StepMissing
from florilegium.features import graphs
from florilegium.features.encoder import GraphEncoder
from florilegium.features.network import network_encoder
from florilegium.features.recipe import Recipe, read_recipe

DATA_VARIABLE = "FLORILEGIUM_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A network that has a name here."""

    sha256: str
    recipe: Recipe


BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        "mobilenetv2_100_tf": Backbone(
            sha256="b13b12f192e6900c53dd664bfbdae8b78a9561550e874e2a88fe2e4ba9c7bfa7",
            recipe=Recipe(
                size=224,
                short_side=256,
                mean=(0.5, 0.5, 0.5),
                std=(0.5, 0.5, 0.5),
                output="embedding",
                licence="Apache-2.0",
                source="TF-Slim mobilenet_v2_1.0_224, ImageNet-1k",
            ),
        ),
        "inception_v3_trunk": Backbone(
            sha256="c1e5df1e277120fb00638ccd752c1bd585cdf87d31d1989108bd81c23b3f0cef",
            recipe=Recipe(
                size=299,
                short_side=342,
                mean=(0.5, 0.5, 0.5),
                std=(0.5, 0.5, 0.5),
                output="embedding",
                licence="MIT and Apple sample code licence; none stated for the weights; not to be shipped",
                source="inception-2015-12-05, ImageNet-1k, cut before Mixed_7c",
            ),
        ),
    }
)


def backbone_path(name: str, *, data: Path | None = None) -> Path | None:
    """Give where a named backbone lies, or None. `data`: the folder of real data; None: FLORILEGIUM_DATA."""
    root = data or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    path = root / "backbones" / name / "model.onnx" if root else None
    return path if path is not None and path.is_file() else None


def backbone(name: str, *, data: Path | None = None) -> GraphEncoder:
    """Make the encoder of a named backbone.

    Raises: SettingError: no such name.  StepMissing: its file is not here.  ModelFileError: it is another file.
    """
    if name not in BACKBONES:
        raise SettingError(f"encoder {name!r}: no such backbone. Choose one of {', '.join(BACKBONES)}, or onnx:PATH.")
    path = backbone_path(name, data=data)
    if path is None:
        raise StepMissing(
            f"backbone {name}: backbones/{name}/model.onnx was not found. Set {DATA_VARIABLE} to the folder "
            "that holds backbones/, or choose another encoder: petal (it comes with the package), pixels, hf:NAME, "
            "onnx:PATH."
        )
    known = BACKBONES[name]
    return network_encoder(graphs.load(path, sha256=known.sha256), known.recipe, name=name, where=str(path))


def onnx_encoder(path: Path, *, recipe: Recipe | None = None) -> GraphEncoder:
    """Make an encoder from a user's ONNX file.

    How pictures are prepared is read from a file beside it (`net.json` or `net.toml` for `net.onnx`, with the fields of
    `Recipe`); what neither says is guessed from the graph or taken as ImageNet's, and said in the encoder's notes.

    Raises: ModelFileError: the file is unsafe or unfit.  SettingError: the recipe is wrong.
    """
    stated = recipe or read_recipe(path)
    guess = (
        f"{path.name}: no recipe beside it; pictures are prepared as for ImageNet (mean and deviation of torchvision)."
    )
    return network_encoder(
        graphs.load(path),
        stated or Recipe(),
        name=f"onnx-{path.stem}",
        where=str(path),
        notes=() if stated else (guess,),
    )

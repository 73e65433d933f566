"""How pictures are prepared for a user's network: a small file beside the ONNX file. Path: **features**.

Reads and checks that file; builds nothing.
"""

import json
import math
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from florilegium.errors import SettingError

IMAGENET_MEAN, IMAGENET_STD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # what torchvision's networks were trained with
MAX_SIDE = 1024  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How pictures are prepared for a network, and which of its outputs is the vector."""

    size: int | None = None  # px: the square that the network sees; None: as the graph says, or 224
    short_side: int | None = None  # px: resized to this before the square is cut; None: size * 256 / 224
    mean: tuple[float, float, float] = IMAGENET_MEAN  # red, green, blue of 0..1
    std: tuple[float, float, float] = IMAGENET_STD
    input: str | None = None  # None: the only one
    output: str | None = None  # None: `embedding`, else the last one with two axes
    layout: str | None = None  # "nchw" or "nhwc"; None: where the 3 stands
    licence: str = "unstated"
    source: str = "unstated"


def read_recipe(path: Path) -> Recipe | None:
    """Read the recipe beside an ONNX file; None where there is none.

    Raises: SettingError: the file is damaged, or a field is unknown or of the wrong kind.
    """
    for beside in (path.with_suffix(".json"), path.with_suffix(".toml")):
        if beside.is_file():
            try:
                text = beside.read_text(encoding="utf-8")
                values = json.loads(text) if beside.suffix == ".json" else tomllib.loads(text)
            except (OSError, ValueError, RecursionError) as error:
                raise SettingError(f"{beside}: cannot be read: {error}. Correct it, or remove it.") from error
            return _recipe(values, beside)
    return None


def _recipe(values: object, where: Path) -> Recipe:
    known = [field.name for field in fields(Recipe)]
    if not isinstance(values, dict):
        raise SettingError(f"{where}: expected one table with some of: {', '.join(known)}")
    faults = [_fault(key, value) for key, value in values.items()]
    if any(faults):
        raise SettingError(f"{where}: {'; '.join(filter(None, faults))}. Fields: {', '.join(known)}")
    checked: dict[str, Any] = {key: tuple(map(float, v)) if isinstance(v, list) else v for key, v in values.items()}
    return Recipe(**checked)


def _fault(key: str, value: Any) -> str:  # noqa: ANN401 - JSON holds anything
    """Say what is wrong with one field; nothing: it is fine."""
    match key:
        case "size" | "short_side":
            good = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2 * MAX_SIDE
            return "" if good else f"{key} = {value!r}: expected whole pixels, 1 to {2 * MAX_SIDE}"
        case "mean" | "std":
            above = key == "std"
            return (
                "" if _is_colour(value, above_zero=above) else f"{key} = {value!r}: expected red, green, blue of 0..1"
            )
        case "layout":
            return "" if value in ("nchw", "nhwc") else f"layout = {value!r}: expected nchw or nhwc"
        case "input" | "output" | "licence" | "source":
            return "" if isinstance(value, str) else f"{key} = {value!r}: expected text"
    return f"{key}: no such field"


def _is_colour(value: Any, *, above_zero: bool) -> bool:  # noqa: ANN401 - JSON holds anything
    if not isinstance(value, list) or len(value) != 3:
        return False
    numbers = [v for v in value if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    return len(numbers) == 3 and (min(numbers) > 0 or not above_zero)

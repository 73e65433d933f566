"""Networks of transformers, from a hub or a local folder, as ONNX files with a recipe. Path: **model.finetune**.

`hf:NAME` is brought here once: its weights (safetensors only, nothing is unpickled, none of the repository's own code
is run), exported with the vector that transformers itself pools, and written beside the project's cache. From then on
it is an ONNX file like any other.
"""

import hashlib
import json
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from florilegium.errors import DownloadError, SettingError

PREFIX = "hf:"
OPSET = 18  # what torch's exporter is made for; `graphs.load` brings it to ours
PATIENCE_S = 5.0  # for the hub to answer at all
CHECK = 2e-3  # largest difference between both that is put down to rounding


class Pooled(nn.Module):
    """An image model that gives one vector per picture."""

    def __init__(self, body: nn.Module) -> None:
        """Take over the model."""
        super().__init__()
        self.body = body

    def forward(self, pixels: Tensor) -> Tensor:
        """Give what the model pools, or the mean over places where it pools nothing; (n, d)."""
        said = self.body(pixels)
        pooled = getattr(said, "pooler_output", None)
        pooled = getattr(said, "image_embeds", None) if pooled is None else pooled
        if pooled is None:
            last = said.last_hidden_state  # (n, places, d) or (n, d, h, w)
            pooled = last.mean(1) if last.ndim == 3 else last.mean((2, 3))
        flat: Tensor = pooled.flatten(1)
        return flat


def brought(name: str, *, cache: Path) -> Path:
    """Bring `hf:NAME` here as an ONNX file and give its path; what is here already is not fetched again.

    Args: name: "hf:" and a repository's name, or the path of a folder that holds one.  cache: where files may lie.
    Raises: SettingError: no such repository, or it holds no image model.  DownloadError: the hub is not reached.
    """
    where = name.removeprefix(PREFIX)
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", where).strip("-.")[-40:] or "network"
    path = cache / f"hf-{safe}-{hashlib.sha256(where.encode()).hexdigest()[:8]}.onnx"
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        model, processor, licence = _fetched(where)
        cache.mkdir(parents=True, exist_ok=True)
        recipe = _recipe(processor, where=where, licence=licence)
        _export(model, path, side=int(recipe["size"]))
        path.with_suffix(".json").write_text(json.dumps(recipe, indent=1), encoding="utf-8")
    return path


def _fetched(where: str) -> tuple[nn.Module, Any, str]:
    try:
        from huggingface_hub.utils import logging as hub_logging
        from transformers import AutoConfig, AutoImageProcessor, AutoModel
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise SettingError(
            f"{PREFIX}{where} needs transformers, which is not installed. Run: pip install 'florilegium[finetune]'"
        ) from error
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library has no types here
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library has no types here
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library has no types here
    offline = not Path(where).is_dir() and not _answers()
    # A repository's own code is never run; a hub that does not answer is not asked again and again, for half a minute.
    safe = {"trust_remote_code": False, "local_files_only": offline}
    try:
        config = AutoConfig.from_pretrained(where, **safe)
        if hasattr(config, "vision_config"):  # a model of pictures and texts, such as CLIP: its half for pictures
            model = _vision_half(config, where, safe)
        else:
            model = AutoModel.from_pretrained(where, config=config, use_safetensors=True, **safe)
        # The library has no types here.
        processor = AutoImageProcessor.from_pretrained(where, backend="pil", **safe)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0][:300]
        if offline or "connect" in reason.lower() or "offline" in reason.lower() or "couldn't" in reason.lower():
            raise DownloadError(
                f"{PREFIX}{where}: the hub is not reached and the network is not in its cache: {reason} Try again with "
                "a connection, or give the folder of a copy: hf:PATH"
            ) from error
        raise SettingError(
            f"{PREFIX}{where}: no image network that transformers can load: {reason} Expected a repository with "
            "config.json, preprocessor_config.json and model.safetensors."
        ) from error
    licence = str(getattr(config, "license", "") or "unstated; see the repository's model card")
    return model.eval(), processor, licence


def _answers() -> bool:
    """Tell whether the hub is reached; asked once, and quickly."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE_S)
    except Exception:  # noqa: BLE001 - whatever the hub's own HTTP library and its offline mode raise
        return False
    return True


def _vision_half(config: Any, where: str, safe: dict[str, bool]) -> nn.Module:  # noqa: ANN401 - transformers' own
    from transformers import AutoModel

    whole = AutoModel.from_pretrained(where, config=config, use_safetensors=True, **safe)
    return whole.vision_model  # type: ignore[no-any-return]  # the library says Any


def _recipe(processor: Any, *, where: str, licence: str) -> dict[str, Any]:  # noqa: ANN401 - transformers' own
    """Give how pictures are prepared, as `features.recipe` reads it."""
    crop = dict(getattr(processor, "crop_size", None) or {}) if getattr(processor, "do_center_crop", False) else {}
    size = dict(getattr(processor, "size", None) or {})
    short = size.get("shortest_edge") or min(size.get("height", 224), size.get("width", 224))
    side = crop.get("height") or short
    # transformers' ConvNeXT resizes by a share before it crops.
    share = getattr(processor, "crop_pct", None)
    if share and not crop:
        short = round(side / share)
    return {
        "size": int(side),
        "short_side": int(max(short, side)),
        "mean": [float(v) for v in (getattr(processor, "image_mean", None) or (0.5, 0.5, 0.5))],
        "std": [float(v) for v in (getattr(processor, "image_std", None) or (0.5, 0.5, 0.5))],
        "output": "embedding",
        "licence": licence[:200],
        "source": f"{PREFIX}{Path(where).name if Path(where).exists() else where}",
    }


def _export(model: nn.Module, path: Path, *, side: int) -> None:
    """Write the network as ONNX, whole or not at all, after it was compared with transformers' own answer."""
    pooled = Pooled(model).eval()
    example = torch.zeros(2, 3, side, side)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's deprecations are not the user's
        beside = Path(folder) / path.name
        torch.onnx.export(
            pooled,
            (example,),
            str(beside),
            input_names=["pixels"],
            output_names=["embedding"],
            dynamic_axes={"pixels": {0: "N"}, "embedding": {0: "N"}},
            opset_version=OPSET,
            dynamo=False,
        )
        _check(pooled, beside, side)
        beside.replace(path)


def _check(pooled: nn.Module, path: Path, side: int) -> None:
    import onnxruntime

    pictures = torch.from_numpy(_noise(side))
    with torch.no_grad():
        expected = pooled(pictures)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(None, {"pixels": pictures.numpy()})[0])
    if float((found - expected).abs().max()) > CHECK * max(1.0, float(expected.abs().max())):
        raise SettingError(
            f"{path.name}: exported, the network answers other numbers than transformers does. Choose another one."
        )


def _noise(side: int) -> Any:  # noqa: ANN401 - an array of float32
    import numpy as np

    return np.random.default_rng(0).standard_normal((2, 3, side, side)).astype(np.float32)

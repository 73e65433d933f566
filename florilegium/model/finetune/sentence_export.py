"""A transformer of transformers as an ONNX graph, where a folder holds weights only. Path: **model.finetune**.

For networks that `features.sentences.bert` does not write. The class is transformers' own, never the folder's; weights
are safetensors; the graph is compared with what torch answers.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from florilegium.errors import SettingError
from florilegium.features.sentences.graph import IDS, MASK, OUTPUTS

OPSET = 18  # what torch's exporter is made for; `graphs.load` brings it to ours
CHECK = 2e-3  # largest difference between both that is put down to rounding


class _Tokens(nn.Module):
    """A network that gives one vector per token."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        said: Tensor = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        return said


def exported(folder: Path) -> onnx.ModelProto:
    """Give the graph `input_ids`, `attention_mask` -> `last_hidden_state` of the network in a folder.

    Raises: SettingError: transformers cannot load it without the folder's own code, or it answers other numbers.
    """
    network = _Tokens(_loaded(folder)).eval()
    example = (torch.ones(2, 7, dtype=torch.int64), torch.ones(2, 7, dtype=torch.int64))
    example[1][1, 4:] = 0
    axes = {name: {0: "N", 1: "T"} for name in (IDS, MASK, OUTPUTS[0])}
    with tempfile.TemporaryDirectory() as beside, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's deprecations are not the user's
        path = Path(beside) / "model.onnx"
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=[IDS, MASK],
            output_names=[OUTPUTS[0]],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        _check(network, path, where=str(folder))
        return onnx.load(path)


def _loaded(folder: Path) -> nn.Module:
    try:
        from transformers import AutoModel
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise SettingError(
            f"{folder}: writing its graph needs {error.name}. Run: pip install 'florilegium[finetune]'"
        ) from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library has no types here
    choices: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}
    try:
        # Eager: attention as plain products, which every exporter can write.
        model: nn.Module = AutoModel.from_pretrained(str(folder), attn_implementation="eager", **choices)
    except (OSError, ValueError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise SettingError(
            f"{folder}: no network that transformers can load without code of its own: {reason}"
        ) from error
    return model


def _check(network: nn.Module, path: Path, *, where: str) -> None:
    """Compare both on token numbers of another length than the example's."""
    ids = torch.arange(2, 24).reshape(2, 11)
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    with torch.no_grad():
        expected = network(ids, mask).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {IDS: ids.numpy(), MASK: mask.numpy()})[0]
    seen = mask.numpy()[..., None] * np.abs(found - expected)
    if float(seen.max()) > CHECK * max(1.0, float(np.abs(expected).max())):
        raise SettingError(f"{where}: exported, the network answers other numbers than torch does. Choose another one.")

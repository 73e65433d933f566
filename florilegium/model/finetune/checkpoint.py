"""Where a training stands, kept on disk so that `kill -9` loses one epoch at most. Path: **model.finetune**.

One file per training, tensors as safetensors and the rest as JSON in its header; written whole or not at all. Nothing
is pickled. What chance will bring is not kept: it depends on seed and epoch alone.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from florilegium.errors import StorageError
from florilegium.types import Floats, Ints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEY = "florilegium.finetune"


@dataclass(slots=True, kw_only=True, eq=False)
class Progressed:
    """A training after some whole epochs."""

    epoch: int = 0  # epochs done
    tensors: dict[str, Tensor] = field(default_factory=dict)  # weights, their averages, the optimiser's moments
    losses: list[float] = field(default_factory=list)  # mean loss of each epoch
    answers: list[Floats] = field(default_factory=list)  # per epoch: probabilities of the held-out items (m, k)

    seconds: float = 0.0


def key_of(plan: "DataclassInstance", network: str, device: str, *, k: int, y: Ints, folds: Ints, told: object) -> str:
    """Name all that a training depends on, so that no checkpoint of another one is taken up.

    Args: network: the key of what it starts from.  told: of the items, such as their contents; its `repr` counts.
    """
    digest = hashlib.sha256(repr((asdict(plan), network, device, k)).encode())
    digest.update(y.tobytes() + folds.tobytes())
    digest.update(repr(told).encode())
    return digest.hexdigest()


def save(path: Path, state: Progressed, *, key: str) -> None:
    """Write a checkpoint.

    Args: key: names plan, data and network; a checkpoint of other ones is never taken up.
    Raises: StorageError: it cannot be written.
    """
    told = {"key": key, "epoch": state.epoch, "losses": state.losses, "seconds": state.seconds}
    tensors = {f"answers/{i}": torch.from_numpy(answers) for i, answers in enumerate(state.answers)}
    tensors |= {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(descriptor)
        save_file(tensors, beside, metadata={KEY: json.dumps(told)})
        Path(beside).replace(path)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"{path}: the checkpoint cannot be written: {error}. Make room on that disk; the last epoch kept is safe."
        ) from error


def load(path: Path, *, key: str) -> Progressed | None:
    """Read a checkpoint; None: there is none of this training, or it is damaged and the epoch is learned again."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get(KEY, "{}"))
            if told.get("key") != key:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError, ValueError):
        return None
    n = sum(name.startswith("answers/") for name in tensors)
    answers = [tensors.pop(f"answers/{i}").numpy().astype(np.float64) for i in range(n)]
    return Progressed(
        epoch=told["epoch"],
        tensors=tensors,
        losses=told["losses"],
        answers=answers,
        seconds=told["seconds"],
    )

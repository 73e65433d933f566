"""Read the tensors of a .safetensors file, which may be hostile. Path: **features.sentences**.

Eight bytes say how long the header is, the header (JSON) where each tensor lies: the format's whole specification. So
no library is needed where weights are only read. Nothing is unpickled, and nothing outside the file is read.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.errors import ModelFileError
from florilegium.features.graphs import MAX_FILE_BYTES
from florilegium.types import Vectors

MAX_HEADER_BYTES = 1 << 24
_BFLOAT = "BF16"  # the upper half of a float32, which NumPy has no type for
_KINDS = {"F32": "<f4", "F16": "<f2", "F64": "<f8", _BFLOAT: "<u2"}


def read_tensors(path: Path) -> Mapping[str, Vectors]:
    """Give the floating tensors of the file as float32, by name; whole numbers (position ids) are left out.

    Raises: ModelFileError: missing, too large, truncated, or it contradicts itself.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelFileError(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read.")
        octets = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}. Give a folder with model.safetensors.") from error
    n_header = int.from_bytes(octets[:8], "little")
    if len(octets) < 8 or n_header > min(MAX_HEADER_BYTES, len(octets) - 8):
        raise ModelFileError(f"{path}: not a .safetensors file, or a truncated one. Fetch it again.")
    try:
        return _floating(json.loads(octets[8 : 8 + n_header]), memoryview(octets)[8 + n_header :])
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: its header contradicts its bytes: {str(error)[:100]}. Fetch it again."
        ) from error


def _floating(header: Mapping[str, Any], body: memoryview) -> dict[str, Vectors]:
    floating = {name: said for name, said in header.items() if _is_floating(name, said)}
    # The format lets no two tensors share bytes; a million names of one gigabyte would fill any memory.
    if sum(_n_bytes(said) for said in floating.values()) > len(body):
        raise ValueError("its tensors are larger than the file, or share bytes")
    return {name: _tensor(body, said) for name, said in floating.items()}


def _is_floating(name: str, said: Mapping[str, Any]) -> bool:
    return name != "__metadata__" and said["dtype"] in _KINDS


def _n_bytes(said: Mapping[str, Any]) -> int:
    begin, end = said["data_offsets"]
    if not (isinstance(begin, int) and isinstance(end, int) and 0 <= begin <= end):
        raise ValueError(f"a tensor in bytes {str(begin)[:20]} to {str(end)[:20]}")
    return end - begin


def _tensor(body: memoryview, said: Mapping[str, Any]) -> Vectors:
    begin, end = said["data_offsets"]
    shape = [int(size) for size in said["shape"]]
    kind: np.dtype[Any] = np.dtype(_KINDS[said["dtype"]])
    n_bytes = math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or end > len(body) or _n_bytes(said) != n_bytes:
        raise ValueError(f"a tensor of {shape} in bytes {begin} to {end}")
    values = np.frombuffer(body[begin:end], dtype=kind).reshape(shape)
    if said["dtype"] == _BFLOAT:
        return np.asarray((values.astype(np.uint32) << 16).view(np.float32))
    with np.errstate(over="ignore"):  # beyond float32: infinite, which whoever uses the tensor refuses
        return np.array(values, dtype=np.float32)

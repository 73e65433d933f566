"""How much memory this process has taken, and how it is asked for. Path: **model.finetune**."""

import ctypes
import resource
import sys

import torch

# Numbers of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


def keep_memory() -> None:
    """Ask the C library to keep freed memory for the next step.

    Each step frees and asks again for a gigabyte. glibc gives such blocks back to the system at once, which then has to
    clear every page anew: that took a third to two thirds of a step's time here. Other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_TOP_PAD, 64 << 20)


def peak_bytes(device: torch.device) -> int:
    """Give the most memory taken so far: of the GPU where it is one, else of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

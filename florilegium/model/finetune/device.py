"""Which device a training runs on. Path: **model.finetune**."""

import torch

from florilegium.errors import SettingError

DEVICES = ("auto", "cpu", "cuda")


def chosen_device(wish: str) -> str:
    """Give "cpu" or "cuda" for a wish.

    Raises: SettingError: no such device, or no GPU that torch can use.
    """
    if wish not in DEVICES:
        raise SettingError(f"--device {wish}: expected one of {', '.join(DEVICES)}.")
    there = torch.cuda.is_available()
    if wish == "cuda" and not there:
        raise SettingError(
            f"--device cuda: torch {torch.__version__} finds no GPU that it can use. Leave the option out to train on "
            "the CPU, or install a build of torch for your GPU."
        )
    return "cuda" if there and wish != "cpu" else "cpu"

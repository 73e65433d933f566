"""Small pictures as a training from scratch wants them: in memory, of one size. Path: **project** (shell)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from florilegium.errors import SettingError
from florilegium.features import GraphEncoder
from florilegium.features.decode import decode
from florilegium.features.pixels import LUMA
from florilegium.features.stream import Runner, as_rgb
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide
from florilegium.source.base import Files, Pixels
from florilegium.types import Ints, Octets

if TYPE_CHECKING:
    from florilegium.model.finetune import ScratchPlan, ScratchTask

MAX_SIDE = 64  # px: what is larger has more to show than a small network can learn from nothing
# Out of fold, the share of items that may be called strange; 0.05 are wanted at most of new ones. With 0.05 here, 5.2 %
# of MNIST's test digits were, which other people wrote than the training digits.
FALSE_ALARMS = 0.04
BATCH = 1_024  # pictures brought to size at once
NO_NETWORK = (
    "--finetune: there is no network to tune here, because the items are texts, or pictures of more than "
    f"{MAX_SIDE} px described by coarse pixels. Train without it, or choose a network: "
    "florilegium new DIR SOURCE --encoder onnx:PATH"
)


def scratch_task(holdings: Holdings, side: TrainingSide) -> "ScratchTask":
    """Gather what a training from scratch sees: the pictures of the training side, as the pixel encoder sees them.

    Raises: SettingError: texts, or a picture of more than 64 px.
    """
    from florilegium.model.finetune import ScratchTask, coarser

    plain = next((e for e in holdings.choice.encoders if isinstance(e, GraphEncoder) and e.is_pixels), None)
    if plain is None:
        raise SettingError(NO_NETWORK)
    return ScratchTask(
        plain=plain,
        pictures=_pictures(holdings, side.rows, plain),
        y=side.y,
        k=len(side.classes),
        folds=coarser(side.folds),
        hashes=[holdings.dataset.samples[i].sha256 for i in side.rows],
    )


def scratch_plan(n: int, *, seed: int, epochs: int | None, side: int | None) -> "ScratchPlan":
    """Give the plan for n items.

    Args: epochs: at most; None: the plan's own.  side: what `--side` asked for; there is nothing to choose.
    Raises: SettingError: a side was asked for, or the epochs are out of range.
    """
    from florilegium.model.finetune import ScratchPlan

    if side is not None:
        raise SettingError(f"--side {side}: small pictures are learned at their own size. Leave the option out.")
    return ScratchPlan.for_items(n, seed=seed, epochs=epochs)


def _pictures(holdings: Holdings, rows: Ints, plain: GraphEncoder) -> Octets:
    """Give these rows' pictures, uint8 (n, c, s, s): gray where the encoder makes them gray, else RGB."""
    runner, gray = Runner(plain), plain.d == plain.side**2
    made = np.empty((len(rows), 1 if gray else 3, plain.side, plain.side), dtype=np.uint8)
    start = 0
    for several in _of_one_size(holdings, rows):
        if max(several.shape[1:3]) > MAX_SIDE:
            raise SettingError(NO_NETWORK)
        fitted = runner.fit(several)  # (m, s, s, 3)
        seen = _luma(fitted)[..., None] if gray else fitted
        made[start : start + len(seen)] = seen.transpose(0, 3, 1, 2)
        start += len(seen)
    return made


def _of_one_size(holdings: Holdings, rows: Ints) -> Iterator[Octets]:
    """Give pictures (m, h, w, 3) in order: many at once where they are arrays, one by one where they are files."""
    match holdings.dataset.contents:
        case Pixels(array):
            for start in range(0, len(rows), BATCH):
                yield as_rgb(array[rows[start : start + BATCH]])
        case Files() as files:
            for row in rows:
                yield decode(files.paths[row])[None]
        case _:
            raise SettingError(NO_NETWORK)


def _luma(pictures: Octets) -> Octets:
    """Give gray levels (m, s, s) of RGB pictures (m, s, s, 3), rounded as the encoder's nodes round them."""
    levels = (pictures.astype(np.uint32) @ np.array(LUMA, dtype=np.uint32) + 32_768) >> 16
    return levels.astype(np.uint8)

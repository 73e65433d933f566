"""Show small pictures a little turned, moved, stretched and slanted, a whole batch at once. Path: **model.finetune**.

Affine alone: no mirror (a mirrored digit is another sign), no elastic wrinkles. What an epoch sees depends on seed and
epoch alone, so that a resumed training sees what an uninterrupted one would have seen.
"""

import numpy as np
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from florilegium.model.finetune.scratch_plan import ScratchPlan
from florilegium.types import Ints, Vectors


def order(n: int, plan: ScratchPlan, *, epoch: int) -> Ints:
    """Give the items of one epoch in random order, whole batches only: (steps * batch,).

    Args: n: items, at least 1; where a batch is larger than that, it holds all of them.
    """
    batch = min(plan.batch, n)
    shuffled: Ints = np.random.default_rng([plan.seed, epoch]).permutation(n)
    return shuffled[: n // batch * batch]


def maps(m: int, plan: ScratchPlan, *, epoch: int) -> Vectors:
    """Draw an affine map for each of m places: (m, 2, 3), from places in the view to places in the picture, -1..1."""
    rng = np.random.default_rng([plan.seed, epoch, 1])
    turn = np.deg2rad(rng.uniform(-plan.turn, plan.turn, m))
    slant = rng.uniform(-plan.shear, plan.shear, m)
    wide, high = np.exp(rng.uniform(-1, 1, (2, m)) * np.log1p(plan.scale))
    made = np.zeros((m, 2, 3), dtype=np.float32)
    # turn @ slant @ stretch, written out
    made[:, 0, 0] = np.cos(turn) * wide
    made[:, 0, 1] = (np.cos(turn) * slant - np.sin(turn)) * high
    made[:, 1, 0] = np.sin(turn) * wide
    made[:, 1, 1] = (np.sin(turn) * slant + np.cos(turn)) * high
    made[:, :, 2] = rng.uniform(-2 * plan.shift, 2 * plan.shift, (m, 2))  # -1..1 is the whole side
    return made


def views(pictures: Tensor, theta: Tensor) -> Tensor:
    """Give one view of each picture.

    Args: pictures: float (b, c, s, s).  theta: (b, 2, 3) from `maps`.
    Returns: float (b, c, s, s); beyond the edge the edge goes on, so paper stays paper, white or black.
    """
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)  # (b, s, s, 2)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)

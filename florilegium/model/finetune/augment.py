"""Show a photo as another source might have shown it: crop, mirror, colour, blur, cut-out. Path: **model.finetune**.

Works on one uint8 photo and its own random generator, so that a photo's views depend on seed, epoch and item alone and
a resumed training sees what an uninterrupted one would have seen. Never looks at a label.
"""

import math

import numpy as np
from PIL import Image, ImageFilter

from florilegium.model.finetune.plan import Plan
from florilegium.types import Octets, Vectors

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
ASPECTS = (3 / 4, 4 / 3)  # of a crop, as in Inception's training (Szegedy et al. 2015)
TRIES = 10
HALF = 0.5


def view(photo: Octets, *, side: int, plan: Plan, rng: np.random.Generator) -> Octets:
    """Give one random view of a photo.

    Args: photo: uint8 (h, w, 3).  side: px of the square to give.
    Returns: uint8 (side, side, 3).
    """
    image = Image.fromarray(photo).resize((side, side), Image.Resampling.BILINEAR, box=_crop(photo, plan, rng))
    if rng.random() < plan.blur:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.0)))
    pixels = np.asarray(image, dtype=np.float32)
    if rng.random() < HALF:
        pixels = pixels[:, ::-1]
    pixels = _coloured(pixels, plan.colour, rng)
    if rng.random() < plan.cutout:
        pixels = _cut(pixels, rng)
    octets: Octets = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return octets


def _crop(photo: Octets, plan: Plan, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Draw a box of random area and aspect inside the photo: left, top, right, bottom (px)."""
    high, wide = photo.shape[:2]
    for _ in range(TRIES):
        area = high * wide * rng.uniform(plan.least_crop, 1.0)
        aspect = math.exp(rng.uniform(math.log(ASPECTS[0]), math.log(ASPECTS[1])))
        w, h = math.sqrt(area * aspect), math.sqrt(area / aspect)
        if w <= wide and h <= high:
            break
    else:
        w = h = float(min(high, wide))
    left, top = rng.uniform(0, wide - w), rng.uniform(0, high - h)
    return left, top, min(left + w, wide), min(top + h, high)


def _coloured(pixels: Vectors, reach: float, rng: np.random.Generator) -> Vectors:
    """Change brightness, contrast, saturation and, half the time, the colour of the light."""
    bright, contrast, saturation = rng.uniform(1 - reach, 1 + reach, 3)
    made = pixels * np.float32(bright)
    made = (made - made.mean()) * np.float32(contrast) + made.mean()
    gray = (made @ LUMA)[..., None]  # (s, s, 1)
    made = gray + (made - gray) * np.float32(saturation)
    light = rng.uniform(1 - reach / 3, 1 + reach / 3, 3).astype(np.float32)
    coloured: Vectors = made * light if rng.random() < HALF else made
    return coloured


def _cut(pixels: Vectors, rng: np.random.Generator) -> Vectors:
    """Hide a rectangle under one colour or noise: no single petal may decide (Zhong et al. 2017, random erasing)."""
    side = pixels.shape[0]
    h, w = (int(side * share) for share in rng.uniform(0.15, 0.5, 2))
    top, left = int(rng.integers(0, side - h)), int(rng.integers(0, side - w))
    cover = rng.random(3) if rng.random() < HALF else rng.random((h, w, 3))
    hidden = pixels.copy()
    hidden[top : top + h, left : left + w] = 255 * cover
    return hidden

"""Lay one thumbnail over another and say how well they agree. Path: dataset -> **audit** -> split.

Two embeddings that are alike may belong to one photo saved twice or to two roses. Laid over one another, shifted,
turned, scaled or mirrored as needed, copies agree in their fine detail and roses do not. Sees pixels, never labels.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from florilegium.types import Bools, Floats, Ints, Octets, Progress, Vectors, silent

SIDE: Final = 32  # px of a thumbnail
LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R 601-2
ROUGHLY_ALIKE: Final = 0.5  # correlation of blurred 16 x 16 pictures before laying over: copies had 0.62 and more
LAID_ALIKE: Final = 0.65  # the same after it: copies had 0.79 and more
DETAIL_ALIKE: Final = 0.5  # correlation of gray detail from which colour is looked at: copies had 0.63 and more
STEPS_COARSE, STEPS_FINE = 8, 4
TURN, SHIFT = 0.35, 0.25  # the most that is tried: about 20 degrees, scale 0.7 to 1.4; a quarter of the side
# Entries up to 0.3 keep (identity + step) invertible; a shift is held by the limits of the map.
_LARGEST_STEP = (np.array([-0.3, -0.3, -SIDE], dtype=np.float32), np.array([0.3, 0.3, SIDE], dtype=np.float32))
STEADY: Final = 1e-2  # ridge of the six equations: a picture without detail in one direction stays where it is
CONTRAST: Final = (
    50.0  # grey levels that one deviation of a small picture is brought to, so that FAINT means the same there
)
FAINT: Final = 1.0  # grey levels: detail fainter than this is noise of the compression
CHUNK: Final = 256  # pairs in one go: 256 pairs of thumbnails fit a core's cache
STEP: Final = "pairs looked at"

_Number = TypeVar("_Number", bound=np.generic)
Maps = NDArray[np.float32]  # (m, 2, 3) where in the second picture a place of the first lies, from the centre


def agreements(thumbs: Octets, i: Ints, j: Ints, *, progress: Progress = silent) -> Floats:
    """Give for each pair of rows of thumbs (n, 32, 32, 3) how well they agree, -1..1; 0 where they clearly do not.

    Correlation of the detail of 2 to 8 px inside the largest circle, after the best shift, turn, scale, shear and
    mirroring. Copies by resizing, recompression, cropping to 90 %, turning by 5 degrees, brightness and mirroring reach
    0.78 in 99.6 % of cases (docs/audit.md); different photos hardly ever do.
    Source: Baker & Matthews (2004), Lucas-Kanade 20 years on, IJCV 56(3): inverse compositional alignment.
    """
    if thumbs.shape[1:] != (SIDE, SIDE, 3):
        raise ValueError(f"thumbs of shape {thumbs.shape}; expected (n, {SIDE}, {SIDE}, 3)")
    rows, both = np.unique(np.concatenate([i, j]), return_inverse=True)
    thumbs, i, j = thumbs[rows], both[: len(i)], both[len(i) :]  # each picture is made small once
    small = _small_ones(thumbs)
    chunks = [slice(start, start + CHUNK) for start in range(0, len(i), CHUNK)]
    found = np.zeros(len(i))

    def work(part: slice) -> Floats:
        return _agree(thumbs, small, i[part], j[part])

    with ThreadPoolExecutor(_n_cores()) as pool:  # NumPy lets go of Python's lock while it works
        for part, values in zip(chunks, pool.map(work, chunks), strict=True):
            found[part] = values
            progress(STEP, min(part.stop, len(i)), len(i))
    return found


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _small_ones(thumbs: Octets) -> Vectors:
    """Give blurred gray pictures (n, 16, 16) with mean 0 and deviation 50 (faint ones less)."""
    out = np.zeros((len(thumbs), SIDE // 2, SIDE // 2), dtype=np.float32)
    for start in range(0, len(thumbs), CHUNK):
        part = slice(start, start + CHUNK)
        gray = (thumbs[part].astype(np.float32) @ LUMA).reshape(-1, SIDE // 2, 2, SIDE // 2, 2)
        blurred = _blurred(gray.mean(axis=(2, 4))[..., None])[..., 0]
        blurred -= blurred.mean(axis=(1, 2), keepdims=True)
        out[part] = blurred * np.float32(CONTRAST) / np.maximum(blurred.std(axis=(1, 2), keepdims=True), 4 * FAINT)
    return out


def _agree(thumbs: Octets, small: Vectors, i: Ints, j: Ints) -> Floats:
    """Compare m pairs, dropping those that cannot agree before each costlier step."""
    found = np.zeros(len(i))
    whole = small.shape[1] * small.shape[2] * CONTRAST**2
    straight = np.einsum("mxy,mxy->m", small[i], small[j]) / whole
    mirrored = np.einsum("mxy,mxy->m", small[i], small[j, :, ::-1]) / whole
    rows = np.flatnonzero(np.maximum(straight, mirrored) >= ROUGHLY_ALIKE)
    flip = mirrored[rows] > straight[rows]
    first, second = small[i[rows]][..., None], _mirrored(small[j[rows]][..., None], flip)
    maps, alike = _better(first, second, _laid(first, second, _still(len(rows)), STEPS_COARSE))
    keep = alike >= LAID_ALIKE
    rows, maps, flip = rows[keep], maps[keep], flip[keep]
    if len(rows):
        found[rows] = _details_agree(thumbs[i[rows]], _mirrored(thumbs[j[rows]], flip), maps)
    return found


def _details_agree(first: Octets, second: Octets, maps: Maps) -> Floats:
    """Lay second over first (m, 32, 32, 3) more finely, and correlate their details, gray and then in colour."""
    a, b = first.astype(np.float32), second.astype(np.float32)
    gray, other = (a @ LUMA)[..., None], (b @ LUMA)[..., None]
    maps = maps * np.array([1, 1, 2], dtype=np.float32)  # shifts were found at half the size
    maps = _laid(_blurred(gray), _blurred(other), maps, STEPS_FINE)
    fine, fine_other = _detail(gray), _detail(other)
    maps, found = _better(fine, fine_other, maps, disc=True)
    keep = np.flatnonzero(found >= DETAIL_ALIKE)
    found[keep] = _correlation(_detail(a[keep]), _detail(b[keep]), maps[keep], disc=True)
    return found


def _better(first: Vectors, second: Vectors, maps: Maps, *, disc: bool = False) -> tuple[Maps, Floats]:
    """Give the maps, or no movement where that agrees better, and the correlation (m,).

    Brightness clipped at white can lead the alignment astray; copies that need none must not suffer from it.
    """
    still = _still(len(maps))
    laid, unmoved = (_correlation(first, second, each, disc=disc) for each in (maps, still))
    return np.where((unmoved > laid)[:, None, None], still, maps), np.maximum(laid, unmoved)


def _mirrored(pictures: NDArray[_Number], flip: Bools) -> NDArray[_Number]:
    return np.where(flip.reshape(-1, *[1] * (pictures.ndim - 1)), pictures[:, :, ::-1], pictures)


def _still(m: int) -> Maps:
    return np.tile(np.eye(2, 3, dtype=np.float32), (m, 1, 1))


def _blurred(pictures: Vectors) -> Vectors:
    """Blur (m, s, s, c) by 1-2-1 both ways; the edge repeats."""
    p = np.pad(pictures, ((0, 0), (1, 1), (0, 0), (0, 0)), mode="edge")
    rows = (p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]) / 4
    q = np.pad(rows, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="edge")
    return np.asarray((q[:, :, :-2] + 2 * q[:, :, 1:-1] + q[:, :, 2:]) / 4)


def _detail(pictures: Vectors) -> Vectors:
    fine = _blurred(pictures)
    return fine - _blurred(_blurred(_blurred(fine)))


def _grid(side: int) -> Vectors:
    """Give the places (3, s * s): x and y from the centre, and 1."""
    line = np.arange(side, dtype=np.float32) - (side - 1) / 2
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, dtype=np.float32)])


def _taken(pictures: Vectors, maps: Maps) -> tuple[Vectors, Bools]:
    """Read pictures (m, s, s, c) at the mapped places; give values (m, s * s, c) and which places lie inside."""
    m, side, _, c = pictures.shape
    at = maps @ _grid(side) + np.float32((side - 1) / 2)  # (m, 2, 3) @ (3, s * s) -> (m, 2, s * s)
    inside = ((at >= 0) & (at <= side - 1)).all(axis=1)
    at = np.clip(at, 0, np.float32(side - 1.001))
    whole = at.astype(np.int32)
    x, y = np.moveaxis(at - whole, 1, 0)[..., None]
    corner = np.arange(m, dtype=np.int32)[:, None] * side * side + whole[:, 1] * side + whole[:, 0]
    flat = pictures.reshape(-1, c)
    top = flat[corner] * (1 - x) + flat[corner + 1] * x
    below = flat[corner + side] * (1 - x) + flat[corner + side + 1] * x
    return top * (1 - y) + below * y, inside


def _spread(values: Vectors, inside: Bools) -> Vectors:
    """Take each channel's mean over the places inside from values (m, p, c); outside becomes 0."""
    weight = inside[..., None].astype(np.float32)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    return np.asarray((values - (values * weight).sum(axis=1, keepdims=True) / count) * weight, dtype=np.float32)


def _correlation(first: Vectors, second: Vectors, maps: Maps, *, disc: bool = False) -> Floats:
    """Correlate first with second laid over it, where they overlap; (m,) in -1..1."""
    values, inside = _taken(second, maps)
    if disc:  # turned pictures have black corners
        side = first.shape[1]
        inside = inside & ((_grid(side)[:2] ** 2).sum(axis=0) <= (side / 2) ** 2)
    a, b = _spread(first.reshape(values.shape), inside), _spread(values, inside)
    energy = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)))
    faint = FAINT**2 * inside.sum(axis=1) * values.shape[2]
    return np.asarray((a * b).sum(axis=(1, 2)) / np.maximum(energy, np.maximum(faint, 1)), dtype=np.float64)


def _scaled(values: Vectors, inside: Bools) -> Vectors:
    """Bring values (m, p, c) to mean 0 and deviation 1 over the places inside: brightness and contrast do not count."""
    spread = _spread(values, inside)
    count = np.maximum(inside.sum(axis=1) * values.shape[2], 1)
    deviation = np.sqrt((spread * spread).sum(axis=(1, 2)) / count)[:, None, None]
    return np.asarray(spread / np.maximum(deviation, 4 * FAINT), dtype=np.float32)


def _laid(first: Vectors, second: Vectors, maps: Maps, n_steps: int) -> Maps:
    """Find the maps that lay second (m, s, s, 1) over first, from the given ones, in n steps of Gauss and Newton."""
    m, side = first.shape[:2]
    if m == 0:
        return maps
    flat = first.reshape(m, -1, 1)
    still = _scaled(flat, np.ones(flat.shape[:2], dtype=np.bool_)).reshape(m, side, side)
    down, across = (g.reshape(m, 1, -1) for g in np.gradient(still, axis=(1, 2)))
    places = _grid(side)
    slopes = np.concatenate([across * places, down * places], axis=1)  # (m, 6, s * s)
    ridge = np.eye(6, dtype=np.float32) * np.float32(STEADY * side * side)
    solve = np.linalg.inv(slopes @ slopes.transpose(0, 2, 1) + ridge) @ slopes  # (m, 6, s * s)
    limits = _limits(side)
    for _ in range(n_steps):
        values, inside = _taken(second, maps)
        off = _scaled(values, inside) - _scaled(flat, inside)
        step = (solve @ off).reshape(m, 2, 3)  # (m, 6, s * s) @ (m, s * s, 1)
        maps = np.clip(_composed(maps, step), *limits)
    return maps


def _limits(side: int) -> tuple[Vectors, Vectors]:
    turn, shift = TURN, SHIFT * side
    low = np.array([[1 - TURN, -turn, -shift], [-turn, 1 - TURN, -shift]], dtype=np.float32)
    high = np.array([[1 + TURN, turn, shift], [turn, 1 + TURN, shift]], dtype=np.float32)
    return low, high


def _composed(maps: Maps, step: Vectors) -> Maps:
    """Undo the step on the first picture's side: maps after the inverse of (identity + step)."""
    square = np.tile(np.eye(3, dtype=np.float32), (len(maps), 1, 1))
    moved = square.copy()
    moved[:, :2] += np.clip(step, *_LARGEST_STEP)
    square[:, :2] = maps
    return np.asarray((square @ np.linalg.inv(moved))[:, :2], dtype=np.float32)

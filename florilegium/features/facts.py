"""Facts that a shortcut could use instead of the content. Path: source -> **features** -> baseline, audit.

A model that does well on these alone shows that the data give the answer away: by file size, by format, by brightness,
by the camera's marks, by the file's name. Never looks at a label, and takes a class folder's own name out of each path.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy.ndimage import uniform_filter1d

from florilegium.features.decode import Header
from florilegium.types import Octets, Vectors

SIZE = ("width", "height", "bytes", "aspect")
FORMAT = ("jpeg", "png", "gif", "webp", "other_format", "gray", "alpha", "animated", "quantisation")
EXIF = ("exif_present", "exif_thumbnail", "exif_orientation")
LIGHT = ("brightness", "contrast")
BORDER = ("border", "border_contrast")
BLUR = ("blur",)
PATH = (
    "depth",
    "name_length",
    "name_digits",
    "extension_jpg",
    "extension_jpeg",
    "extension_png",
    "extension_other",
    "extension_capital",
)
TEXT = {
    "length": ("characters", "lines"),
    "words": ("words", "word_length"),
    "casing": ("share_capital", "starts_capital", "share_words_capital"),
    "punctuation": ("share_punctuation", "question", "exclamation", "ends_stop", "commas"),
    "digits": ("share_digits", "numbers"),
}
N_FILE_FACTS = len(SIZE) + len(FORMAT) + len(EXIF)
BLUR_REACH = 9  # px of the mean that a picture is compared with; as in the source of `blur`
BLUR_STEP = 4  # every fourth row and column is looked at: a fourth of the time, and nearly the same number
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R 601-2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """A table of facts and which of its columns belong together."""

    values: Vectors  # (n, f)
    names: tuple[str, ...]  # f column names
    families: Mapping[str, tuple[int, ...]]  # family -> its columns


def table(parts: Mapping[str, tuple[Sequence[str], Vectors]]) -> Facts:
    """Join families of columns, each (n, its names), into one table (n, f)."""
    families: dict[str, tuple[int, ...]] = {}
    names: list[str] = []
    for family, (columns, _) in parts.items():
        families[family] = tuple(range(len(names), len(names) + len(columns)))
        names.extend(columns)
    values = np.concatenate([values for _, values in parts.values()], axis=1, dtype=np.float32)
    return Facts(values=values, names=tuple(names), families=MappingProxyType(families))


def file_facts(header: Header) -> Vectors:
    """Give what a file says of itself: the columns SIZE, FORMAT and EXIF; shape (16,)."""
    kinds = [header.format in names for names in (("JPEG", "MPO"), ("PNG",), ("GIF",), ("WEBP",))]
    size = (header.width, header.height, header.n_bytes, header.width / header.height)
    form = (*kinds, not any(kinds), header.gray, header.alpha, header.n_frames_more, header.quantisation)
    return np.array([*size, *form, header.exif, header.thumbnail, header.orientation], dtype=np.float32)


def light_facts(thumbs: Octets) -> Vectors:
    """Give brightness, contrast, and both for the outer ring, each 0..1; thumbs (n, t, t[, 3]) -> (n, 4)."""
    batches = [_light(thumbs[start : start + 4096]) for start in range(0, len(thumbs), 4096)]  # flat memory
    return np.concatenate(batches) if batches else np.empty((0, len(LIGHT + BORDER)), dtype=np.float32)


def light_parts(thumbs: Octets) -> dict[str, tuple[Sequence[str], Vectors]]:
    """Give the families of light: that of the whole picture, and that of its border."""
    values = light_facts(thumbs)
    return {"brightness": (LIGHT, values[:, : len(LIGHT)]), "border": (BORDER, values[:, len(LIGHT) :])}


def blur(pixels: Octets) -> float:
    """Tell how blurred a picture (h, w, 3) is, 0 (sharp) to 1; a picture without any change is 1.

    Blurring once more takes much change between neighbours away from a sharp picture, and hardly any from a blurred
    one. Contrast does not count.
    Source: Crete et al. (2007), The blur effect, SPIE 6492, equations 1 to 6.

    >>> stripes = np.tile(np.array([0, 255], dtype=np.uint8), (32, 16))[..., None].repeat(3, axis=2)
    >>> blur(stripes) < 0.2, blur(np.zeros_like(stripes))
    (True, 1.0)
    """
    found = []
    for lines in (pixels[::BLUR_STEP, :, 1], pixels[:, ::BLUR_STEP, 1].T):  # green is most of what is bright
        gray = np.ascontiguousarray(lines, dtype=np.float32)
        change = np.abs(np.diff(gray))
        again = np.abs(np.diff(uniform_filter1d(gray, BLUR_REACH, mode="nearest")))
        if total := float(change.sum()):  # along stripes nothing changes, which is no blur
            found.append(1.0 - float(np.maximum(change - again, 0).sum()) / total)
    return max(found, default=1.0)


def _light(thumbs: Octets) -> Vectors:
    gray = luminance(thumbs) / np.float32(255)  # (m, t, t)
    ring = np.concatenate([gray[:, 0], gray[:, -1], gray[:, :, 0], gray[:, :, -1]], axis=1)
    whole = gray.reshape(len(gray), -1)
    return np.stack([whole.mean(axis=1), whole.std(axis=1), ring.mean(axis=1), ring.std(axis=1)], axis=1)


def luminance(pixels: Octets) -> Vectors:
    """Give how bright each pixel is, 0..255; (m, h, w) or (m, h, w, 3) -> (m, h, w)."""
    return pixels.astype(np.float32) if pixels.ndim == 3 else pixels @ LUMA


def path_facts(paths: Sequence[Path]) -> Vectors:
    """Give what a file's place and name would betray, without the name of the folder it lies in; (n, 8)."""
    top = min((len(path.parts) for path in paths), default=0)
    return np.array([_path_row(path, top) for path in paths], dtype=np.float32).reshape(len(paths), len(PATH))


def _path_row(path: Path, top: int) -> tuple[float, ...]:
    # "camellia/camellia_001.jpg": the folder is the label, so only "_001" may count.
    stem = path.stem.casefold().replace(path.parent.name.casefold(), "") if path.parent.name else path.stem
    ending = path.suffix.removeprefix(".")
    kinds = [ending.lower() == known for known in ("jpg", "jpeg", "png")]
    digits = sum(letter in string.digits for letter in stem)
    return (len(path.parts) - top, len(stem), digits, *kinds, not any(kinds), ending.isupper())


def text_facts(texts: Sequence[str]) -> Facts:
    """Give length, casing, punctuation and digits of texts, without their words."""
    n_facts = sum(map(len, TEXT.values()))
    rows = np.array([_text_row(text) for text in texts], dtype=np.float32).reshape(len(texts), n_facts)
    parts: dict[str, tuple[Sequence[str], Vectors]] = {}
    start = 0
    for family, names in TEXT.items():
        parts[family] = (names, rows[:, start : start + len(names)])
        start += len(names)
    return table(parts)


def _text_row(text: str) -> tuple[float, ...]:
    words = text.split()
    n, n_words = max(len(text), 1), max(len(words), 1)
    return (
        len(text),
        text.count("\n") + 1,
        len(words),
        sum(map(len, words)) / n_words,
        sum(letter.isupper() for letter in text) / n,
        text.lstrip()[:1].isupper(),
        sum(word[0].isupper() for word in words) / n_words,
        sum(letter in string.punctuation for letter in text) / n,
        text.count("?"),
        text.count("!"),
        text.rstrip()[-1:] in (".", "!", "?"),
        text.count(","),
        sum(letter.isdigit() for letter in text) / n,
        sum(any(letter.isdigit() for letter in word) for word in words),
    )

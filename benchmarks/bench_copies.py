"""Near copies on flowers20: how many changed copies of real photos are found, and how many false pairs come along.

Copies of 100 photos, each changed in six ways, are put among the 1,984 photos of flowers20 and grouped with them as
`florilegium new` does. Promised: at least 95 % are found at under 0.1 % false pairs. A pair of photos of two classes is
certainly false; pairs within a class were looked at by people (docs/audit.md). The peer is the perceptual hash alone.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from florilegium import features, project
from florilegium.audit import Prints, near_duplicates
from florilegium.source.base import Files
from florilegium.types import Ints

N_PHOTOS = 100
PROMISED_FOUND, PROMISED_FALSE = 0.95, 0.001
HASH_BITS = 8  # that differ at most, where the hash alone decides


def cut(photo: Image.Image) -> Image.Image:
    """Cut each side to 90 %, off the middle."""
    width, height = photo.size
    return photo.crop((width // 25, height // 15, width // 25 + 9 * width // 10, height // 15 + 9 * height // 10))


CHANGES: Mapping[str, Callable[[Image.Image], Image.Image]] = MappingProxyType(
    {
        "half the size": lambda photo: photo.resize((photo.width // 2, photo.height // 2)),
        "JPEG at quality 30": lambda photo: photo,  # saved so, below
        "cut to 90 %": cut,
        "turned by 5 degrees": lambda photo: photo.rotate(5, Image.Resampling.BILINEAR),
        "a third brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.33),
        "mirrored": ImageOps.mirror,
    }
)


def main() -> None:
    """Print how many of each kind are found; exit 1 where a promise is broken."""
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped: FLORILEGIUM_DATA is not set, so there are no photos of flowers20")
        return
    with tempfile.TemporaryDirectory() as place, project.new(Path(place) / "p", "flowers20") as opened:
        holdings = opened.holdings()
        contents = holdings.dataset.contents
        if not isinstance(contents, Files):
            raise TypeError("flowers20 is a folder of files")
        rows = np.sort(np.random.default_rng(1).choice(len(contents), N_PHOTOS, replace=False))
        copies = [
            changed(contents.paths[row], name, Path(place) / f"{row}-{number}.jpg")
            for number, name in enumerate(CHANGES)
            for row in rows.tolist()
        ]
        hashes = [f"{i:064x}" for i in range(len(copies))]
        seen = features.survey(Files(tuple(copies)), hashes, encoders=holdings.choice.encoders)
        ours, looks = holdings.survey, holdings.survey.looks
        key = next(iter(ours.encoded))
        prints = Prints(
            hashes=np.concatenate([looks.hashes, seen.looks.hashes]),
            mirrored=np.concatenate([looks.mirrored, seen.looks.mirrored]),
        )
        groups = near_duplicates(
            [*holdings.dataset.hashes, *hashes],
            vectors=np.concatenate([ours.encoded[key].vectors, seen.encoded[key].vectors]),
            prints=prints,
            thumbs=np.concatenate([looks.thumbs, seen.looks.thumbs]),
        ).groups
        ok = report(rows, groups, prints, n=len(contents), y=holdings.dataset.y, alone=holdings.near)
    sys.exit(0 if ok else 1)


def changed(path: Path, name: str, to: Path) -> Path:
    """Save a changed copy of a photo."""
    with Image.open(path) as opened:
        photo = CHANGES[name](ImageOps.exif_transpose(opened).convert("RGB"))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=30 if name.startswith("JPEG") else 90)
    to.write_bytes(file.getvalue())
    return to


def report(rows: Ints, groups: Ints, prints: Prints, *, n: int, y: Ints, alone: Ints) -> bool:
    """Print what was found; tell whether it is what was promised."""
    found = []
    print(f"{'changed copies of ' + str(len(rows)) + ' photos':<34}{'found':>8}{'by hash alone':>16}")
    for number, name in enumerate(CHANGES):
        copies = n + number * len(rows) + np.arange(len(rows))
        found.append(float((groups[copies] == groups[rows]).mean()))
        print(f"{name:<34}{found[-1]:>8.3f}{float((prints.differ(copies, rows) <= HASH_BITS).mean()):>16.3f}")
    i, j = np.triu_indices(n, 1)
    called = alone[i] == alone[j]
    false = called & (y[i] != y[j])
    print(f"{'all':<34}{np.mean(found):>8.3f}   promised {PROMISED_FOUND:.2f}")
    print(f"of {len(i):,} pairs among the originals {called.sum():,} are called near copies;")
    print(f"{false.sum():,} of these join two classes: {false.mean():.5%} of all; promised under {PROMISED_FALSE:.1%}")
    return bool(np.mean(found) >= PROMISED_FOUND and false.mean() < PROMISED_FALSE)


if __name__ == "__main__":
    main()

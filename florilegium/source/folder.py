"""Read a folder of class folders, as torchvision and Hugging Face lay them out. Path: **source** -> dataset.

Files are named, sniffed and hashed, never decoded. What is ignored is said; what cannot be used becomes a fault.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from florilegium.errors import SourceError
from florilegium.source.base import Fault, Files, Harvest, Kind, Known, Sample, Side
from florilegium.source.hashing import Examined, examine
from florilegium.source.names import label_of, original
from florilegium.source.sides import TEST_WORDS, TRAIN_WORDS, VALIDATION_WORDS, side_of_words
from florilegium.source.sniff import FORMAT_OF_ENDING
from florilegium.source.walk import Found, walk
from florilegium.types import Progress

MAX_NAMED = 3  # examples in a message


def read(root: Path, *, known: Known, progress: Progress, tables: Iterable[Path] = ()) -> Harvest:
    """Read a folder of class folders.

    Args: tables: files below `root` that are read elsewhere, such as metadata.csv; not counted as ignored.
    Raises: SourceError: there is no such folder, or no picture in it.
    """
    if not root.is_dir():
        raise SourceError(f"{root}: no such folder. Expected one with a sub-folder per class, such as rose/1.jpg")
    walked = walk(root, progress=progress)
    aside = set(tables)
    files = [found for found in walked.files if found.path not in aside]
    names = [found.name for found in files]
    looked = examine([found.path for found in files], names, known=known, progress=progress)
    faults = _faults(names, looked)
    good = [i for i, one in enumerate(looked) if one.sha256 is not None]
    if not good:
        raise SourceError(_no_picture(root, len(files), faults))
    sides, said = _sides([files[i].parts for i in good])
    rows = [i for i in good if not sides or len(files[i].parts) == 1 or files[i].parts[0] in sides]
    if len(rows) < len(good):
        said.append(f"Ignored: {len(good) - len(rows):,} pictures in folders beside {_listed(sorted(sides))}.")
    return Harvest(
        kind=Kind.IMAGE,
        samples=tuple(_sample(names[i], files[i].parts, looked[i], sides) for i in rows),
        contents=Files(tuple(files[i].path for i in rows)),
        stamps=tuple(looked[i].stamp for i in rows),
        notes=(*said, *walked.notes(), *_told(files, looked)),
        faults=(*walked.faults, *faults),
    )


def _faults(names: Sequence[str], looked: Sequence[Examined]) -> list[Fault]:
    """Name what claims to be a picture and cannot be used; other files are only counted."""
    return [
        Fault(name=name, reason=one.reason)
        for name, one in zip(names, looked, strict=True)
        if one.sha256 is None and one.is_picture
    ]


def files_of(root: Path, names: Sequence[str]) -> Files:
    """Give the files of sample names without looking at the disk."""
    return Files(tuple(root / original(name) for name in names))


def _sample(name: str, parts: tuple[str, ...], one: Examined, sides: dict[str, Side | None]) -> Sample:
    below = parts[1:-1] if parts[0] in sides and len(parts) > 1 else parts[:-1]
    return Sample(
        name=name,
        label=label_of(below[0]) if below else None,  # in no class folder: not labelled yet
        sha256=one.sha256 or "",
        side=sides.get(parts[0]) if len(parts) > 1 else None,
    )


def _sides(places: list[tuple[str, ...]]) -> tuple[dict[str, Side | None], list[str]]:
    """Recognise train, val and test folders: a train folder with one of the others beside it, or alone.

    Gives the side of each of them (None: it is there but says nothing) and what to tell.
    """
    tops = {parts[0] for parts in places if len(parts) > 1}
    words = {top: top.casefold() for top in tops if top.casefold() in TRAIN_WORDS | TEST_WORDS | VALIDATION_WORDS}
    trains = {top for top, word in words.items() if word in TRAIN_WORDS}
    if trains and tops == trains and any(len(parts) > 2 for parts in places):
        return dict.fromkeys(trains, None), [
            f"There is only a {_listed(sorted(trains))} folder; a share of it is sealed."
        ]
    if not trains or len(words) == len(trains):
        return {}, []
    found, said = side_of_words(set(words.values()), what="folder")
    return {top: found[word] for top, word in words.items()}, said


def _told(files: list[Found], looked: list[Examined]) -> list[str]:
    told = []
    others = Counter(
        found.path.suffix.lower() or "no ending" for found, one in zip(files, looked, strict=True) if not one.is_picture
    )
    if others:
        kinds = ", ".join(kind for kind, _ in others.most_common(5))
        told.append(f"Ignored: {others.total():,} files that are no pictures ({kinds}).")
    odd = [
        found.name
        for found, one in zip(files, looked, strict=True)
        if one.format is not None and FORMAT_OF_ENDING.get(found.path.suffix.lower()) != one.format
    ]
    if odd:
        told.append(
            f"{len(odd):,} files have an ending that does not fit their content ({_listed(odd)}); the content counts."
        )
    return told


def _no_picture(root: Path, n_files: int, faults: list[Fault]) -> str:
    first = f" The first fault: {faults[0].name}: {faults[0].reason}." if faults else ""
    found = f"no usable picture among {n_files:,} files" if n_files else "the folder is empty"
    return (
        f"{root}: {found}.{first} Expected one sub-folder per class with JPEG or PNG files, such as rose/1.jpg, "
        "or train.csv and test.csv, or give a CSV, TSV, JSONL or Parquet table."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (", ..." if len(names) > MAX_NAMED else "")

"""Find a table's columns: by the name that was given, by a usual name, by content. Path: **source** -> dataset.

What was guessed is said by who asks; nothing here reads a file.
"""

import difflib
import re
from collections.abc import Sequence

from florilegium.errors import MetadataError
from florilegium.source.sides import SIDE_WORDS
from florilegium.source.sniff import FORMAT_OF_ENDING

LABELS = (
    "label", "labels", "class", "class_name", "classname", "category", "categories", "intent", "target", "y",
    "sentiment", "tag", "topic", "genre", "species", "classes",
)  # fmt: skip
TEXTS = (
    "text", "sentence", "query", "question", "utterance", "message", "content", "review", "comment", "body", "tweet",
    "document", "description", "title", "prompt",
)  # fmt: skip
PATHS = (
    "file_name", "filename", "file", "path", "file_path", "filepath", "image", "image_path", "image_file", "img",
    "img_path", "picture", "photo",
)  # fmt: skip
GROUPS = ("group", "group_id", "groups", "patient", "patient_id", "subject", "subject_id", "person_id", "speaker_id")
ORIGINS = ("origin", "source", "source_repo", "site", "photographer")
SPLITS = ("split", "subset", "partition", "set")
LICENCES = ("licence", "license", "rights")
ALL_NAMES = frozenset({*LABELS, *TEXTS, *PATHS, *GROUPS, *ORIGINS, *SPLITS, *LICENCES, "id", "index"})
MIN_SHARE_PATHS = 0.5  # of the filled cells: half of them end like a picture's name
MIN_WORDS_TEXT = 2.0  # on average per cell
_WORD = re.compile(r"[^\W\d_]{2,}")


def plain(name: str) -> str:
    """Give a column's name without case, accents of style and punctuation.

    >>> plain(" File-Name "), plain("fileName")
    ('file_name', 'file_name')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", parted.casefold()).strip("_")


def find(columns: Sequence[str], usual: Sequence[str], *, taken: Sequence[str | None] = ()) -> str | None:
    """Give the first column that bears a usual name and is not taken; names that stand first are preferred."""
    by_plain = {plain(column): column for column in reversed(columns) if column not in taken}
    return next((by_plain[name] for name in usual if name in by_plain), None)


def named(columns: Sequence[str], wanted: str, *, where: str, what: str) -> str:
    """Give the column that was asked for, whatever its case and punctuation.

    Raises: MetadataError: there is none of that name; the nearest names are given.
    """
    if wanted in columns:
        return wanted
    if (same := find(columns, [plain(wanted)])) is not None:
        return same
    near = difflib.get_close_matches(plain(wanted), [plain(column) for column in columns], n=3, cutoff=0.5)
    nearest = [column for name in near for column in columns if plain(column) == name]
    hint = f"Nearest: {', '.join(nearest)}" if nearest else f"It has: {', '.join(columns[:20])}"
    raise MetadataError(f"{where}: there is no column {wanted!r} for the {what}. {hint}. Name one of them.")


def looks_like_paths(cells: Sequence[str]) -> bool:
    """Tell whether at least half of the filled cells end like a picture's name."""
    filled = [cell.strip().lower() for cell in cells if cell.strip()]
    n_paths = sum("\n" not in cell and cell.endswith(tuple(FORMAT_OF_ENDING)) for cell in filled)
    return bool(filled) and n_paths >= MIN_SHARE_PATHS * len(filled)


def n_words(cells: Sequence[str]) -> float:
    """Give the average number of words (two letters or more) per cell."""
    return sum(len(_WORD.findall(cell)) for cell in cells) / max(len(cells), 1)


def looks_like_text(cells: Sequence[str]) -> bool:
    """Tell whether the cells hold words, and mostly different ones."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and n_words(filled) >= MIN_WORDS_TEXT and len(set(filled)) > len(filled) / 2


def looks_like_sides(cells: Sequence[str]) -> bool:
    """Tell whether every filled cell says train, test or validation."""
    filled = {cell.strip().casefold() for cell in cells if cell.strip()}
    return bool(filled) and filled <= SIDE_WORDS


def looks_like_labels(cells: Sequence[str]) -> bool:
    """Tell whether values come again: at least two of them, on average each twice."""
    filled = [cell for cell in cells if cell.strip()]
    return 2 <= len(set(filled)) <= len(filled) / 2

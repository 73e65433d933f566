"""Decide which column of a table is what, and say what was guessed. Path: **source** -> dataset. Reads few rows."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from florilegium.errors import MetadataError, SourceError
from florilegium.source import columns
from florilegium.source.base import Side, SourceSpec
from florilegium.source.rows import Rows
from florilegium.source.sides import SIDE_WORDS, side_of_words

PEEK_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column is what; None: there is none."""

    content: str
    is_path: bool  # True: the content column leads to pictures; False: it holds the texts themselves
    label: str | None
    group: str | None
    origin: str | None
    split: str | None
    licence: str | None


@dataclass(slots=True)
class Chooser:
    """Choose column after column; one that was chosen is not free any more."""

    rows: Rows
    cells: dict[str, list[str]]  # column -> what stands in its first rows
    notes: list[str] = field(default_factory=list)  # what was guessed
    taken: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Rows) -> "Chooser":
        """Look at a table's first rows."""
        peek = rows.peek(PEEK_ROWS)
        return cls(rows, {name: [row[i] for row in peek] for i, name in enumerate(rows.columns)})

    @property
    def free(self) -> list[str]:
        """The columns that are nothing yet."""
        return [name for name in self.rows.columns if name not in self.taken]

    def named(self, given: str | None, what: str) -> str | None:
        """Take the column that was named, if one was.

        Raises: MetadataError: there is none of that name.
        """
        if given is None:
            return None
        chosen = columns.named(self.rows.columns, given, where=self.rows.path.name, what=what)
        self.taken.append(chosen)
        return chosen

    def guessed(self, guess: str | None, what: str, option: str) -> str | None:
        """Take the column that was guessed, if one was, and say so."""
        if guess is not None:
            self.taken.append(guess)
            self.notes.append(
                f"{self.rows.path.name}: column {guess!r} is taken as the {what} ({option} COLUMN chooses)."
            )
        return guess

    def choose(self, spec: SourceSpec, *, labels: Sequence[str], splits: Sequence[str]) -> dict[str, str | None]:
        """Choose label, group, origin, split and licence: the named ones first, then by the usual names."""
        found = {
            "label": self.named(spec.label, "label"),
            "group": self.named(spec.group, "group"),
            "origin": self.named(spec.origin, "source"),
            "split": self.named(spec.split, "split"),
        }
        usual = (
            ("label", labels, "--label"),
            ("group", columns.GROUPS, "--group"),
            ("origin", columns.ORIGINS, "--source"),
        )
        for what, names, option in usual:
            if found[what] is None:
                found[what] = self.guessed(columns.find(self.free, names), what, option)
        split = None if found["split"] else columns.find(self.free, splits)
        if split is not None and columns.looks_like_sides(self.cells[split]):
            found["split"] = self.guessed(split, "split", "--split")
        licence = columns.find(self.free, columns.LICENCES)
        self.taken += [licence] if licence is not None else []
        return {**found, "licence": licence}


def layout_of(rows: Rows, spec: SourceSpec) -> tuple[Layout, list[str]]:
    """Choose the columns as the spec names them, else by usual names, else by content; tell what was guessed.

    Raises: MetadataError: a named column is missing.  SourceError: nothing looks like texts, pictures or labels.
    """
    chooser = Chooser.of(rows)
    content, is_path = _content(chooser, spec)
    found = chooser.choose(spec, labels=columns.LABELS, splits=columns.SPLITS)
    if found["label"] is None and not spec.unlabelled:
        found["label"] = chooser.guessed(_label(chooser), "label", "--label")
    if found["label"] is None and not spec.unlabelled:
        raise SourceError(
            f"{rows.path}: no column looks like a label; it has {_listed(rows.columns)}. "
            "Name it with --label COLUMN: the class of each item, two different ones at least. "
            "Where there are no labels yet: florilegium new --unlabelled, then florilegium label."
        )
    return Layout(content=content, is_path=is_path, **found), chooser.notes


def _content(chooser: Chooser, spec: SourceSpec) -> tuple[str, bool]:
    """Choose the content: a named column; pictures before texts; usual names before mere looks."""
    content = chooser.named(spec.content, "content")
    if content is None:
        others = {columns.plain(n) for n in (spec.label, spec.group, spec.origin, spec.split) if n is not None}
        free = [name for name in chooser.free if columns.plain(name) not in others]
        paths = [name for name in free if columns.looks_like_paths(chooser.cells[name])]
        texts = [name for name in free if columns.looks_like_text(chooser.cells[name])]
        wordiest = max(texts, key=lambda name: columns.n_words(chooser.cells[name]), default=None)
        usual = (columns.find(paths, columns.PATHS), columns.find(free, columns.TEXTS))
        guess = next((name for name in (*usual, *paths, wordiest) if name is not None), None)
        content = chooser.guessed(guess, "path of a picture" if guess in paths else "text", "--content")
    if content is None:
        raise SourceError(
            f"{chooser.rows.path}: no column looks like texts or like paths of pictures; it has "
            f"{_listed(chooser.rows.columns)}. Name it with --content COLUMN. A table of numbers alone is nothing that "
            "Florilegium classifies: it needs pictures or texts."
        )
    return content, columns.looks_like_paths(chooser.cells[content])


def _label(chooser: Chooser) -> str | None:
    """Guess the label by content: the only column whose values come again, or the only one that is left."""
    again = [name for name in chooser.free if columns.looks_like_labels(chooser.cells[name])]
    if len(again) > 1:
        raise SourceError(
            f"{chooser.rows.path}: each of the columns {_listed(again)} could be the label. Say which: --label COLUMN."
        )
    others = [name for name in chooser.free if any(cell.strip() for cell in chooser.cells[name])]
    # With one column left there is nothing to choose from: a small table may name each class once.
    return again[0] if again else others[0] if len(others) == 1 else None


def sides_in_column(
    rows: Rows, column: int | None, words: AbstractSet[str], *, was_named: bool
) -> tuple[dict[str, Side], list[str]]:
    """Give the side of each word in a split column, and what to tell; no sides where a guessed column is no split.

    Raises: MetadataError: the column was named by the user, and holds other words.
    """
    if column is None:
        return {}, []
    strange = sorted(words - SIDE_WORDS - {""})
    name = rows.columns[column]
    if not strange:
        return side_of_words(words - {""}, what="row")
    if not was_named:
        return {}, [f"{rows.path.name}: column {name!r} also holds {strange[0]!r}, so it is not taken as the split."]
    raise MetadataError(
        f"{rows.path}: column {name!r} holds {', '.join(map(repr, strange[:5]))}. A split column says one of "
        f"{', '.join(sorted(SIDE_WORDS))}. Correct it, or leave --split away."
    )


def place(rows: Rows, name: str | None, *, needed_as: str = "") -> int | None:
    """Give a column's number in another table of the same kind; None where it has none of that name.

    Raises: MetadataError: it is needed.
    """
    if name in rows.columns:
        return rows.columns.index(name)
    if needed_as:
        raise MetadataError(
            f"{rows.path}: there is no column {name!r} for the {needed_as}, as the table beside it has. "
            f"It has {_listed(rows.columns)}. Give both tables the same columns."
        )
    return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")

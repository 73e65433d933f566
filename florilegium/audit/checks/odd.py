"""Check for files and texts that are not what they seem. Path: dataset -> **audit** -> split. Opens no file."""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, part, verb
from florilegium.audit.subject import Subject
from florilegium.source.base import Texts
from florilegium.types import Bools, Ints, Vectors

MANY = 0.05
RARE = 0.1  # of the pictures: where a tenth are gray, gray is part of the data set
ENDINGS = (("extension_jpg", "jpeg"), ("extension_jpeg", "jpeg"), ("extension_png", "png"))


def check(subject: Subject) -> Iterator[Finding]:
    """Find wrong file endings, several frames, transparency, a few gray pictures among coloured ones, empty texts."""
    for rows, says, why, fix in (*_files(subject), *_texts(subject)):
        n = len(rows)
        if n:
            yield subject.finding(
                "odd",
                Severity.WARNING if n / subject.n >= MANY else Severity.INFO,
                f"{part(n, subject.n, subject.noun)} {verb(n, *says)}, {verb(n, '', 'for example ')}"
                f"{subject.shown(int(rows[0]))}: "
                f"{why}.",
                fix=fix,
                rows=rows,
            )


def _files(subject: Subject) -> Iterator[tuple[Ints, tuple[str, str], str, str]]:
    yield (
        np.flatnonzero(_wrong_ending(subject)),
        ("has an ending of another format than its own", "have an ending of another format than their own"),
        "it was read by what it is, but other programs may refuse it",
        "Rename them, or save them in the format that the name promises.",
    )
    yield (
        np.flatnonzero(_is(subject, "animated")),
        ("holds several frames or pages", "hold several frames or pages"),
        "only the first is looked at, which may not show what the label says",
        "Save the frame that shows it as a picture of its own.",
    )
    clear, gray = _is(subject, "alpha"), _is(subject, "gray")
    yield (
        np.flatnonzero(clear) if clear.mean() < RARE else np.empty(0, dtype=np.int64),
        ("has transparent parts", "have transparent parts"),
        "it is laid over white, which a model may take for a mark of the class",
        "Cut them out before a background like that of the others.",
    )
    yield (
        np.flatnonzero(gray) if gray.mean() < RARE else np.empty(0, dtype=np.int64),
        ("has no colour among coloured ones", "have no colour among coloured ones"),
        "a model that goes by colour gets such a picture wrong",
        "Keep them if such pictures will come later too; else take them out.",
    )


def _texts(subject: Subject) -> Iterator[tuple[Ints, tuple[str, str], str, str]]:
    if isinstance(subject.dataset.contents, Texts):
        empty = [not text.strip() for text in subject.dataset.contents.strings]
        rows = np.flatnonzero(np.array(empty, dtype=np.bool_))
        name = subject.dataset.names[rows[0]] if len(rows) else ""
        yield (
            rows,
            ("is empty", "are empty"),
            "an empty text says nothing of its label",
            f"Fill them in at the source, or take them out: {command('relabel', name, '--remove')}",
        )


def _is(subject: Subject, name: str) -> Bools:
    fact = subject.fact(name)
    return np.zeros(max(subject.n, 1), dtype=np.bool_) if fact is None or not subject.n else fact > 0


def _wrong_ending(subject: Subject) -> Bools:
    wrong = np.zeros(subject.n, dtype=np.bool_)
    for ending, form in ENDINGS:
        named: Vectors | None = subject.fact(ending)
        real: Vectors | None = subject.fact(form)
        if named is not None and real is not None:
            wrong |= (named > 0) & ~(real > 0)
    return wrong

"""Where commands about studying find cards and answers, and their common options. Path: project -> **cli**."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from florilegium.cli.terminal import load

if TYPE_CHECKING:
    from florilegium.cli.bars import Bars
    from florilegium.project.studying import Study

ProjectOption = Annotated[
    Path | None,
    typer.Option("-p", "--project", help="Study this project's cards, in its record.", show_default="the glossary"),
]
FileOption = Annotated[
    Path | None,
    typer.Option("--deck-file", metavar="FILE", help="Your own record.", show_default="in your data folder"),
]
WhoOption = Annotated[
    str | None, typer.Option("--who", metavar="NAME", help="Whose answers they are.", show_default="your user name")
]


@contextmanager
def study_for(project: Path | None, file: Path | None, who: str | None, bars: "Bars") -> "Iterator[Study]":
    """Open the record of a project or a learner's own, and bring its cards up to date."""
    from florilegium.errors import InputError
    from florilegium.project.learner import checked_name, own_record
    from florilegium.project.studying import Study
    from florilegium.store import CardRecord

    if project is not None and file is not None:
        raise InputError("-p and --deck-file: answers are kept in one place. Leave one out.")
    name = checked_name(who if who is not None else _user())
    if project is None:
        record = own_record(file)
        try:
            study = Study(record, who=name, clock=_now)
            study.prepare()
            yield study
        finally:
            record.close()
        return
    with load(project, bars) as opened:
        record = CardRecord(opened.store.url)
        try:
            study = Study(record, who=name, clock=_now, project=opened)
            study.prepare()
            yield study
        finally:
            record.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without users
        return "me"


def _now() -> datetime:
    return datetime.now(UTC)

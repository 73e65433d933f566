"""`journal`: dated chapters that know what was done, as Markdown and as a site. Path: project -> **cli**."""

import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer
from rich.markup import escape

from florilegium.cli.card_options import FileOption
from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import console, print_json, size_words

if TYPE_CHECKING:
    from florilegium.journal.site import Site
    from florilegium.project.chapters import NewChapter

app = typer.Typer(
    name="journal",
    help="A learning journal: chapters pre-filled from what was really done, and a small site of them.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

PROJECT_FILE = "florilegium.toml"
HERE = Path()
HOST = "127.0.0.1"  # nobody but this machine: drafts are shown, and a button spends the reader's money
FolderOption = Annotated[Path, typer.Option("-j", "--journal", metavar="DIR", help="The journal's folder.")]
ProjectsOption = Annotated[
    list[Path] | None,
    typer.Option("-p", "--project", help="A project to tell of; may be repeated.", show_default="the journal's own"),
]


@app.callback()
def journal() -> None:
    """Hold the commands about the journal together."""


@app.command()
def new(
    folder: FolderOption = Path("journal"),
    project: ProjectsOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="The chapter's day.", show_default="today")
    ] = None,
    deck_file: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open today's chapter, pre-filled with what was recorded since the last one: verdicts, trainings, labels, steps.

    A chapter that you have edited is never written over. One that you have not touched is brought up to date.

    [bold]Examples[/bold]:

      florilegium journal new                   in a project's folder, or where a journal is

      florilegium journal new -j notes/ -p flowers/ -p desk/
    """
    with edge(as_json=as_json):
        from florilegium.project import chapters
        from florilegium.project.learner import own_path

        made = chapters.new_chapter(
            folder,
            _projects(folder, project or []),
            now=datetime.now(UTC),
            identity=uuid4(),
            day=_day(day),
            own_deck=deck_file or own_path(),
        )
        if as_json:
            print_json({name: getattr(made, name) for name in made.__dataclass_fields__})
        else:
            _say_new(made, folder)


def _day(text: str | None) -> date | None:
    from florilegium.errors import SettingError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise SettingError(f"--date {text}: no date; write year, month, day as 2026-11-30") from error


def _projects(folder: Path, asked: list[Path]) -> Mapping[str, Path]:
    """Name the projects: those asked for, else this folder's where a journal is begun in one."""
    from florilegium.journal import read_settings
    from florilegium.journal.folder import FILE_NAME
    from florilegium.project import chapters

    known = {name: folder / place for name, place in read_settings(folder).projects.items()}
    if not asked and not (folder / FILE_NAME).exists() and (HERE / PROJECT_FILE).exists():
        asked = [HERE]
    return chapters.short_names(asked, known)


def _say_new(made: "NewChapter", folder: Path) -> None:
    out = console()
    n = f"{made.n_events} {'thing' if made.n_events == 1 else 'things'} from the record"
    for note in made.notes:
        print(note, file=sys.stderr)
    if made.is_new:
        out.print(f"{escape(str(made.path))}: a new chapter, with {n}", highlight=False)
    elif made.was_rewritten:
        out.print(f"{escape(str(made.path))}: brought up to date, with {n}; nobody had edited it", highlight=False)
    else:
        out.print(f"{escape(str(made.path))}: there already, and left as it is", highlight=False)
        if made.n_events:
            out.print(f"{n} not told in it yet will stand in the next chapter", highlight=False)
    where = "" if folder == Path("journal") else f" -j {shlex.quote(str(folder))}"
    out.print(
        f"Write in it, set [bold]draft: false[/bold], and see it: [bold]florilegium journal serve{escape(where)}[/bold]"
    )


@app.command()
def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="The site's folder.")] = Path("site"),
    folder: FolderOption = Path("journal"),
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds other things too; those stay.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the journal as a small site: chapters, tags, search, Atom feed. Drafts are left out.

    It works from any web host and, opened as files, without one.

    [bold]Example[/bold]: florilegium journal build -o site/
    """
    with edge(as_json=as_json):
        from florilegium.export.folder import write_folder
        from florilegium.journal import read_journal, sound
        from florilegium.journal.site import build as build_site

        site = build_site(sound(read_journal(folder)))
        write_folder(output, site.files, kind="journal", force=force)
        if as_json:
            print_json(
                {
                    "path": str(output),
                    "n_chapters": site.n_chapters,
                    "n_bytes": sum(map(len, site.files.values())),
                    "drafts": site.drafts,
                    "warnings": site.warnings,
                }
            )
        else:
            _say_built(site, output)


def _say_built(site: "Site", output: Path) -> None:
    for warning in site.warnings:
        print(warning, file=sys.stderr)
    out = console()
    size = size_words(sum(map(len, site.files.values())))
    chapters = f"{site.n_chapters} {'chapter' if site.n_chapters == 1 else 'chapters'}"
    out.print(f"{escape(str(output / 'index.html'))}: {chapters}, {size}", highlight=False)
    if site.drafts:
        out.print(f"Left out as drafts: {escape(', '.join(site.drafts))}  (draft: false publishes)", highlight=False)


@app.command()
def serve(
    folder: FolderOption = Path("journal"),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0: any.", show_default="8000 or the next free one")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON document.")] = False,
) -> None:
    """Show the journal as it will look, drafts included; pages follow as you save. Ctrl-C stops it.

    Each section has a button that drafts a text from its bullet points, see: florilegium draft --help

    [bold]Example[/bold]: florilegium journal serve
    """
    with edge(as_json=as_json):
        from florilegium.cli.lab_pages import tell
        from florilegium.journal import read_journal
        from florilegium.serve.journal import create_preview
        from florilegium.serve.running import address_of, listen, run

        read_journal(folder)  # what is not there is said before a browser opens
        with suppress(KeyboardInterrupt), listen(HOST, port) as listening:
            address = address_of(listening, HOST)
            run(create_preview(folder), listening, ready=lambda: tell(address, as_json=as_json, browser=not no_open))

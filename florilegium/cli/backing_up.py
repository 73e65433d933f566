"""`backup` and `restore`: a whole project in one archive, and back. Path: project -> **cli**."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

MOST_LISTED = 5
MEGABYTE = 1_000_000


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", help="The archive to write; one of that name is replaced.")],
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write a project's settings, record, models and reports into one archive. Its pages may be served meanwhile.

    The record is taken as it is at one moment. Photos and tables that the items come from are not in it, nor is what
    can be computed again, nor the address of a database. Keep the archive as safe as the project: it holds what people
    said.

    [bold]Example[/bold]: florilegium backup -p flowers/ -o flowers-2026-12-01.zip
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.backup(output)
        bars.stop()
        if as_json:
            print_json({name: getattr(result, name) for name in result.__dataclass_fields__})
            return
        out = console()
        size = f"{result.n_bytes / MEGABYTE:,.1f} MB"
        out.print(f"{escape(str(result.path))}  [dim]{result.n_rows:,} rows, {result.n_files:,} files, {size}[/dim]")
        for name in result.left_out[:MOST_LISTED]:
            out.print(f"  [yellow]![/yellow] left out, a link or an odd name: {escape(name)}", highlight=False)
        out.print(f"  [dim]· not in it: the items themselves, {escape(result.source)}[/dim]", highlight=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", show_default=False)],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project folder to make; nothing may be there.")],
    database: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Where the record goes, such as postgresql://ann@host/flowers?schema=roses"
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a project of a backup: in a new folder, with its record in a file there or in the database that you name.

    Every file is held to the hash in the archive's manifest, and an archive that does not fit is refused as a whole.
    A backup from SQLite goes into PostgreSQL and the other way round, and an old one into a newer Florilegium.

    [bold]Examples[/bold]:

      florilegium restore flowers-2026-12-01.zip flowers/

      florilegium restore flowers-2026-12-01.zip flowers/ --database 'postgresql://ann@host/flowers?schema=roses'
    """
    from florilegium.project import restore as make

    with edge(as_json=as_json), bars_for(as_json) as bars:
        result = make(file, folder, database=database, progress=bars)
        bars.stop()
        if as_json:
            print_json({name: getattr(result, name) for name in result.__dataclass_fields__})
            return
        out = console()
        said = f"{result.n_rows:,} rows and {result.n_files:,} files as of {result.made_at[:16].replace('T', ' ')} UTC"
        out.print(f"{escape(str(result.folder))}  [dim]{said}[/dim]", highlight=False)
        out.print(f"  [dim]· record: {escape(result.database)}[/dim]", highlight=False)
        if not result.has_source:
            out.print(
                f"  [yellow]![/yellow] the items are not on this machine: {escape(result.source)}. Put them there, or "
                "correct source.location in florilegium.toml.",
                highlight=False,
            )

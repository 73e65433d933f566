"""`export`: the classifier without this package, as a page, for Binder, as a container. Path: project -> **cli**."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import console, print_json

app = typer.Typer(
    name="export",
    help="Give the classifier away: a page without a server, a folder for Binder, a container.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

ModelArgument = Annotated[str, typer.Argument(help="A model file, a project folder, or the name of a shipped model.")]
OutputOption = Annotated[Path, typer.Option("-o", "--output", help="The folder to write; replaces an earlier export.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write into a folder that holds other things too; those stay.")
]


@app.command()
def static(model: ModelArgument, output: OutputOption, force: ForceOption = False, as_json: JsonOption = False) -> None:
    """Write a page that classifies in the reader's browser: any web host serves it, and photos stay on their device.

    [bold]Example[/bold]: florilegium export static flowers20 -o site/
    """
    from florilegium import model as models
    from florilegium.export.static import export_static

    with edge(as_json=as_json):
        exported = export_static(models.open_model(models.find(model)), output, force=force)
        if as_json:
            print_json(exported.as_dict())
        else:
            _show(output, exported.n_bytes, f"python -m http.server -d {shlex.quote(str(output))}")


@app.command()
def binder(
    model: ModelArgument,
    output: OutputOption,
    repository: Annotated[
        str | None, typer.Option("--repo", metavar="OWNER/NAME", help="Where the folder will be published on GitHub.")
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a folder that Binder starts for every reader: the page, and a notebook that Voila shows as a page.

    [bold]Example[/bold]: florilegium export binder flowers20 -o flowers-binder/ --repo ada/flowers
    """
    from florilegium import model as models
    from florilegium.export.binder import write_binder

    with edge(as_json=as_json):
        opened = models.open_model(models.find(model))
        written = write_binder(opened, output, repository=repository, force=force)
        print_json(written.as_dict()) if as_json else _written(output, written.n_bytes)


@app.command()
def container(
    model: ModelArgument,
    output: OutputOption,
    space: Annotated[bool, typer.Option("--space", help="For a Hugging Face Space.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a folder from which a container is built that serves the page; with --space a Hugging Face Space.

    [bold]Example[/bold]: florilegium export container flowers20 -o flowers-container/
    """
    from florilegium import model as models
    from florilegium.export.container import write_container

    with edge(as_json=as_json):
        written = write_container(models.open_model(models.find(model)), output, space=space, force=force)
        print_json(written.as_dict()) if as_json else _written(output, written.n_bytes)


def _written(folder: Path, n_bytes: int) -> None:
    """Name the folder that was written, and the file that says what to do with it."""
    out = console()
    out.print(f"  {escape(str(folder))}  [dim]{n_bytes / 1e6:.1f} MB[/dim]", highlight=False)
    out.print(f"What to do with it: [bold]{escape(str(folder / 'README.md'))}[/bold]", highlight=False)


def _show(folder: Path, n_bytes: int, try_it: str) -> None:
    """Name the folder that was written, its size, and the command that tries it."""
    out = console()
    out.print(f"  {escape(str(folder))}  [dim]{n_bytes / 1e6:.1f} MB[/dim]", highlight=False)
    out.print(f"Try it: [bold]{escape(try_it)}[/bold], then open http://localhost:8000/", highlight=False)

"""`encoder export`: an encoder of sentences as a folder that runs without torch. Path: project -> **cli**."""

import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.project.encoding import Exported

app = typer.Typer(
    name="encoder",
    help="Encoders of sentences: write one as a folder that runs without torch.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)


@app.callback()
def _encoder() -> None:
    """Write encoders of sentences as folders."""


@app.command("export")
def export_encoder(
    encoder: Annotated[
        str, typer.Argument(metavar="PATH|NAME", help="A folder of sentence-transformers, or a hub's name.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")],
    int8: Annotated[bool, typer.Option("--int8", help="Store and multiply bytes: a quarter of the size.")] = False,
    project: Annotated[
        Path | None, typer.Option("-p", "--project", help="A project of texts to measure the change of accuracy on.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")
    ] = False,
) -> None:
    """Write an encoder with its graph, checked; with --int8 in bytes, compared with the graph as it was.

    Only a network that is not of BERT's family and brings no graph needs torch for this (the extra finetune).

    [bold]Example[/bold]: florilegium encoder export sentence-transformers/all-MiniLM-L6-v2 -o minilm8 --int8
    """
    with edge(as_json=as_json):
        with bars_for(as_json) as bars, nullcontext() if project is None else load(project, bars) as opened:
            from florilegium.project import encoding

            found = encoding.export(encoder, output, int8=int8, project=opened, progress=bars)
        if as_json:
            print_json(found.as_dict())
        else:
            _show(console(), found)


def _show(out: Console, found: "Exported") -> None:
    out.print(f"{escape(str(found.folder))}  {found.n_bytes / 1e6:.1f} MB", highlight=False)
    if found.cosine is not None:
        out.print(
            f"  Cosine with the graph as it was: {found.cosine:.4f} on average, {found.least_cosine:.4f} at least, "
            f"on {found.n_texts:,} texts.",
            highlight=False,
        )
    if found.accuracy is not None and found.difference is not None:
        gap = found.difference.difference
        out.print(
            f"  Accuracy of a linear head out of fold: {100 * found.accuracy[0]:.1f} % in bytes, "
            f"{100 * found.accuracy[1]:.1f} % before: {100 * gap.value:+.1f} points "
            f"({100 * gap.low:+.1f} to {100 * gap.high:+.1f}).",
            highlight=False,
        )
    out.print(f"  Use it: florilegium run SOURCE --encoder st:{shlex.quote(str(found.folder))}", highlight=False)

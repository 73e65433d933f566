"""`serve`: a classifier's page on this machine. Path: project -> **cli**."""

import sys
import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.model import ModelFile

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    model: Annotated[
        str | None,
        typer.Argument(help="A model file, a project folder, or the name of a shipped model.", show_default="-p"),
    ] = None,
    project: Annotated[
        Path | None, typer.Option("-p", "--project", help="Serve this project's model.", show_default="this folder")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0: other machines too.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0: any.", show_default="8000 or the next free one")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    frame: Annotated[
        list[str] | None,
        typer.Option("--frame", metavar="ADDRESS", help="A site that may show the page in a frame; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and model as one JSON document.")] = False,
) -> None:
    """Open a page on which anybody can try the classifier: drop, paste, pick or take photos. Ctrl-C stops it.

    Photos are read, answered and forgotten. The JSON interface beside it is described at /docs.

    [bold]Examples[/bold]:

      florilegium serve flowers20

      florilegium serve -p flowers/ --port 9000 --no-open
    """
    with edge(as_json=as_json):
        opened = _open(model, project)
        from florilegium.serve.app import create_app
        from florilegium.serve.running import address_of, listen, run

        app = create_app(opened, frames=tuple(frame or ()))
        # Uvicorn obeys Ctrl-C, answers what is open, and then passes it on: the usual end, not an interruption.
        with suppress(KeyboardInterrupt), listen(host, port) as listening:
            address = address_of(listening, host)
            run(app, listening, ready=lambda: _tell(opened, address, host, as_json=as_json, browser=not no_open))


def _open(model: str | None, project: Path | None) -> "ModelFile":
    from florilegium import model as models
    from florilegium.errors import InputError, StepMissing

    if model is not None and project is not None:
        raise InputError(f"{model} and -p {project}: serve one of the two. Leave one out.")
    if model is not None:
        return models.open_model(models.find(model))
    with bars_for(True) as quiet, load(project or Path(), quiet) as opened:
        path = opened.model_path
    if not path.exists():
        raise StepMissing(f"{path.parent}: no model yet. Train one first: florilegium train -p {path.parent}")
    return models.open_model(path)


def _tell(model: "ModelFile", address: str, host: str, *, as_json: bool, browser: bool) -> None:
    """Say where the page is, and open it."""
    if as_json:
        print_json({"url": address, "model": str(model.path), "id": model.id})
    else:
        out = console()
        out.print(
            f"{escape(model.path.name)}: open [bold]{escape(address)}[/bold]   (Ctrl-C stops it)", highlight=False
        )
        if host not in LOOPBACK:
            out.print("[dim]Everybody who reaches this machine can use it.[/dim]")
        sys.stdout.flush()
    if browser:
        open_browser(address)


def open_browser(address: str) -> None:
    """Open an address in the reader's browser, in a thread: one that runs in the terminal would hold up the server."""
    Thread(target=webbrowser.open, args=(address,), daemon=True).start()

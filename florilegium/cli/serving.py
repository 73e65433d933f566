"""`serve`: a classifier's page, or all pages of a project. Path: project -> **cli**."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.hosts import LOOPBACK, open_browser
from florilegium.cli.serving_project import serve_project
from florilegium.cli.terminal import console, print_json

if TYPE_CHECKING:
    from florilegium.model import ModelFile


Model = Annotated[
    str | None,
    typer.Argument(help="A model file, a project folder, or the name of a shipped model.", show_default="-p"),
]
Folder = Annotated[
    Path | None, typer.Option("-p", "--project", help="Serve this project's pages.", show_default="this folder")
]
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0: other machines too.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; 0: any.", show_default="8000 or the next free one")
]
Public = Annotated[bool, typer.Option("--public", help="A project without accounts: let others use its public pages.")]
Url = Annotated[
    str | None, typer.Option(metavar="https://...", help="The public address, for links.", show_default="public_url")
]
Proxy = Annotated[
    list[str] | None,
    typer.Option("--proxy", metavar="ADDRESS", help="A reverse proxy to be believed; may be repeated."),
]
Log = Annotated[
    str | None, typer.Option(metavar="json", help="A JSON line per request on standard error, without names.")
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")]
Frame = Annotated[
    list[str] | None,
    typer.Option("--frame", metavar="ADDRESS", help="A site that may show the page in a frame; may be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the address as one JSON document.")]


def serve(
    model: Model = None,
    project: Folder = None,
    host: Host = "127.0.0.1",
    port: Port = None,
    public: Public = False,
    url: Url = None,
    proxy: Proxy = None,
    log: Log = None,
    no_open: NoOpen = False,
    frame: Frame = None,
    as_json: AsJson = False,
) -> None:
    """Open a classifier's page, or all pages of a project in one process. Ctrl-C stops it.

    A model's page is for everybody: photos are read, answered and forgotten. A project has pages for labelling and for
    people, too; others reach them only with an account. The JSON interface is described at /docs.

    [bold]Examples[/bold]:

      florilegium serve flowers20                     a model: its page and nothing else

      florilegium serve -p flowers/                   a project, on this machine

      florilegium serve -p flowers/ --url https://flowers.example/ --proxy 127.0.0.1
    """
    with edge(as_json=as_json):
        folder = _project_of(model, project)
        if folder is not None:
            serve_project(
                folder,
                host=host,
                port=port,
                public=public,
                proxies=tuple(proxy or ()),
                url=url,
                log=log,
                frames=tuple(frame or ()),
                as_json=as_json,
                browser=not no_open,
            )
            return
        _refuse_for_model({"--public": public, "--url": url, "--proxy": proxy, "--log": log})
        _serve_model(model or "", host, port, frames=tuple(frame or ()), as_json=as_json, browser=not no_open)


def _serve_model(
    model: str, host: str, port: int | None, *, frames: tuple[str, ...], as_json: bool, browser: bool
) -> None:
    """Serve a model's page until Ctrl-C."""
    opened = _open(model)
    from florilegium.serve.app import create_app
    from florilegium.serve.running import address_of, listen, run

    app = create_app(opened, frames=frames)
    # Uvicorn obeys Ctrl-C, answers what is open, and then passes it on: the usual end, not an interruption.
    with suppress(KeyboardInterrupt), listen(host, port) as listening:
        address = address_of(listening, host)
        run(app, listening, ready=lambda: _tell(opened, address, host, as_json=as_json, browser=browser))


def _project_of(model: str | None, project: Path | None) -> Path | None:
    """Give the folder of the project that is meant; None: a model is.

    Raises: InputError: both are named.
    """
    from florilegium import settings
    from florilegium.errors import InputError

    if model is not None and project is not None:
        raise InputError(f"{model} and -p {project}: serve one of the two. Leave one out.")
    if model is None:
        return project or Path()
    return Path(model) if (Path(model) / settings.FILE_NAME).is_file() else None


def _refuse_for_model(options: dict[str, object]) -> None:
    from florilegium.errors import SettingError

    if given := [name for name, value in options.items() if value]:
        raise SettingError(f"{', '.join(given)}: for a project's pages; a model's page is open to all. Leave it out.")


def _open(model: str) -> "ModelFile":
    from florilegium import model as models

    return models.open_model(models.find(model))


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

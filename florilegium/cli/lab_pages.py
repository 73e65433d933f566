"""`lab sgd` and `lab draw`: the lab's pages, shown at once or written as a folder. Path: lab -> **cli**."""

import shlex
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.terminal import console, print_json

HOST = "127.0.0.1"  # nobody but this machine: whoever wants to show the page to others exports it

OutputOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Write the page into this folder instead; any web host serves it."),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write into a folder that holds other things too; those stay.")
]
PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; 0: any.", show_default="8000 or the next free one")
]
NoOpenOption = Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print address or folder as one JSON document.")]


def sgd(
    output: OutputOption = None,
    force: ForceOption = False,
    port: PortOption = None,
    no_open: NoOpenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Open a page on which gradient descent can be watched: step by step, on points and digits, one run or two.

    All of it is computed in the browser; Ctrl-C stops the server, not the page.

    [bold]Examples[/bold]:

      florilegium lab sgd

      florilegium lab sgd -o site/          the page as a folder, for any web host
    """
    with edge(as_json=as_json):
        from florilegium.export.lab.site import descent_files

        _show("lab sgd", descent_files(), output, force=force, port=port, browser=not no_open, as_json=as_json)


def draw(
    output: OutputOption = None,
    model: Annotated[str, typer.Option("--model", help="A model of digits: a file, a project, a name.")] = "digits",
    force: ForceOption = False,
    port: PortOption = None,
    no_open: NoOpenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Open a sketchpad: draw a digit with mouse or finger and watch it being read.

    What is drawn stays in the browser.

    [bold]Examples[/bold]:

      florilegium lab draw

      florilegium lab draw -o site/ --model my-digits/
    """
    with edge(as_json=as_json):
        from florilegium import model as models
        from florilegium.export.lab.site import sketchpad_files

        files = sketchpad_files(models.open_model(models.find(model)), packed=output is not None)
        _show("lab draw", files, output, force=force, port=port, browser=not no_open, as_json=as_json)


def _show(
    kind: str,
    files: Mapping[str, bytes],
    output: Path | None,
    *,
    force: bool,
    port: int | None,
    browser: bool,
    as_json: bool,
) -> None:
    """Write the page into a folder, or serve it until Ctrl-C."""
    if output is not None:
        _write(kind, files, output, force=force, as_json=as_json)
        return
    from florilegium.serve.running import address_of, listen, run
    from florilegium.serve.site import create_site

    with suppress(KeyboardInterrupt), listen(HOST, port) as listening:
        address = address_of(listening, HOST)
        run(create_site(files), listening, ready=lambda: tell(address, as_json=as_json, browser=browser))


def _write(kind: str, files: Mapping[str, bytes], output: Path, *, force: bool, as_json: bool) -> None:
    from florilegium.export.lab.site import write_site

    written = write_site(output, files, kind=kind, force=force)
    if as_json:
        print_json(written.as_dict())
        return
    out = console()
    out.print(f"  {escape(str(output))}  [dim]{written.n_bytes / 1e6:.1f} MB[/dim]", highlight=False)
    try_it = f"python -m http.server -d {shlex.quote(str(output))}"
    out.print(f"Try it: [bold]{escape(try_it)}[/bold], then open http://localhost:8000/", highlight=False)


def tell(address: str, *, as_json: bool, browser: bool) -> None:
    """Say where the page is, and open it."""
    if as_json:
        print_json({"url": address})
    else:
        console().print(f"Open [bold]{escape(address)}[/bold]   (Ctrl-C stops it)", highlight=False)
        sys.stdout.flush()
    if browser:
        # In a thread of its own: a browser that runs in the terminal would hold up the server.
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()

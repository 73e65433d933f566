"""`label`: the pages on which people clean and give labels. Path: project -> **cli**."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.hosts import LOOPBACK, open_browser
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.errors import InputError, SettingError

if TYPE_CHECKING:
    from florilegium.cli.bars import Bars
    from florilegium.project.desk import DeskWish
    from florilegium.project.desk.card import Wanted


Source = Annotated[
    str | None,
    typer.Argument(help="A folder or table without labels: a project of it is made in -p first.", show_default=False),
]
Folder = Annotated[Path, typer.Option("-p", "--project", help="The project folder.", show_default="this folder")]
Who = Annotated[str, typer.Option(help="Your name, as the record shall say it; the page can change it.")]
OfClass = Annotated[str | None, typer.Option("--class", metavar="CLASS", help="Begin with the labels of this class.")]
Check = Annotated[str | None, typer.Option(metavar="CHECK", help="Begin with what this check of the audit found.")]
Group = Annotated[str | None, typer.Option(metavar="COLUMN=VALUE", help="Begin with items whose metadata says so.")]
Blind = Annotated[float, typer.Option(min=0, max=0.9, help="The share for which the model's word is hidden.")]
Random = Annotated[float, typer.Option(min=0.05, max=0.5, help="The share of new labels drawn at random, to measure.")]
Control = Annotated[float, typer.Option(min=0, max=0.9, help="While cleaning, the share drawn at random, to count.")]
Again = Annotated[float, typer.Option(min=0, max=0.9, help="The share asked a second time: do people agree?")]
Twice = Annotated[float, typer.Option(min=0, max=0.9, help="The share of new labels that a second person gives too.")]
Host = Annotated[str, typer.Option(help="The address to listen on; one of this machine only.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; 0: any.", show_default="8000 or the next free one")
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the address as one JSON document.")]


def label(
    source: Source = None,
    project: Folder = Path(),
    who: Who = "owner",
    class_: OfClass = None,
    check: Check = None,
    group: Group = None,
    blind: Blind = 0.2,
    random: Random = 0.2,
    control: Control = 0.1,
    again: Again = 0.05,
    twice: Twice = 0.0,
    host: Host = "127.0.0.1",
    port: Port = None,
    no_open: NoOpen = False,
    as_json: AsJson = False,
) -> None:
    """Open the pages on which labels are cleaned, given, decided and measured, and a game. Ctrl-C stops it.

    Each click is on disk before the page answers; nothing is overwritten, everything can be taken back, and no file of
    yours is ever touched.

    [bold]Examples[/bold]:

      florilegium label -p flowers/

      florilegium label -p flowers/ --class peony

      florilegium label photos/ -p flowers/        photos without labels: make a project, then label

      florilegium label -p flowers/ --twice 0.1    a tenth is labelled by two people
    """
    from florilegium.project.desk import DeskWish
    from florilegium.project.desk.card import Wanted
    from florilegium.serve.desk.asking import first_page

    with edge(as_json=as_json), bars_for(as_json) as bars:
        _refuse_others(host)
        wish = DeskWish(
            who=who,
            blind_share=blind,
            random_share=random,
            control_share=control,
            again_share=again,
            twice_share=twice,
        )
        if source is not None:
            _make(source, project, bars)
        path = first_page(class_, check, group)
        column, _, value = (group or "").partition("=")
        wanted = Wanted(label=class_, check=check, group=(column.strip(), value.strip()) if group else None)
        tell = partial(_tell, project, path=path, browser=not no_open, as_json=as_json)
        _serve(project, wish, bars, wanted=wanted, host=host, port=port, tell=tell)


def _refuse_others(host: str) -> None:
    if host not in LOOPBACK:
        raise SettingError(
            f"--host {host}: labelling is for people at this machine, since it knows names but no passwords yet. "
            f"Choose one of {', '.join(LOOPBACK)}; from elsewhere use a tunnel: ssh -L 8000:127.0.0.1:8000 HOST"
        )


def _make(source: str, folder: Path, bars: "Bars") -> None:
    """Make a project of items without labels, or read the source of the one that is there again.

    Raises: InputError: no folder is named, or a project with labels lives there.
    """
    from florilegium import settings
    from florilegium.project import prepare
    from florilegium.source.base import NO_LABELS

    if folder == Path():
        raise InputError(f"{source}: name the folder of the project to make: florilegium label {source} -p DIR")
    if (folder / settings.FILE_NAME).exists() and not settings.read(folder).source.unlabelled:
        raise InputError(
            f"{folder}: a project lives here whose source has labels. Open it with: florilegium label -p {folder}"
        )
    with prepare(folder, source, progress=bars, labels=NO_LABELS) as project:
        project.new()


def _serve(
    folder: Path,
    wish: "DeskWish",
    bars: "Bars",
    *,
    wanted: "Wanted",
    host: str,
    port: int | None,
    tell: Callable[[str], None],
) -> None:
    from florilegium.serve.desk import create_desk
    from florilegium.serve.running import address_of, listen, run

    with load(folder, bars) as project, suppress(KeyboardInterrupt), listen(host, port) as listening:
        desk = project.label(wish)
        try:
            if wanted:
                desk.cleaning.refuse_unknown(wanted)
            app = create_desk(desk)
            desk.prepare()
            bars.stop()
            # Uvicorn obeys Ctrl-C, answers what is open, and then passes it on: the usual end, not an interruption.
            run(app, listening, ready=lambda: tell(address_of(listening, host)))
        finally:
            desk.close()


def _tell(folder: Path, address: str, *, path: str, browser: bool, as_json: bool) -> None:
    """Say where the pages are, and open them."""
    if as_json:
        print_json({"url": address + path, "project": str(folder)})
    else:
        console().print(f"open [bold]{escape(address + path)}[/bold]   (Ctrl-C stops it)", highlight=False)
        sys.stdout.flush()
    if browser:
        open_browser(address + path)

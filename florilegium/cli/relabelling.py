"""`relabel`: say what an item really is. Path: project -> **cli**."""

from pathlib import Path
from typing import Annotated

import typer

from florilegium.cli.edge import edge
from florilegium.cli.terminal import bars_for, load, print_json
from florilegium.errors import InputError


def relabel(
    item: Annotated[str, typer.Argument(help="The item's name, as the audit and the report print it.")],
    label: Annotated[str | None, typer.Argument(help="What it is; leave out with --remove.")] = None,
    project: Annotated[
        Path, typer.Option("-p", "--project", help="The project folder.", show_default="this folder")
    ] = Path(),
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the item out of the set; the file is not touched.")
    ] = False,
    new_class: Annotated[bool, typer.Option("--new-class", help="The label is a class that no item has yet.")] = False,
    who: Annotated[str, typer.Option(help="Who says so.")] = "owner",
    why: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")
    ] = False,
) -> None:
    """Record what an item really is. The old label stays in the record; the file on disk is never touched.

    A label that no item has is taken for a slip and refused, unless --new-class says that it is meant.

    [bold]Example[/bold]: florilegium relabel rose/img_014.jpg peony --why "no thorns, peony leaves"
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        if (label is None) != remove:
            raise InputError(f"{item}: say either what it is or --remove. Example: florilegium relabel {item!r} peony")
        event = opened.relabel(item, label, who=who, why=why, new_class=new_class)
        if as_json:
            said = {"item": event.name, "label": event.label, "who": event.who, "at": event.at.isoformat()}
            print_json({**said, "why": event.why})
        else:
            after = "florilegium train" if project == Path() else f"florilegium train -p {project}"
            print(f"{event.name}: {event.label or 'taken out of the set'}. Next: {after}")

"""`audit`: what is doubtful in the data, in the terminal and as a page. Path: project -> **cli**."""

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from florilegium.project.results import Audited

OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="The page to write.", show_default="audit.html in the project")
]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


def audit(
    project: ProjectOption = Path(),
    output: OutputOption = None,
    show_page: OpenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is doubtful in the data: unreadable files, copies, leaks, wrong labels, outliers, imbalance, shortcuts.

    Nothing needs to be trained and nothing is changed. The page shows the items that each finding is about.

    [bold]Examples[/bold]:

      florilegium audit -p flowers/ --open

      florilegium audit -p flowers/ --json > findings.json
    """
    from florilegium.cli.documents import audited_dict
    from florilegium.cli.hints import with_folder

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = with_folder(opened.audit(output=output), project)
        bars.stop()
        if as_json:
            print_json(audited_dict(result))
        else:
            show(console(), result)
        if show_page and result.path is not None:
            webbrowser.open(result.path.resolve().as_uri())


def show(out: "Console", result: "Audited") -> None:
    """Show the findings, the ladder of shortcuts and where the page lies."""
    from florilegium.cli import show as parts

    parts.heading(out, f"Audit of {result.n:,} items")
    parts.findings(out, result.findings)
    if result.ladder:
        parts.heading(out, f"The class by facts alone (commonest class: {result.ladder[0].commonest:.1%})")
        parts.shortcuts(out, result.ladder)
    if result.path is not None:
        parts.heading(out, "The page")
        parts.files(out, [(result.path, "every finding with its items")])

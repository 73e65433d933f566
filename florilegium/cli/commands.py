"""All commands, put together. Each reads its options, calls a method of Project, shows. Path: project -> **cli**."""

import warnings
from typing import Annotated

import typer

from florilegium import __version__
from florilegium.cli import (
    answering,
    auditing,
    backing_up,
    bias,
    cards,
    drafting,
    encoding,
    exporting,
    feedback,
    journal,
    judging,
    lab,
    labelling,
    labels,
    making,
    monitoring,
    queries,
    recourse,
    relabelling,
    serving,
    training,
    user,
)
from florilegium.cli.usage import Commands

EXAMPLES = """
[bold]Start here[/bold]

  florilegium demo                      embedded digits, no network

  florilegium run photos/ -o flowers/   a folder of class folders

  florilegium run queries.csv -o desk/  a table of texts

  florilegium predict flowers/ a.jpg    classify something new

  florilegium predict flowers20 a.jpg   a ready flower classifier
"""

app = typer.Typer(
    name="florilegium",
    cls=Commands,
    help="From labelled examples to a classifier that you can trust and that others can contest.\n" + EXAMPLES,
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command()(making.demo)
app.command()(making.run)
app.command()(making.new)
app.command()(training.train)
app.command()(judging.verdict)
app.command()(judging.report)
app.command()(judging.status)
app.command()(answering.predict)
app.add_typer(exporting.app)
app.add_typer(encoding.app)
app.add_typer(lab.app)
app.add_typer(cards.app)
app.add_typer(journal.app)
app.command()(drafting.draft)
app.add_typer(labels.app)
app.add_typer(queries.app)
app.add_typer(user.app)
app.command()(serving.serve)
app.command()(auditing.audit)
app.command()(bias.bias)
app.command()(monitoring.monitor)
app.add_typer(feedback.app)
app.command()(relabelling.relabel)
app.command()(labelling.label)
app.command()(backing_up.backup)
app.command()(backing_up.restore)
app.add_typer(recourse.appeals)
app.add_typer(recourse.person)
app.add_typer(recourse.recourse)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"florilegium {__version__}")
        raise typer.Exit


@app.callback()
def florilegium(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


def main() -> None:
    """Run the command line."""
    # Pillow's remarks on odd EXIF data would stand between the lines of a table.
    warnings.filterwarnings("ignore", module="PIL")
    app()

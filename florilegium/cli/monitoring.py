"""`monitor`: what the model answers live, held to what its verdict promised. Path: project -> **cli**."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.project.monitor import Monitored

SHIFTS_MOST = 5  # classes and facts named in the terminal; the page holds all
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only answers from this day on: 2026-11-30 (UTC).")
]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="The page to write.", show_default="monitor.html in the project")
]


def monitor(
    project: ProjectOption = Path(),
    since: SinceOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch what the model answers live: whether its promise is kept, what comes in, who appeals, if it feeds itself.

    A random share of live answers is judged blind by people (florilegium serve); the accuracy so measured stands beside
    what the verdict promised, with a range that holds however often you look.

    [bold]Examples[/bold]:

      florilegium monitor -p flowers/

      florilegium monitor -p flowers/ --since 2026-11-01 -o november.html
    """
    with edge(as_json=as_json), bars_for(as_json) as bars:
        from florilegium.project.monitor import MonitorWish, watching

        wish = MonitorWish(since=watching.moment(since), output=output)
        with load(project, bars) as opened:
            found = opened.monitor(wish)
        bars.stop()
        print_json(watching.document(found)) if as_json else show(console(), found)


def show(out: Console, found: "Monitored") -> None:
    """Show the promise first, then what comes in, appeals and feedback."""
    from florilegium.feedback.contested import sentence

    watched = found.watched
    out.print(f"\n  [bold]{escape(watched.audit.sentence)}[/bold]", highlight=False)
    lines = [watched.expected.sentence]
    if watched.automatic is not None:
        lines.insert(0, watched.automatic.sentence)
    if watched.unknown is not None:
        score = watched.unknown
        lines.append(f"The model abstained on {score.n_right:,} of {score.n:,} answers.")
    if watched.shift.overall is not None:
        lines.append(watched.shift.overall.sentence)
    shifted = [each for each in (*watched.shift.per_class, *watched.shift.facts) if each.found]
    lines += [each.sentence for each in shifted[:SHIFTS_MOST]]
    lines += [sentence(watched.contested), found.account.feedback.sentence]
    for line in lines:
        out.print(f"  {escape(line)}", highlight=False)
    if found.path is not None:
        out.print(f"\n  The page: {escape(str(found.path))}", highlight=False)

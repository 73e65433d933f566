"""`feedback`: how much a model feeds itself, and what that would do to it. Path: project -> **cli**."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.feedback import FeedbackShare, Simulated

app = typer.Typer(
    name="feedback",
    help="Measure how much the model learns from itself, and play what that would do.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

CLASSES_MOST = 10  # in the terminal, worst first; --json has all
RoundsOption = Annotated[int, typer.Option("--rounds", min=1, max=50, help="Rounds of training.")]
StartOption = Annotated[
    float, typer.Option("--start", help="The share that people label at the beginning, in percent.")
]
AuditedOption = Annotated[float, typer.Option("--audited", help="The share of each batch that is audited, in percent.")]
AutomationOption = Annotated[
    float, typer.Option("--accepted", help="How often people accept a wrong answer of the model, in percent.")
]
RepeatsOption = Annotated[int, typer.Option("--repeats", min=2, max=100, help="How often it is played anew.")]


@app.callback()
def feedback() -> None:
    """Hold the commands about feedback together."""


@app.command()
def share(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Count how many labels of each training began as a model's own answer.

    [bold]Example[/bold]: florilegium feedback share -p flowers/
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        found = opened.feedback().share()
        bars.stop()
        print_json(_share_dict(found)) if as_json else _show_share(console(), found)


@app.command()
def simulate(
    project: ProjectOption = Path(),
    rounds: RoundsOption = 10,
    start: StartOption = 10.0,
    audited: AuditedOption = 10.0,
    accepted: AutomationOption = 90.0,
    repeats: RepeatsOption = 6,
    as_json: JsonOption = False,
) -> None:
    """Play self-training on this project's own data, with and without the blind audit. Nothing is changed.

    People label a small share; then the model labels what comes in, round by round, and learns from that. Accuracy is
    measured on groups that are held out. Where nothing happens, that is what you are told.

    [bold]Examples[/bold]:

      florilegium feedback simulate -p flowers/

      florilegium feedback simulate -p flowers/ --audited 20 --accepted 100
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        from florilegium.feedback import Wish

        wish = Wish(
            n_rounds=rounds,
            share_start=start / 100,
            share_audited=audited / 100,
            automation_bias=accepted / 100,
            n_repeats=repeats,
        )
        found = opened.feedback().simulate(wish)
        bars.stop()
        print_json(_simulated_dict(found)) if as_json else _show_simulated(console(), found)


def _share_dict(found: "FeedbackShare") -> dict[str, object]:
    from florilegium.feedback import Origin

    rounds = [
        {
            "model": each.number,
            "labels": each.n,
            "share_own": each.share_own,
            "counts": {origin.name.lower(): each.counts[origin] for origin in Origin},
        }
        for each in found.rounds
    ]
    return {"sentence": found.sentence, "rounds": rounds}


def _simulated_dict(found: "Simulated") -> dict[str, object]:
    from florilegium.project.biased import as_json

    return dict(as_json(asdict(found)))


def _show_share(out: Console, found: "FeedbackShare") -> None:
    from florilegium.feedback.origins import WORDS, Origin

    out.print(f"\n  [bold]{escape(found.sentence)}[/bold]\n", highlight=False)
    for each in found.rounds:
        told = [f"{each.counts[origin]:,} {WORDS[origin]}" for origin in Origin if each.counts[origin]]
        out.print(f"  model {each.number}: {'; '.join(told)}", highlight=False)


def _show_simulated(out: Console, found: "Simulated") -> None:
    from florilegium.evaluation.words import percent, points
    from florilegium.feedback.simulation import Way, by_class

    out.print(f"\n  [bold]{escape(found.sentence)}[/bold]\n", highlight=False)
    table = Table(box=None, header_style="dim")
    for name in ("round", *(way.value for way in Way)):
        table.add_column(name, justify="right")
    for i in range(len(found.courses[0].accuracy)):
        cells = [course.accuracy[i] for course in found.courses]
        table.add_row(str(i), *(f"{percent(c.value)} ({points(c.low)} to {points(c.high)})" for c in cells))
    table.add_row("wrong labels", *(percent(course.wrong_labels[-1]) for course in found.courses))
    out.print(table)
    out.print("\n  Right among each class, before and at the end, the model alone:", highlight=False)
    for name, before, after, died in list(by_class(found, Way.ALONE))[:CLASSES_MOST]:
        gone = f", never answered any more in {percent(died)} of repeats" if died else ""
        if before == before and after == after:  # noqa: PLR0124 - NaN: never held out
            out.print(f"    {escape(name)}: {percent(before)} to {percent(after)}{gone}", highlight=False)

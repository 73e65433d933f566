"""`bias`: six kinds of bias, on a project or on any table of decisions. Path: project -> **cli**."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.errors import SettingError

if TYPE_CHECKING:
    from florilegium.cli.bars import Bars
    from florilegium.project.biased import Biased

SIGNS = {"gap": ("●", "bold red"), "none": ("○", "green"), "few": ("…", "dim"), "unmeasured": ("–", "dim")}
OF_TABLES = ("label", "prediction", "threshold", "person", "date", "proxy")  # a project knows these by itself
NOTES_MOST = 4  # on what was left out; the page holds all
SENTENCES_MOST = 3  # per kind in the terminal; the page holds all

TableOption = Annotated[
    Path | None, typer.Option("--table", metavar="FILE", help="A table of finished decisions, by whomever made.")
]
LabelOption = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="Of the table: what turned out to be true.")
]
PredictionOption = Annotated[
    str | None, typer.Option("--prediction", metavar="COLUMN", help="Of the table: what was decided, or the score.")
]
GroupOption = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="COLUMNS", help="Whom to tell apart; several parted by commas."),
]
PositiveOption = Annotated[
    str | None, typer.Option("--positive", metavar="VALUES", help="What counts as yes; several parted by commas.")
]
ThresholdOption = Annotated[float | None, typer.Option("--threshold", help="The score from which on it is a yes.")]
PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="COLUMN", help="Rows of one person are not independent.")
]
DateOption = Annotated[
    str | None, typer.Option("--date", metavar="COLUMN", help="When it was decided: do gaps grow or shrink?")
]
ProxyOption = Annotated[
    list[str] | None, typer.Option("--proxy", metavar="COLUMNS", help="Columns that should not tell the label.")
]
TargetOption = Annotated[
    Path | None,
    typer.Option(
        "--target",
        metavar="FILE",
        help="Whom it is meant for: a table column,group,share, or pictures.",
    ),
]
GapOption = Annotated[
    float,
    typer.Option("--gap", metavar="POINTS", min=0.1, max=100, help="The gap that matters: what must not go unseen."),
]
IntendedOption = Annotated[str, typer.Option("--intended-use", help="What it is for; stands in the model card.")]
OutOfScopeOption = Annotated[str, typer.Option("--out-of-scope", help="What it must not be used for.")]
RecourseOption = Annotated[str, typer.Option("--recourse", help="Where those who are judged can object.")]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="The page to write.", show_default="bias.html in a project")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Of a table: same seed, same ranges.")]


def bias(
    project: ProjectOption = Path(),
    table: TableOption = None,
    label: LabelOption = None,
    prediction: PredictionOption = None,
    group: GroupOption = None,
    positive: PositiveOption = None,
    threshold: ThresholdOption = None,
    person: PersonOption = None,
    date: DateOption = None,
    proxy: ProxyOption = None,
    target: TargetOption = None,
    gap: GapOption = 10.0,
    intended: IntendedOption = "",
    out_of_scope: OutOfScopeOption = "",
    recourse: RecourseOption = "",
    output: OutputOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Test six kinds of bias, each with a number and its range, and write a page about them.

    For each kind it says what was found, what was not shown, where there are too few to tell, or why it cannot be
    measured. A project's answers are those of cross-validation, and those to the sealed items once a verdict has opened
    the seal. Of a table nobody has to see the model: what was decided and what turned out to be true are enough.

    [bold]Examples[/bold]:

      florilegium bias -p flowers/ --group source,brightness

      florilegium bias --table decisions.csv --label repaid --prediction granted --group sex,age -o page.html

      florilegium bias --table scores.csv --label two_year_recid --prediction decile_score --threshold 5 --group race
    """
    with edge(as_json=as_json), bars_for(as_json) as bars:
        options = dict(locals())
        found = _of_project(options, bars) if table is None else _of_table(options, bars)
        bars.stop()
        if as_json:
            from florilegium.project.biasing import findings_dict

            print_json(findings_dict(found))
        else:
            show(console(), found)


def _of_project(options: dict[str, Any], bars: "Bars") -> "Biased":
    from florilegium.project.judged import BiasWish

    given = [f"--{name}" for name in OF_TABLES if options[name] not in (None, [])]
    if given:
        raise SettingError(f"{', '.join(given)}: about a table of decisions. Name it too: --table FILE")
    wish = BiasWish(
        groups=_names(options["group"]),
        positive=options["positive"],
        target=options["target"],
        gap=options["gap"] / 100,
        use=_use(options),
        output=options["output"],
    )
    with load(options["project"], bars) as opened:
        return opened.bias(wish)


def _of_table(options: dict[str, Any], bars: "Bars") -> "Biased":
    from florilegium.project.biasing import write_page
    from florilegium.project.deciding import TableQuestion, bias_of_table
    from florilegium.project.project import utc_now

    _refuse_open_question(options)
    question = TableQuestion(
        table=options["table"],
        label=options["label"],
        groups=_names(options["group"]),
        prediction=options["prediction"],
        positive=_names([options["positive"] or ""]),
        threshold=options["threshold"],
        person=options["person"],
        date=options["date"],
        proxies=_names(options["proxy"]),
        target=options["target"],
        gap=options["gap"] / 100,
        use=_use(options),
        seed=options["seed"],
    )
    found = replace(bias_of_table(question, now=utc_now(), progress=bars), path=options["output"])
    write_page(found)
    return found


def _refuse_open_question(options: dict[str, Any]) -> None:
    """Ask for what a table does not tell by itself, with the columns that it has."""
    from florilegium.source.tablefile import open_table

    missing = [f"--{name} COLUMN" for name in ("label", "group") if not options[name]]
    if missing:
        columns = ", ".join(open_table(options["table"]).columns[:30])
        raise SettingError(f"{options['table']}: {' and '.join(missing)} missing. The table has the columns {columns}.")


def _names(given: list[str] | None) -> tuple[str, ...]:
    """Part what was given at commas; the order stays, and nothing twice."""
    parts = [part.strip() for each in given or () for part in each.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _use(options: dict[str, Any]) -> Any:  # noqa: ANN401 - the report's value, whose module is loaded only here
    from florilegium.report.bias_card import Use

    return Use(intended=options["intended"], out_of_scope=options["out_of_scope"], recourse=options["recourse"])


def show(out: Console, found: "Biased") -> None:
    """Show the first sentence, then the six kinds, each with the clearest of what was found."""
    from florilegium.report.bias import page_of

    page = page_of(found.account)
    out.print(f"\n  [bold]{escape(page.lead)}[/bold]", highlight=False)
    out.print(f"  [dim]{escape(page.subject)}[/dim]\n", highlight=False)
    for chapter in page.chapters:
        sign, style = SIGNS[chapter.state]
        out.print(f"  [{style}]{sign} {chapter.title:<15} {chapter.state_words}[/{style}]", highlight=False)
        if chapter.why_not:
            out.print(f"    [dim]{escape(chapter.why_not)}[/dim]", highlight=False)
        for statement in chapter.statements[:SENTENCES_MOST]:
            out.print(f"    {escape(statement.sentence)}", highlight=False)
    for note in page.notes[:NOTES_MOST]:
        out.print(f"  [dim]! {escape(note)}[/dim]", highlight=False)
    for step in page.steps[:SENTENCES_MOST]:
        out.print(f"  [dim]→ {escape(step)}[/dim]", highlight=False)
    where = f"The page: {found.path}" if found.path else "All of it as a page: add -o page.html"
    out.print(f"\n  {escape(where)}", highlight=False)

"""`queries`: what may be answered without a person, with what, and what nobody knows. Path: project -> **cli**."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.project.queries import Case, Promised, RepliesTaken, UnknownQueries

app = typer.Typer(
    name="queries",
    help="Written queries: a promised error rate, replies, and what no intent covers.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

MOST_LISTED = 10  # on the terminal; --json has all
N_EXAMPLES = 3  # of a group


@app.callback()
def queries() -> None:
    """Hold the commands about queries together."""


@app.command("promise")
def promise(
    error: Annotated[float, typer.Option(help="The share of automatic answers that may be wrong, at most.")] = 0.02,
    sure: Annotated[float, typer.Option(help="How sure the promise is; 0.95: it holds 95 times of 100.")] = 0.95,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Choose from which probability on a query is answered without a person, so that a promised error rate holds.

    Rests on answers of cross-validation. Holds for the current model and for the replies in use, so take those first:
    florilegium queries replies FILE.

    [bold]Examples[/bold]:

      florilegium queries promise

      florilegium queries promise --error 0.01 --sure 0.99
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        made = opened.queries().promise(error=error, sure=sure)
        if as_json:
            print_json(_promised(made))
            return
        out = console()
        out.print(f"[bold]{escape(str(made))}[/bold]", highlight=False)
        for line in _beside(made):
            out.print(f"  · {escape(line)}", highlight=False)


def _promised(made: "Promised") -> dict[str, Any]:
    cases = [
        {"asked": case.told, "intents": sorted(case.intents), **asdict(case.promise), "sentence": str(case.promise)}
        for case in made.cases
    ]
    return {
        **asdict(made.promise),
        "threshold": made.threshold,
        "sentence": str(made),
        "cases": cases if made.intents else [],
        "model": made.model_id,
        "intents": sorted(made.intents),
        "n_without_reply": made.n_without,
        "n_reply_with_open_places": made.n_open,
    }


def _beside(made: "Promised") -> list[str]:
    from florilegium.evaluation.words import counted

    if not made.intents:
        return [f"With a reply to each intent: {made.promise}."]
    lines = [_of_case(case) for case in made.cases]
    if not made.promise.is_exact:
        lines.append("Near-duplicates count for less than one answer each, so the bound is approximate.")
    if made.n_without:
        have = "has" if made.n_without == 1 else "have"
        lines.append(f"{counted(made.n_without, 'intent')} {have} no reply; such queries wait for a person.")
    if made.n_open:
        have = "has" if made.n_open == 1 else "have"
        lines.append(
            f"{counted(made.n_open, 'intent')} {have} a reply with an open place such as {{name}}: it goes out by "
            "itself only where the sender fills it."
        )
    lines.append(
        "It holds for queries like those that were learned from, and for no text about something else. Blind checks "
        "tell whether it is kept."
    )
    return lines


def _of_case(case: "Case") -> str:
    """Say from where on queries asked in one way are answered, and what that rests on."""
    from florilegium.evaluation.words import percent

    said, asked = case.promise, f"Asked {case.told}: " if case.told else ""
    if said.threshold is None or said.wrong is None:
        return f"{asked}{said}."
    share = f"{percent(said.automatic.accuracy)} of queries answered, f" if asked else "F"
    return (
        f"{asked}{share}rom a probability of {said.threshold:.3f} on; {said.wrong.n_right:,} of {said.wrong.n:,} wrong "
        f"in cross-validation; the promise rests on {said.n_tested:,} answers."
    )


@app.command("replies")
def replies(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines, Parquet or TOML: intent, reply, language.")],
    check: Annotated[bool, typer.Option("--check", help="Look at the file, and do nothing.")] = False,
    who: Annotated[str, typer.Option(help="Who wrote the replies.")] = "owner",
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Take a file of replies into use in place of those that were: all of it, or nothing.

    A reply may hold {name}, {link}, {date}, {amount}, {reference} and {agent}; a column of such a name fills it in.

    [bold]Examples[/bold]:

      florilegium queries replies replies.csv --check

      florilegium queries replies replies.toml
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        taken = opened.queries().take_replies(file, check=check, who=who)
        if as_json:
            print_json({**asdict(taken), "path": str(taken.path)})
            return
        _tell(taken)


def _tell(taken: "RepliesTaken") -> None:
    out = console()
    done = "would be in use" if taken.is_check else "are in use"
    out.print(f"{taken.n_replies:,} replies to {taken.n_intents:,} intents {done}.", highlight=False)
    for note in taken.notes:
        out.print(f"  · {escape(note)}", highlight=False)
    if taken.missing:
        named = ", ".join(taken.missing[:MOST_LISTED])
        more = f" and {len(taken.missing) - MOST_LISTED:,} more" if len(taken.missing) > MOST_LISTED else ""
        out.print(f"  · Without a reply, so a person answers: {escape(named)}{more}.", highlight=False)


@app.command("unknown")
def unknown(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Group the queries on which the model abstained, by what they say. Name them at the desk: florilegium serve."""
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        found = opened.queries().unknown()
        if as_json:
            print_json(_groups(found))
            return
        out = console()
        out.print(f"{len(found.queries):,} queries that nobody named; {len(found.groups):,} groups.", highlight=False)
        for group in found.groups[:MOST_LISTED]:
            out.print(f"[bold]{escape(' · '.join(group.words))}[/bold]  {len(group.rows):,}", highlight=False)
            for row in group.rows[:N_EXAMPLES]:
                out.print(f"  {escape(' '.join(found.queries[row].text.split())[:110])}", highlight=False)


def _groups(found: "UnknownQueries") -> dict[str, Any]:
    groups = [
        {"words": list(group.words), "queries": [found.queries[row].text for row in group.rows]}
        for group in found.groups
    ]
    return {"n_queries": len(found.queries), "n_alone": found.n_alone, "groups": groups}

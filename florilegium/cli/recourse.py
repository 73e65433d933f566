"""`appeals`, `person`, `recourse`: what people contested, what is kept of them, and for how long. Path: **cli**."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from florilegium.project.recourse.trail import CaseLine

TicketArgument = Annotated[
    str, typer.Argument(metavar="TICKET", help="The last part of an answer's or a case's private address.")
]

appeals = typer.Typer(
    name="appeals",
    help="What people contested and what chance drew: listed, and as an audit trail.",
    no_args_is_help=True,
)
person = typer.Typer(name="person", help="All that is kept of one answer: given, or erased.", no_args_is_help=True)
recourse = typer.Typer(name="recourse", help="Keep the promises about time: erase, remind, send.", no_args_is_help=True)


@appeals.callback()
def _appeals() -> None:
    """Hold the commands about cases together."""


@person.callback()
def _person() -> None:
    """Hold the commands about a person's data together."""


@recourse.callback()
def _recourse() -> None:
    """Hold the commands about retention together."""


@appeals.command("list")
def list_appeals(
    project: ProjectOption = Path(),
    open_only: Annotated[bool, typer.Option("--open", help="Only those that wait for somebody.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List appeals and blind audits, the newest first.

    [bold]Examples[/bold]:

      florilegium appeals list -p flowers/

      florilegium appeals list --open --json
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        lines = [
            line for line in opened.appeals() if not open_only or (line.ruling is None and line.state != "withdrawn")
        ]
        if as_json:
            print_json([{name: getattr(line, name) for name in line.__dataclass_fields__} for line in lines])
        else:
            _show(lines)


def _show(lines: "Sequence[CaseLine]") -> None:
    from rich.table import Table

    if not lines:
        console().print("No cases yet: nobody has contested an answer, and chance has drawn none.", highlight=False)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("case", "why", "state", "answer", "decided as", "due", "by"):
        table.add_column(name)
    for line in lines:
        due = "[red]overdue[/red]" if line.is_overdue else line.deadline_at[:10] if line.ruling is None else ""
        decided = "" if line.ruling is None else line.label or "none of the classes"
        table.add_row(
            str(line.number),
            line.origin,
            line.state,
            escape(line.answer or "abstained"),
            escape(decided),
            due,
            escape(", ".join(line.reviewers)),
        )
    console().print(table)


@appeals.command()
def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")] = Path("appeals.html"),
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write the audit trail: every case with every step, who took it and when, and what is doubtful about reviews.

    A page for the printer; with --json the same as one document. Holds no picture, no appellant's words, no address.

    [bold]Examples[/bold]:

      florilegium appeals export -o trail.html

      florilegium appeals export --json > trail.json
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        from florilegium.project.kept import replacing
        from florilegium.project.recourse import trail

        if as_json:
            print_json(trail.document(opened.recourse()))
            return
        with replacing(output) as beside:
            beside.write_text(trail.page(opened.recourse()), encoding="utf-8", errors="backslashreplace")
        console().print(f"{escape(str(output))}: the audit trail, one page to print", highlight=False)


@person.command("export")
def export_person(
    ticket: TicketArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="The archive to write.")] = Path("person.zip"),
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write all that is kept about an answer and its cases into an archive, with the picture or text.

    With --json the document alone goes to standard output.

    [bold]Example[/bold]: florilegium person export 5Yc2... -o for-ann.zip
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        if as_json:
            print_json(opened.person(ticket))
            return
        from florilegium.project.recourse import persons

        told = persons.export(opened.recourse(), ticket, output)
        n_cases = len(told["cases"])
        console().print(f"{escape(str(output))}: the answer and {n_cases} case(s)", highlight=False)


@person.command()
def forget(
    ticket: TicketArgument,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Erase all that is personal about an answer: picture, hash, vector, facts, words, address. Counts stay.

    An item that the model may have learned from is taken out of the set; the next training goes without it.

    [bold]Example[/bold]: florilegium person forget 5Yc2...
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        erased = opened.recourse().forget(ticket)
        if as_json:
            print_json({name: getattr(erased, name) for name in erased.__dataclass_fields__})
        else:
            console().print(escape(erased.sentence), highlight=False)


@recourse.command()
def sweep(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Erase what may not be kept longer, remind reviewers of deadlines, and send the mail that waits.

    A running server does this by itself; run it from cron where none runs.

    [bold]Example[/bold]: florilegium recourse sweep -p flowers/
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        held = opened.recourse()
        swept, mail = held.sweep(), held.send_mail()
        done: dict[str, Any] = {**swept.as_dict(), "n_sent": mail.n_sent, "n_mail_waiting": mail.n_failed}
        if as_json:
            print_json(done)
            return
        for name, words in (
            ("n_contents", "pictures or texts erased"),
            ("n_expired", "audits closed undecided, because nothing of them may be kept longer"),
            ("n_forgotten", "old answers of which all that is personal was erased"),
            ("n_learned", "decided cases learned from that a crash had left out"),
            ("n_reminded", "cases whose reviewers are reminded"),
            ("n_sent", "messages sent"),
            ("n_mail_waiting", "messages that could not be sent and are tried again"),
        ):
            console().print(f"{done[name]:>7,}  {words}", highlight=False)

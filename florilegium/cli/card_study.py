"""`cards study` and `cards progress`: ask, show, take the answer. Path: project -> **cli**. Computes nothing."""

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from florilegium.cli.card_options import FileOption, ProjectOption, WhoOption, study_for
from florilegium.cli.edge import edge
from florilegium.cli.keys import QUIT, Keys
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import bars_for, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from florilegium.project.studying import Account, Shown, Study

UNDO, REVEAL, GRADES = "u", (" ", "\r", "\n"), ("1", "2", "3", "4")
HELP = "[dim]space shows the answer · 1 again · 2 hard · 3 good · 4 easy · u undo · q quit[/dim]"
BAR = 30  # characters of the longest bar
INDENT = 2  # columns


def study(
    project: ProjectOption = None,
    page: Annotated[bool, typer.Option("--page", help="Study in the browser.")] = False,
    new: Annotated[int | None, typer.Option("--new", help="New cards a day, from now on.", show_default="10")] = None,
    retention: Annotated[
        float | None, typer.Option("--retention", help="The share to be remembered, 0.7 to 0.97.", show_default="0.9")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Your time zone, such as Europe/Vienna.", show_default="this machine's")
    ] = None,
    day_starts: Annotated[
        int | None, typer.Option("--day-starts", help="The hour at which a day begins.", show_default="4")
    ] = None,
    consent: Annotated[
        bool | None,
        typer.Option(
            "--consent/--no-consent",
            help="Let what you name on picture cards count to the human baseline.",
            show_default="no",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of --page; 0: any.", show_default="8000 or the next free one")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    file: FileOption = None,
    who: WhoOption = None,
) -> None:
    """Study your cards, each when you are about to forget it. Every answer is kept at once; leave whenever you like.

    Choices such as --new are remembered.

    [bold]Examples[/bold]:

      florilegium cards study

      florilegium cards study -p flowers/ --page

      florilegium cards study --new 20 --zone Europe/Vienna
    """
    with edge(), bars_for(False) as bars, study_for(project, file, who, bars) as cards:
        cards.choose(new_per_day=new, retention=retention, zone=zone, day_starts=day_starts, consent=consent)
        bars.stop()
        if page:
            _page(cards, port, browser=not no_open)
            return
        out = console()
        if cards.clock_behind:
            out.print(
                "[yellow]![/yellow] This machine's clock is behind your newest answer. Check it.", highlight=False
            )
        for line in cards.empty:
            out.print(f"[dim]{escape(line)}[/dim]", highlight=False)
        out.print(HELP, highlight=False)
        with suppress(KeyboardInterrupt, EOFError), Keys() as keys:
            _session(cards, keys, out)
        counts = cards.counts()
        out.print(
            f"\n{counts.n_answered_today:,} answered today; {counts.n_cards:,} due, {cards.n_new_left:,} new ones "
            "left. How it goes: florilegium cards progress",
            highlight=False,
        )


def _session(cards: "Study", keys: Keys, out: "Console") -> None:
    """Ask one card after another until none is left or the learner leaves."""
    shown = cards.next()
    if shown is None:
        out.print("Nothing is due now. Come back tomorrow, or raise the limit: --new 20", highlight=False)
    while shown is not None:
        key = _ask(cards, keys, out, shown)
        if key == QUIT:
            return
        if key == UNDO:
            undone = cards.undo()
            out.print("[dim]nothing to take back[/dim]" if undone is None else "[dim]taken back[/dim]")
            shown = undone or shown
            continue
        shown = cards.next()
        if shown is None:
            out.print("\nDone for today.", highlight=False)


def _ask(cards: "Study", keys: Keys, out: "Console", shown: "Shown") -> str:
    """Ask one card; give the key that ended it."""
    from florilegium.cards.schedule import Rating

    began, counts = time.monotonic(), cards.counts()
    new = min(counts.n_new, cards.n_new_left)
    out.print(f"\n[dim]── {counts.n_cards} due · {new} new · {escape(shown.card.note.deck)}[/dim]", highlight=False)
    _question(cards, out, shown)
    said = None
    if shown.classes:
        said = keys.line("  what is it? (Enter: show) ")
    elif (key := keys.press(*REVEAL, QUIT, UNDO)) in (QUIT, UNDO):
        return key
    seconds = time.monotonic() - began
    _answer(out, shown, said)
    key = keys.press(*GRADES, QUIT, UNDO)
    if key not in (QUIT, UNDO) and not cards.answer(
        shown, Rating(int(key)), said=said, seconds=seconds, source="terminal"
    ):
        out.print("[yellow]![/yellow] answered on another device meanwhile; nothing was recorded", highlight=False)
    return key


def _question(cards: "Study", out: "Console", shown: "Shown") -> None:
    for name in shown.face.pictures:
        out.print(f"  [dim]picture:[/dim] {escape(str(cards.picture(name)))}", highlight=False, soft_wrap=True)
    for text in shown.face.texts:
        _indented(out, f"[italic]{escape(text)}[/italic]")
    out.print()
    _indented(out, f"[bold]{escape(shown.face.question)}[/bold]")
    out.print()


def _indented(out: "Console", words: str) -> None:
    """Print two columns in, also where a line is broken."""
    from rich.text import Text

    for line in Text.from_markup(words).wrap(out, max(out.width - INDENT, 1)):
        line.rstrip()
        out.print(Text(" " * INDENT) + line, highlight=False)


def _answer(out: "Console", shown: "Shown", said: str | None) -> None:
    from florilegium.cards.schedule import wait_words

    face = shown.face
    if said and said.strip():
        right = said.strip().casefold() == (shown.card.note.label or "").casefold()
        _indented(out, "[green]right[/green]" if right else f"[red]not {escape(said.strip())}[/red]")
    _indented(out, escape(face.answer))
    for heading, text in face.rows:
        _indented(out, f"[dim]{escape(heading)}:[/dim] {escape(text)}")
    foot = " · ".join(filter(None, (face.see, face.foot)))
    if foot:
        _indented(out, f"[dim]{escape(foot)}[/dim]")
    waits = " · ".join(f"{rating.value} {rating.name.lower()} {wait_words(w)}" for rating, w in shown.waits.items())
    out.print()
    _indented(out, f"[dim]{waits} · u undo · q quit[/dim]")


def _page(cards: "Study", port: int | None, *, browser: bool) -> None:
    import webbrowser
    from threading import Thread

    from florilegium.serve.running import address_of, listen, run
    from florilegium.serve.study import create_study

    app = create_study(cards)
    with suppress(KeyboardInterrupt), listen("127.0.0.1", port) as listening:
        address = address_of(listening, "127.0.0.1")

        def tell() -> None:
            console().print(f"Study at [bold]{escape(address)}[/bold]   (Ctrl-C stops it)", highlight=False)
            sys.stdout.flush()
            if browser:
                Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        run(app, listening, ready=tell)


def progress(
    project: ProjectOption = None, file: FileOption = None, who: WhoOption = None, as_json: JsonOption = False
) -> None:
    """Show what comes, what was kept, and on a project how you know each class beside the model.

    [bold]Example[/bold]: florilegium cards progress -p flowers/
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, study_for(project, file, who, bars) as cards:
        account, counts = cards.account(), cards.counts()
        bars.stop()
        if as_json:
            from florilegium.project.studying import account_dict

            print_json(account_dict(account, counts))
            return
        _show(account, console())


def _show(account: "Account", out: "Console") -> None:
    from florilegium.evaluation.words import counted

    found = account.progress
    kept = "nothing learned was asked again yet" if found.kept is None else f"kept: {found.kept}"
    seen = f"{counted(found.n_seen, 'card')} seen, {found.n_learned:,} learned"
    answers = f"{counted(found.n_reviews, 'answer')} on {counted(found.n_days, 'day')}"
    out.print(f"{answers}; {seen}; {kept}", highlight=False)
    if found.n_ahead_of_clock:
        out.print(f"[yellow]![/yellow] {found.n_ahead_of_clock:,} answers are dated after now: a clock was wrong")
    most = max((day.n for day in found.forecast), default=0)
    if most:
        out.print("\n[bold]What comes[/bold]")
        for day in found.forecast[:14]:
            bar = "█" * max(round(BAR * day.n / most), bool(day.n))
            out.print(f"  {day.day:%a %d %b}  {day.n:4,}  [dim]{bar}[/dim]", highlight=False)
    if account.classes:
        _show_classes(account, out)


def _show_classes(account: "Account", out: "Console") -> None:
    out.print("\n[bold]You and the model, class by class[/bold]")
    for pair in account.classes:
        you = "not asked yet" if pair.you is None else str(pair.you)
        model = "not asked" if pair.model is None else str(pair.model)
        out.print(f"  {escape(pair.name):<16} you {you}   model {model}", highlight=False)
    for one, other in account.both:
        out.print(f"  You and the model both mix up {escape(one)} and {escape(other)}.", highlight=False)

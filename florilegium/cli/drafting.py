"""`draft`: bullet points become a text whose numbers are checked. Path: project -> **cli**."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.terminal import console, print_json
from florilegium.errors import InputError, SettingError, StorageError

if TYPE_CHECKING:
    from florilegium.journal.draft import Draft
    from florilegium.project.drafting import Prepared

PROJECT_FILE = "florilegium.toml"
KINDS, TONES = ("chapter", "reply", "answer", "note"), ("plain", "warm", "formal", "brief")


def draft(
    points: Annotated[
        list[str] | None, typer.Argument(help="The notes, one each; - reads them from standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file of notes: bullets, or one a line.")] = None,
    kind: Annotated[
        str, typer.Option(help="chapter, reply (to an appeal), answer (to a question) or note.")
    ] = "chapter",
    tone: Annotated[str, typer.Option(help="plain, warm, formal or brief.")] = "plain",
    project: Annotated[
        list[Path] | None,
        typer.Option(
            "-p", "--project", help="Check numbers against its record; may be repeated.", show_default="this folder"
        ),
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Ask no language model, even where one is set.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print what would be sent, and send nothing.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a draft with numbers that the record does not know.")
    ] = False,
    trust_notes: Annotated[
        bool, typer.Option("--trust-notes", help="Leave numbers of the notes unmarked where the record lacks them.")
    ] = False,
    send_personal: Annotated[
        bool, typer.Option("--send-personal", help="Send names, e-mail addresses and telephone numbers as they are.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the draft into a new file.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")
    ] = False,
) -> None:
    """Turn bullet points into a text, and look every number in it up in the project's record.

    Without a language model a template joins the notes. With one, they are sent there after you said yes: without
    pictures, and with names, e-mail addresses and telephone numbers masked. FLORILEGIUM_LLM_URL and
    FLORILEGIUM_LLM_MODEL name any OpenAI-compatible endpoint, such as llama.cpp or Ollama on this machine.

    [bold]Examples[/bold]:

      florilegium draft "trained a second model" "356 of 359 right" -p digits/

      florilegium draft --file notes.md --kind reply --tone warm

      cat notes.md | florilegium draft - --yes --strict
    """
    with edge(as_json=as_json):
        from florilegium.project import drafting

        wish = _wish(points or [], file, kind=kind, tone=tone, projects=project or [], template=template)
        prepared = drafting.prepare(
            _with(wish, may_send_personal=send_personal, is_strict=strict, trust_notes=trust_notes)
        )
        if show:
            _show_request(prepared)
            return
        _ask(prepared, yes=yes)
        with _heard(quiet=as_json) as heard:
            made = drafting.carry_out(prepared, heard=heard)
        _give(made, output, as_json=as_json)


def _with(wish: Any, **choices: Any) -> Any:  # noqa: ANN401 - a DraftWish, whose module loads when it is needed
    from dataclasses import replace

    return replace(wish, **choices)


def _wish(points: list[str], file: Path | None, *, kind: str, tone: str, projects: list[Path], template: bool) -> Any:  # noqa: ANN401 - a DraftWish
    from florilegium import endpoint
    from florilegium.journal.draft import DraftKind, Tone, read_points
    from florilegium.project import chapters, drafting, load

    for name, value, known in (("--kind", kind, KINDS), ("--tone", tone, TONES)):
        if value not in known:
            raise SettingError(f"{name} {value}: expected one of {', '.join(known)}")
    text = _text(points, file)
    folders = projects or ([Path()] if Path(PROJECT_FILE).exists() else [])
    told, names = [], list[str]()
    for name, folder in chapters.short_names(folders, {}).items():
        with load(folder) as opened:
            told.append(opened.journal(name=name))
            names += drafting.names_of(opened)
    return drafting.DraftWish(
        points=read_points(text),
        kind=DraftKind(kind),
        tone=Tone(tone),
        endpoint=None if template else endpoint.from_environment(os.environ),
        names=tuple(names),
        record=drafting.record_of(told),
    )


def _text(points: list[str], file: Path | None) -> str:
    """Give the notes: from a file, standard input or the arguments."""
    if file is not None and points:
        raise InputError("notes as arguments and --file: give one of the two")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{file}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error
    if points == ["-"] or (not points and not sys.stdin.isatty()):
        return sys.stdin.buffer.read().decode("utf-8", errors="replace")
    return "\n".join(f"- {' '.join(point.split())}" for point in points)


def _show_request(prepared: "Prepared") -> None:
    """Print what would be sent, to the letter."""
    if prepared.wish.endpoint is None or prepared.estimate is None:
        print("Nothing would be sent: the template drafts on this machine.")
        return
    for message in prepared.messages:
        print(f"--- {message['role']}\n{message['content']}")
    print(f"--- to {prepared.wish.endpoint.url}, {prepared.wish.endpoint.model}: {prepared.estimate.words}")


def _ask(prepared: "Prepared", *, yes: bool) -> None:
    """Say what would leave this machine, and ask."""
    endpoint, estimate = prepared.wish.endpoint, prepared.estimate
    if endpoint is None or estimate is None:
        return
    where = "this machine" if endpoint.is_here else endpoint.host
    print(f"To {endpoint.model} on {where}: {estimate.words}.", file=sys.stderr)
    if prepared.masked is not None and prepared.masked.words:
        print(f"Masked or left out before sending: {prepared.masked.words}.", file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "nothing was sent: nobody is here to say yes. Add --yes, or --template to stay on this machine."
        )
    if not typer.confirm("Send?", default=False, err=True):
        raise InputError("nothing was sent. Without a language model: florilegium draft --template")


@contextmanager
def _heard(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show an answer on standard error as it comes; it goes away when it is done, and stays when it breaks off."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    said: list[str] = []
    err = Console(stderr=True)
    live = Live(console=err, transient=True, vertical_overflow="visible")
    shows = err.is_terminal and not quiet

    def hear(piece: str) -> None:
        said.append("".join(letter for letter in piece if letter.isprintable() or letter == "\n"))
        if shows:
            live.update(Text("".join(said)))

    try:
        with live if shows else nullcontext():
            yield hear
    except BaseException:
        if said:
            print(f"What came before it ended:\n{''.join(said)}\n", file=sys.stderr)
        raise


def _give(made: "Draft", output: Path | None, *, as_json: bool) -> None:
    from florilegium.journal.draft import draft_dict, draft_file

    if output is not None:
        from florilegium.journal import write_new
        from florilegium.project.project import utc_now

        if not write_new(output, draft_file(made, day=utc_now().astimezone().date())):
            raise StorageError(f"{output}: there already. Name another file; nothing is written over.")
    if as_json:
        print_json(draft_dict(made) | ({"path": str(output)} if output is not None else {}))
        return
    if output is not None:
        console().print(escape(str(output)), highlight=False)
    else:
        print(f"> {made.said_by}\n\n{made.text}")
    for line in _said_of_numbers(made):
        print(line, file=sys.stderr)


def _said_of_numbers(made: "Draft") -> Iterator[str]:
    from florilegium.journal.checking import Origin

    words = {
        Origin.RECORD: "Found in the record",
        Origin.NOTES: "From your notes, not in the record",
        Origin.NOWHERE: "Neither in the record nor in your notes",
    }
    for origin, said in words.items():
        if found := made.of(origin):
            named = dict.fromkeys(
                f"{each.number.text} ({each.where})" if origin is Origin.RECORD else each.number.text for each in found
            )
            yield f"{said}: {'; '.join(named)}"

"""`predict`: show answers as they come, as a table, CSV or JSON. Path: project -> **cli**."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import typer
from rich.markup import escape

from florilegium import model as models
from florilegium.cli.bars import Bars
from florilegium.cli.examples import Examples, nothing, similar_of
from florilegium.cli.terminal import console
from florilegium.errors import InputError, SettingError
from florilegium.model import Prediction

STDIN = "-"
WHY = {
    models.UNSURE: "not sure: it may be one of several",
    models.STRANGE: "I do not know this: it is unlike anything I was trained on",
}
MOST_CHARS = 100  # of a training text on a line
WORTH_NAMING = 0.005  # a probability below this would read as 0 %


def show_predictions(
    model: str, inputs: Sequence[str], *, as_json: bool, as_csv: bool, top: int, similar: bool, bars: Bars
) -> None:
    """Answer every input in order. JSON and CSV are written as answers come, so a long list needs no memory.

    Raises: SettingError: JSON and CSV at once, or similar texts without a project.  typer.Exit: code 2 where no input
        at all could be answered.
    """
    if as_json and as_csv:
        raise SettingError("--json and --csv: standard output holds one of the two. Leave one out.")
    opened = models.open_model(models.find(model))
    if similar and as_csv:
        raise SettingError("--similar and --csv: the table has no place for them. Take --json.")
    given = list(inputs) if STDIN not in inputs else _with_stdin(inputs)
    tally = _Tally()
    answers = tally.watched(models.predict(opened, given, top=top, progress=bars))
    with similar_of(model, opened, bars) if similar else nullcontext(nothing) as examples:
        _show_all(answers, examples, as_json=as_json, as_csv=as_csv)
    bars.stop()
    if tally.n_failed and not tally.n_answered:
        raise typer.Exit(InputError.exit_code)  # each fault has been told in its input's place


def _show_all(answers: Iterator[Prediction], examples: Examples, *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        _write_json(answers, examples)
    elif as_csv:
        for line in models.csv_lines(answers):
            sys.stdout.write(line)
    else:
        _show(answers, examples)


class _Tally:
    """Counts what was answered while the answers pass by."""

    def __init__(self) -> None:
        self.n_answered = self.n_failed = 0

    def watched(self, answers: Iterator[Prediction]) -> Iterator[Prediction]:
        for answer in answers:
            if answer.error is None:
                self.n_answered += 1
            else:
                self.n_failed += 1
            yield answer


def _with_stdin(inputs: Sequence[str]) -> Iterator[str]:
    for entry in inputs:
        if entry == STDIN:
            # File names may hold any bytes; read as text, one odd name would end the whole list.
            yield from (os.fsdecode(line.rstrip(b"\r\n")) for line in sys.stdin.buffer if line.strip())
        else:
            yield entry


def _write_json(answers: Iterator[Prediction], examples: Examples) -> None:
    """Write one JSON list, one answer per line."""
    separator = "[\n"
    for answer in answers:
        said = models.prediction_dict(answer, thumbnails=False)
        if found := examples(answer):
            said["similar"] = found
        document = json.dumps(said, ensure_ascii=False, allow_nan=False)
        sys.stdout.buffer.write(f"{separator}  {document}".encode("utf-8", "backslashreplace"))
        separator = ",\n"
    sys.stdout.buffer.write(b"[]\n" if separator == "[\n" else b"\n]\n")
    sys.stdout.flush()


def _show(answers: Iterator[Prediction], examples: Examples) -> None:
    out = console()
    for answer in answers:
        if answer.error is not None:
            out.print(f"[red]✗[/red] {escape(answer.input)}: {escape(answer.error)}", highlight=False)
            continue
        others = ", ".join(f"{label} {share:.0%}" for label, share in answer.top[1:] if share >= WORTH_NAMING)
        sure = "" if answer.why is None else f"  [yellow]{WHY[answer.why]}[/yellow]"
        style = "bold" if answer.known else "dim"
        out.print(
            f"{escape(answer.input)}: [{style}]{escape(answer.label or '')} {answer.probability:.0%}[/{style}]"
            f"  [dim]{escape(others)}[/dim]{sure}",
            highlight=False,
        )
        for found in examples(answer):
            what = found.get("text") or found.get("origin") or found["name"]
            out.print(
                f"  [dim]{found['similarity']:.0%} like[/dim] {escape(found['label'])}"
                f"  [dim]{escape(_one_line(what))}[/dim]",
                highlight=False,
            )


def _one_line(text: str) -> str:
    """Give the beginning of a text on one line, without what a terminal would obey."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[:MOST_CHARS])
    return plain + ("…" if len(text) > MOST_CHARS else "")

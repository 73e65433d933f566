"""Results as people read them in a terminal. Path: project -> **cli**. Takes values, prints, computes nothing."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from florilegium.audit.checks.shortcuts import ALPHA, SMALL
from florilegium.audit.finding import Finding, Severity
from florilegium.audit.shortcut import Rung
from florilegium.cli import terminal
from florilegium.cli.hints import THIS, in_folder
from florilegium.evaluation.values import Outcome, Score, Verdict
from florilegium.evaluation.words import counted
from florilegium.project.results import Reading, Status, Trained
from florilegium.types import Ints

MOST_FAULTS = 5
MUCH_CONFUSED = 0.1  # share of a class taken for one other
TRACK = 40  # characters from 0 % to 100 %
MAX_CLASSES_DRAWN = 24  # a wider confusion matrix does not fit a terminal
SIGNS = {Severity.ERROR: ("✗", "bold red"), Severity.WARNING: ("!", "yellow"), Severity.INFO: ("·", "dim")}
OUTCOME_STYLES = {Outcome.BETTER: "bold green", Outcome.NOT_SHOWN: "bold yellow", Outcome.WORSE: "bold red"}


def heading(console: Console, text: str) -> None:
    """Open a part of the output."""
    console.print(f"\n[bold]{escape(text)}[/bold]")


def notes(console: Console, sentences: Sequence[str]) -> None:
    """Say what was guessed, ignored or chosen."""
    for sentence in sentences:
        console.print(f"  [dim]·[/dim] {escape(sentence)}", highlight=False)


def findings(console: Console, found: Sequence[Finding], *, most: int | None = None, folder: Path = THIS) -> None:
    """Show audit findings, worst first, each with what to do; `folder`: where the project lives."""
    if not found:
        console.print("  Nothing doubtful was found.")
    for finding in found[:most]:
        sign, style = SIGNS[finding.severity]
        console.print(f"  [{style}]{sign}[/{style}] {escape(finding.message)}", highlight=False)
        if finding.severity is not Severity.INFO:
            console.print(f"    [dim]→ {escape(finding.fix)}[/dim]", highlight=False)
    if most is not None and len(found) > most:
        console.print(f"  [dim]and {len(found) - most} more: {escape(in_folder('florilegium audit', folder))}[/dim]")


def ladder(console: Console, scores: Sequence[Score], *, accent: str = "") -> None:
    """Show accuracies with their ranges on one scale, lowest first; `accent` names the row to stand out."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for score in sorted(scores, key=lambda s: s.accuracy):
        style = "bold green" if score.name == accent else ""
        table.add_row(
            Text(f"  {score.name}", style=style),
            Text(f"{score.accuracy:6.1%}", style=style),
            Text(f"({score.low:.1%} to {score.high:.1%})", style="dim"),
            track(score, style=style or "cyan"),
        )
    console.print(table)


def shortcuts(console: Console, rungs: Sequence[Rung]) -> None:
    """Show how well each family of facts tells the class, with its range; what tells more than chance stands out."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for rung in rungs:
        style = "yellow" if rung.p <= ALPHA and rung.lift >= SMALL else ""
        table.add_row(
            Text(f"  {rung.family}", style=style),
            Text(f"{rung.accuracy:6.1%}", style=style),
            Text(f"({rung.low:.1%} to {rung.high:.1%})", style="dim"),
            track(rung, style=style or "cyan"),
            Text(f"p = {rung.p:.4f}, {rung.strongest}", style="dim"),
        )
    console.print(table)


def track(score: Score | Rung, *, style: str) -> Text:
    """Draw a range as a line and the accuracy as a dot on a scale from 0 to 1."""
    low, point, high = (round(value * (TRACK - 1)) for value in (score.low, score.accuracy, score.high))
    cells = ["━" if low <= i <= high else "·" for i in range(TRACK)]
    cells[point] = "●"
    text = Text("".join(cells), style="dim")
    text.stylize(f"not dim {style}", min(low, point), max(high, point) + 1)
    return text


def confusion(console: Console, counts: Ints, classes: Sequence[str]) -> None:
    """Draw a confusion matrix (k, k): truth down, answer across."""
    if len(classes) > MAX_CLASSES_DRAWN:
        return confused_pairs(console, counts, classes)
    width = max(len(c) for c in classes)
    cell = max(3, len(str(int(counts.max()))) + 1)
    console.print(Text(" " * (width + 3) + "".join(f"{c[: cell - 1]:>{cell}}" for c in classes), style="dim"))
    for i, row in enumerate(counts):
        line = Text(f"  {classes[i]:>{width}} ")
        total = max(int(row.sum()), 1)
        for j, count in enumerate(row):
            share = count / total
            style = ("green" if i == j else "bold red" if share >= MUCH_CONFUSED else "red") if count else "dim"
            line.append(f"{int(count) if count else '·':>{cell}}", style=style)
        console.print(line)
    return None


def confused_pairs(console: Console, counts: Ints, classes: Sequence[str], *, most: int = 8) -> None:
    """Name the pairs of classes that are mixed up most, for matrices too wide to draw."""
    pairs = [(int(counts[i, j]), i, j) for i, j in zip(*counts.nonzero(), strict=True) if i != j]
    for count, i, j in sorted(pairs, reverse=True)[:most]:
        console.print(f"  {count:4} × {escape(classes[i])} read as {escape(classes[j])}", highlight=False)


def verdict(console: Console, result: Verdict) -> None:
    """Show the verdict: the sentence first, then the ladder on the sealed test set, then the warnings."""
    style = OUTCOME_STYLES[result.outcome]
    console.print(f"\n  [{style}]{escape(result.sentence)}[/{style}]\n", highlight=False)
    ladder(console, [*result.baselines, result.model], accent=result.model.name)
    rows = [result.same_sources, result.new_sources, result.leak_free, result.answered]
    for score in rows:
        if score is not None:
            console.print(
                f"  [dim]{escape(score.name)}: {score.accuracy:.1%} ({score.low:.1%} to {score.high:.1%})[/dim]",
                highlight=False,
            )
    for check in result.sanity:
        sign, colour = ("✓", "green") if check.passed else ("✗", "red")
        console.print(f"  [{colour}]{sign}[/{colour}] {escape(check.message)}", highlight=False)
    told = {check.message for check in result.sanity}
    for warning in (each for each in result.warnings if each not in told):
        console.print(f"  [yellow]![/yellow] {escape(warning)}", highlight=False)


def files(console: Console, written: Sequence[tuple[Path, str]]) -> None:
    """Name the files that were written and what each is for."""
    for path, what in written:
        amount = terminal.size_words(path.stat().st_size)
        console.print(f"  {escape(str(path))}  [dim]{amount}, {escape(what)}[/dim]", highlight=False)


def reading(console: Console, result: Reading, *, folder: Path = THIS) -> None:
    """Show what was guessed or ignored while reading, and the first of what could not be used."""
    notes(console, result.notes)
    for fault in result.faults[:MOST_FAULTS]:
        console.print(f"  [yellow]![/yellow] {escape(fault.name)}: {escape(fault.reason)}", highlight=False)
    if len(result.faults) > MOST_FAULTS:
        n_more, audit = len(result.faults) - MOST_FAULTS, in_folder("florilegium audit", folder)
        console.print(f"  [dim]and {n_more} more that could not be used: {escape(audit)}[/dim]", highlight=False)


def status_line(console: Console, result: Status) -> None:
    """Say in one line how much there is and how much of it is sealed."""
    console.print(
        f"  {result.n_items:,} items of {result.n_classes:,} classes: {result.n_train:,} to learn from, "
        f"{result.n_test:,} sealed for the verdict.",
        highlight=False,
    )


def status(console: Console, result: Status) -> None:
    """Show what the project holds and the next command."""
    heading(console, str(result.folder))
    status_line(console, result)
    if result.n_from_appeals or result.n_from_audits:
        console.print(
            f"  Of live use: {counted(result.n_from_appeals, 'item')} from appeals, "
            f"{counted(result.n_from_audits, 'item')} from blind audits; {result.n_not_placed:,} not placed yet.",
            highlight=False,
        )
    seal = "never been opened" if not result.n_openings else f"been opened {result.n_openings} time(s)"
    console.print(
        f"  The seal has {seal}. Model: {result.model or 'none yet'}. Verdict: {result.outcome or 'none yet'}.",
        highlight=False,
    )
    console.print(f"  Next: [bold]{escape(result.next_command)}[/bold]", highlight=False)


def trained(console: Console, result: Trained) -> None:
    """Show the cross-validated ladder from the simplest rule to the model, and why it was chosen."""
    ladder(console, [*result.baselines, result.model], accent=result.model.name)
    notes(console, result.notes)


def next_steps(console: Console, folder: Path, report: Path, model: Path, *, texts: bool = False) -> None:
    """Say what to do now."""
    heading(console, "Next")
    desk = (
        (in_folder("florilegium queries promise", folder), "how many could be answered without a person"),
        (in_folder("florilegium serve", folder), "a chat, and a desk for what it leaves"),
    )
    for command, what in (
        (f"open {shlex.quote(str(report))}", "read the report"),
        (f"florilegium predict {shlex.quote(str(model))} {'TEXT' if texts else 'PHOTO'}...", "classify something new"),
        (in_folder("florilegium audit", folder), "see all findings"),
        (f"{in_folder('florilegium relabel', folder)} ITEM LABEL", "correct a label, then run again"),
        *(desk if texts else ()),
    ):
        console.print(f"  {escape(command):<58} [dim]{what}[/dim]", highlight=False)

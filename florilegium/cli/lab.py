"""`lab`: gradient descent from scratch, in the terminal and in the browser. Path: lab -> **cli**. Computes nothing."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli import lab_pages
from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import bars_for, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from florilegium.cli.bars import Bars
    from florilegium.evaluation import Comparison
    from florilegium.lab.digits import Digits
    from florilegium.lab.story import Rung

app = typer.Typer(
    name="lab",
    help="A lesson that runs: a simple rule first, then gradient descent from scratch, step by step.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

BAR = 12  # characters for the rung with the most mistakes: a row fits into 80
TINY_P = 0.001  # below this, how much below says little
ALPHA = 0.05  # two-sided, for each step from rung to rung
WIDTH = 23  # characters for the longest name of a rung


@app.callback()
def lab() -> None:
    """Hold the lab's commands together."""


@app.command()
def digits(
    data: Annotated[
        str | None,
        typer.Option("--data", help="mnist or digits (small, embedded, quick).", show_default="mnist, else digits"),
    ] = None,
    lr: Annotated[
        float | None, typer.Option("--lr", help="One learning rate for all that learns; try 0, 1e9 or a negative one.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Pictures per step, for all that learns.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same weights, same figures.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Tell 3 from 7, then all ten digits: a simple rule first, then a line, a network, a convolution, each compared.

    With MNIST it takes two minutes on one core, with the small digits five seconds.

    [bold]Examples[/bold]:

      florilegium lab digits --data digits

      florilegium lab digits --lr 1e9       what divergence looks like
    """
    with edge(as_json=as_json), bars_for(as_json) as bars:
        from florilegium.lab import digits as sets
        from florilegium.lab.ending import check_count, check_rate

        rate = None if lr is None else check_rate(lr)
        n_batch = None if batch is None else check_count(batch, "pictures in a batch")
        if data is not None:
            sets.check_name(data)
        out = console(quiet=as_json)
        if data != "digits" and not as_json and not sets.mnist_at_hand():
            print("Fetching MNIST: 12 MB, once. Not now? --data digits needs no network.", file=sys.stderr)
        pictures = sets.load(data, progress=bars)
        for note in pictures.notes:
            out.print(f"[yellow]![/yellow] {escape(note)}", highlight=False)
        chapters = _tell(out, pictures, bars, seed=seed, lr=rate, n_batch=n_batch)
        if as_json:
            print_json({"data": pictures.name, "notes": list(pictures.notes), "seed": seed, "chapters": chapters})
        else:
            out.print("\nWatch it happen: [bold]florilegium lab sgd[/bold]", highlight=False)


app.command()(lab_pages.sgd)
app.command()(lab_pages.draw)


@app.command()
def notebook(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write; replaces an earlier one.")],
    repository: Annotated[
        str | None, typer.Option("--repo", metavar="OWNER/NAME", help="Where the folder will be published on GitHub.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds other things too; those stay.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the lesson as a notebook, in a folder that Binder starts for every reader and Voila shows as a page.

    [bold]Example[/bold]: florilegium lab notebook -o lesson/ --repo ada/lesson
    """
    from florilegium.export.notebook import write_notebook

    with edge(as_json=as_json):
        written = write_notebook(output, repository=repository, force=force)
        if as_json:
            print_json(written.as_dict())
        else:
            out = console()
            out.print(f"  {escape(str(output))}  [dim]{written.n_bytes / 1e6:.1f} MB[/dim]", highlight=False)
            out.print(f"What to do with it: [bold]{escape(str(output / 'README.md'))}[/bold]", highlight=False)


def _tell(
    out: "Console", pictures: "Digits", bars: "Bars", *, seed: int, lr: float | None, n_batch: int | None
) -> list[dict[str, Any]]:
    """Climb both ladders, show each rung as it is reached, and give all of them for JSON."""
    import numpy as np

    from florilegium.lab import story

    chapters, rng = [], np.random.default_rng(seed)
    two = pictures.only(7, 3)
    for title, chosen, rungs in (
        ("3 or 7?", two, story.THREE_OR_SEVEN),
        ("All ten digits", pictures, story.TEN_DIGITS),
    ):
        _title(out, title, chosen)
        if n_batch is not None and n_batch > len(chosen.x):
            out.print(
                f"[yellow]![/yellow] A batch of {n_batch:,} is more: each step takes all of them.", highlight=False
            )
        climbed: list[Rung] = []
        for rung in story.climb(chosen, rungs, rng=rng, lr=lr, n_batch=n_batch, progress=bars):
            bars.stop()
            climbed.append(rung)
            n_most = climbed[0].score.n - climbed[0].score.n_right
            _rung(out, rung, n_most=n_most, told=(lr, n_batch) != (None, None))
        counts = {"n_train": len(chosen.x), "n_test": len(chosen.x_test)}
        chapters.append({"title": title, **counts, "rungs": [rung.as_dict() for rung in climbed]})
    return chapters


def _title(out: "Console", title: str, pictures: "Digits") -> None:
    side = pictures.side_px
    out.print(
        f"\n[bold]{title}[/bold]  {len(pictures.x):,} pictures of {side} x {side} to learn from, "
        f"{len(pictures.x_test):,} to be judged by",
        highlight=False,
    )


def _rung(out: "Console", rung: "Rung", *, n_most: int, told: bool) -> None:
    """Show one rung: accuracy with its range, mistakes as a bar, the step up from the rung before; `told`: the loss."""
    from florilegium.evaluation.words import percent

    s = rung.score
    n_wrong = s.n - s.n_right
    bar = "█" * round(BAR * n_wrong / max(n_most, n_wrong, 1)) or "▏" * bool(n_wrong)
    out.print(
        f"  {rung.name:<{WIDTH}} [bold]{100 * s.accuracy:6.2f} %[/bold]  "
        f"[dim]{percent(s.low)} to {percent(s.high)}[/dim]  [red]{bar}[/red] {n_wrong:,} wrong",
        highlight=False,
    )
    said = [] if rung.against is None else [_step(rung.against, rung.before)]
    if rung.as_published is not None:
        said.append(f"{rung.as_published:.4f} as the book counts; the book has {rung.published}")
    if rung.n_parameters:
        said.append(f"{rung.n_parameters:,} weights, {rung.seconds:.1f} s")
    if rung.history is not None and rung.history.end == "done" and told:
        said.append(rung.history.sentence)
    for each in said:
        out.print(f"    [dim]{escape(each)}[/dim]", highlight=False)
    if rung.history is not None and rung.history.end != "done":
        out.print(f"    [yellow]![/yellow] {escape(rung.history.sentence)}", highlight=False)


def _step(against: "Comparison", before: str) -> str:
    """Say how far one rung is above the one before, with the range, and whether that shows it to be better."""
    from florilegium.evaluation.words import points

    d = against.difference
    better, worse = against.shows_better(ALPHA), against.shows_worse(ALPHA)
    shown = "better" if better else "worse" if worse else "not shown to be better"
    step = ("+" if d.value > 0 else "") + points(d.value)
    return f"{step} points ({points(d.low)} to {points(d.high)}; p {_p(against.p_value)}): {shown} than {before}"


def _p(value: float) -> str:
    """Write a p-value: two digits, or that it is tiny."""
    return "< 0.001" if value < TINY_P else f"{value:.2g}"

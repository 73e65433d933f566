"""`cards`: decks of terms, pictures and one's own mistakes, and studying them. Path: project -> **cli**."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from florilegium.cli import card_exchange, card_study
from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import bars_for, console, load, print_json

if TYPE_CHECKING:
    from florilegium.cards import Built, Note
    from florilegium.cli.bars import Bars
    from florilegium.project.carding import DeckWish, Gathered

app = typer.Typer(
    name="cards",
    help="Flashcards: terms in our own words, pictures, your own mistakes; studied here or in Anki.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

SUFFIX = ".apkg"
GlossaryOption = Annotated[
    Path | None,
    typer.Option("--glossary", metavar="DIR", help="A folder of Markdown topics.", show_default="the one that ships"),
]


@app.callback()
def cards() -> None:
    """Hold the commands about cards together."""


@app.command()
def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="The deck to write.")] = Path("florilegium.apkg"),
    project: Annotated[
        Path | None,
        typer.Option("-p", "--project", help="Make the cards of this project.", show_default="the glossary"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="DECK", help="pictures, mistakes, corrected or terms; may be repeated."),
    ] = None,
    pictures: Annotated[
        str | None, typer.Option("--pictures", metavar="SOURCE", help="Make a picture deck of a data set.")
    ] = None,
    metadata: Annotated[
        str | None, typer.Option("--metadata", metavar="FILE", help="Licence and author of each picture of --pictures.")
    ] = None,
    lessons: Annotated[
        Path | None, typer.Option("--cards", metavar="FILE", help="Make a deck of your own Markdown cards.")
    ] = None,
    glossary: GlossaryOption = None,
    per_class: Annotated[int, typer.Option("--per-class", min=1, help="Pictures of each class.")] = 20,
    prompt: Annotated[str, typer.Option("--prompt", help="What picture cards ask.")] = "What is this?",
    private: Annotated[bool, typer.Option("--private", help="For yourself: pictures of any licence, marked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a deck for Anki. Import it again after a change: cards are updated, scheduling is kept.

    Pictures without a clear licence are left out, and counted, unless the deck is --private.

    [bold]Examples[/bold]:

      florilegium cards build -o terms.apkg

      florilegium cards build -p flowers/ --only mistakes -o mistakes.apkg

      florilegium cards build --pictures photos/ --prompt "What flower is this?"
    """
    with edge(as_json=as_json), bars_for(as_json) as bars:
        named = [name for name, given in (("-p", project), ("--pictures", pictures), ("--cards", lessons)) if given]
        _check(named, output)
        if project is None and pictures is None:
            built = _of_words(glossary, lessons, output)
            _tell(built, (), as_json=as_json)
            return
        # Only here: a deck of words needs no project, and is there a second sooner.
        from florilegium.project.carding import DECKS, DeckWish

        wish = DeckWish(decks=tuple(only or DECKS), shared=not private, per_class=per_class, prompt=prompt)
        if pictures is not None:
            _of_source(pictures, metadata, wish, output, bars, as_json=as_json)
        elif project is not None:
            with load(project, bars) as opened:
                _write(opened.cards(wish), wish, output, bars, as_json=as_json)


def _check(named: list[str], output: Path) -> None:
    """Refuse a deck of two things, and a name that Anki would not open."""
    from florilegium.errors import InputError

    if len(named) > 1:
        raise InputError(f"{' and '.join(named)}: a deck is made of one of them. Leave the others out.")
    if output.suffix.casefold() != SUFFIX:
        raise InputError(f"{output}: Anki opens decks by their name; expected one that ends in {SUFFIX}.")


def _of_words(glossary: Path | None, lessons: Path | None, output: Path) -> "Built":
    from florilegium.cards import SHIPPED, build, notes_of_terms, read_glossary, read_lessons

    notes: tuple[Note, ...]
    if lessons is not None:
        notes = read_lessons(lessons)
    else:
        notes = notes_of_terms(read_glossary(glossary or SHIPPED))
        notes += () if glossary is not None else read_lessons()
    return build(notes, output, now=datetime.now(UTC))


def _of_source(
    location: str, metadata: str | None, wish: "DeckWish", output: Path, bars: "Bars", *, as_json: bool
) -> None:
    from florilegium.project.carding import of_source
    from florilegium.source.base import SourceSpec

    with tempfile.TemporaryDirectory(prefix="florilegium-") as folder:
        found = of_source(SourceSpec(location=location, metadata=metadata), wish, Path(folder), progress=bars)
        _write(found, wish, output, bars, as_json=as_json)


def _write(found: "Gathered", wish: "DeckWish", output: Path, bars: "Bars", *, as_json: bool) -> None:
    """Make the pictures, pack the deck, and say what was left out."""
    from florilegium.errors import InputError
    from florilegium.project.carding import left_out_words, packed

    said = (*left_out_words(found.left_out), *found.empty)
    if not found.notes:
        raise InputError(f"{output}: no card came out, nothing was written. " + "; ".join(said))
    built, n_gone = packed(found, output, shared=wish.shared, now=datetime.now(UTC), progress=bars)
    gone = (f"{n_gone:,} left out, because a picture is gone or cannot be read",) if n_gone else ()
    _tell(built, (*said, *gone), as_json=as_json)


def _tell(built: "Built", said: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "path": str(built.path),
                "n_notes": built.n_notes,
                "n_terms": built.n_terms,
                "n_cards": built.n_cards,
                "n_pictures": built.n_pictures,
                "decks": list(built.decks),
                "left_out": list(said),
            }
        )
        return
    from florilegium.evaluation.words import counted

    out = console()
    pictures = f", {counted(built.n_pictures, 'picture')}" if built.n_pictures else ""
    counts = f"{counted(built.n_notes, 'note')}, {counted(built.n_cards, 'card')}{pictures}"
    out.print(f"{escape(str(built.path))}: {counts}", highlight=False)
    for line in said:
        out.print(f"[yellow]![/yellow] {escape(line)}", highlight=False)
    out.print("[dim]In Anki: File, Import. To study without Anki: florilegium cards study[/dim]", highlight=False)


@app.command()
def check(glossary: GlossaryOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with a glossary: missing fields, doubles, markup, unknown rights. Exit code 2 where any is.

    [bold]Example[/bold]: florilegium cards check --glossary my-terms/
    """
    with edge(as_json=as_json):
        from florilegium.cards import SHIPPED, faults_of, read_glossary
        from florilegium.evaluation.words import counted

        terms = read_glossary(glossary or SHIPPED)
        faults = faults_of(terms)
        if as_json:
            print_json({"n_terms": len(terms), "faults": faults})
        else:
            for fault in faults:
                print(fault, file=sys.stderr)
            console().print(f"{counted(len(terms), 'term')}, {counted(len(faults), 'fault')}", highlight=False)
        if faults:
            raise typer.Exit(2)


app.command()(card_study.study)
app.command()(card_study.progress)
app.command()(card_exchange.optimise)
app.command(name="export")(card_exchange.export_cards)
app.command(name="import")(card_exchange.import_cards)

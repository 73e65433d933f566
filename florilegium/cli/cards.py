"""`cards`: decks of the terms of machine learning. Path: cards -> **cli**. Computes nothing."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.terminal import console, print_json

app = typer.Typer(
    name="cards",
    help="Flashcards: the terms of machine learning in our own words, as a deck for Anki.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")]
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
    glossary: GlossaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the glossary as a deck for Anki. Import it again after a change: cards are updated, scheduling is kept.

    [bold]Example[/bold]: florilegium cards build -o terms.apkg
    """
    with edge(as_json=as_json):
        from florilegium.cards import SHIPPED, build_glossary, read_glossary

        terms = read_glossary(glossary or SHIPPED)
        n_cards = build_glossary(terms, output, now=datetime.now(UTC))
        if as_json:
            print_json({"path": str(output), "n_terms": len(terms), "n_cards": n_cards})
        else:
            console().print(f"{escape(str(output))}: {len(terms)} terms, {n_cards} cards", highlight=False)


@app.command()
def check(glossary: GlossaryOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with a glossary: missing fields, doubles, markup, unknown rights. Exit code 2 where any is.

    [bold]Example[/bold]: florilegium cards check --glossary my-terms/
    """
    with edge(as_json=as_json):
        from florilegium.cards import SHIPPED, faults_of, read_glossary

        terms = read_glossary(glossary or SHIPPED)
        faults = faults_of(terms)
        if as_json:
            print_json({"n_terms": len(terms), "faults": faults})
        else:
            for fault in faults:
                print(fault, file=sys.stderr)
            console().print(f"{len(terms)} terms, {len(faults)} faults", highlight=False)
        if faults:
            raise typer.Exit(2)

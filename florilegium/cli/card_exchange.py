"""`cards export`, `import` and `optimise`: with Anki, with other devices, and with one's own history. Path: **cli**."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from florilegium.cli.card_options import FileOption, ProjectOption, WhoOption, study_for
from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import bars_for, console, print_json


def export_cards(
    output: Annotated[Path, typer.Argument(help="deck.apkg: all cards with their scheduling; answers.csv: a table.")],
    project: ProjectOption = None,
    file: FileOption = None,
    who: WhoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write your cards with what you remember of them, for Anki (.apkg), or all your answers as a table (.csv).

    [bold]Examples[/bold]:

      florilegium cards export mine.apkg

      florilegium cards export answers.csv       then on the other device: florilegium cards import answers.csv
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, study_for(project, file, who, bars) as study:
        from florilegium.project import exchanging

        suffix = _suffix(output)
        if suffix == ".csv":
            n = exchanging.export_table(study, output)
            document, told = {"path": str(output), "n_reviews": n}, f"{n:,} answers"
        else:
            built = exchanging.export_package(study, output, now=datetime.now(UTC), progress=bars)
            document = {"path": str(output), "n_notes": built.n_notes, "n_cards": built.n_cards}
            told = f"{built.n_notes:,} notes, {built.n_cards:,} cards, with scheduling; for yourself, not to be shared"
        if as_json:
            print_json(document)
        else:
            console().print(f"{escape(str(output))}: {told}", highlight=False)


def import_cards(
    given: Annotated[Path, typer.Argument(metavar="FILE", help="An .apkg of Anki's, or a .csv that export wrote.")],
    foreign: Annotated[
        bool, typer.Option("--foreign", help="Add notes that are not Florilegium's too, as plain text.")
    ] = False,
    project: ProjectOption = None,
    file: FileOption = None,
    who: WhoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over answers given in Anki or on another device; what is here already is not taken twice.

    In Anki: File, Export, Anki Deck Package, with scheduling information.

    [bold]Examples[/bold]:

      florilegium cards import from-anki.apkg

      florilegium cards import answers.csv
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, study_for(project, file, who, bars) as study:
        from florilegium.project import exchanging

        if _suffix(given) == ".csv":
            taken = exchanging.import_table(study, given)
        else:
            taken = exchanging.import_package(study, given, foreign=foreign, now=datetime.now(UTC))
        if as_json:
            print_json({name: getattr(taken, name) for name in taken.__dataclass_fields__})
            return
        out = console()
        out.print(f"{taken.n_reviews:,} answers taken over, {taken.n_known:,} were here already", highlight=False)
        if taken.n_unknown:
            out.print(f"{taken.n_unknown:,} answers belong to cards that are not here", highlight=False)
        if taken.n_foreign and not foreign:
            out.print(f"{taken.n_foreign:,} notes are not Florilegium's; add them with --foreign", highlight=False)
        if foreign:
            out.print(f"{taken.n_notes:,} notes added as plain text, without pictures or sounds", highlight=False)


def optimise(
    reset: Annotated[bool, typer.Option("--reset", help="Go back to FSRS's own numbers.")] = False,
    project: ProjectOption = None,
    file: FileOption = None,
    who: WhoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit FSRS to your own answers; kept only where it predicts later answers better. Needs pip's extra "optimise".

    [bold]Example[/bold]: florilegium cards optimise
    """
    with edge(as_json=as_json), bars_for(as_json) as bars, study_for(project, file, who, bars) as study:
        if reset:
            n = study.use(())
            if as_json:
                print_json({"reset": True, "n_cards": n})
            else:
                console().print(f"FSRS's own numbers again; {n:,} cards scheduled anew", highlight=False)
            return
        bars("fitting", 0, None)
        found = study.optimise()
        document = {name: getattr(found, name) for name in found.__dataclass_fields__} | {"kept": found.better}
        if as_json:
            print_json(document)
            return
        gain = f"{found.gain:+.4f} nats per answer ({found.gain_low:+.4f} to {found.gain_high:+.4f})"
        verdict = "kept, and all cards scheduled anew" if found.better else "not shown to be better; nothing changed"
        console().print(
            f"Fitted to {found.n_fit:,} answers, judged by {found.n_judged:,} later ones: {gain}: {verdict}",
            highlight=False,
        )


def _suffix(path: Path) -> str:
    from florilegium.errors import InputError

    suffix = path.suffix.casefold()
    if suffix not in (".apkg", ".csv"):
        raise InputError(f"{path}: expected a name that ends in .apkg (for Anki) or .csv (a table of answers).")
    return suffix

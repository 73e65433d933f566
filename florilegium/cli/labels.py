"""`labels`: the record of labels, into a file and out of one. Path: project -> **cli**."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.errors import SettingError

if TYPE_CHECKING:
    from florilegium.project.labels import Disagreement, Imported, Prefer

app = typer.Typer(
    name="labels",
    help="Take labels out and in: Label Studio, CSV, JSON lines, ImageFolder. Nothing is lost on the way.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

MOST_LISTED = 10  # disagreements and problems on the terminal; --json has all
FormOption = Annotated[
    str | None,
    typer.Option("--as", metavar="FORM", help="studio, csv, jsonl or imagefolder.", show_default="by the name"),
]


@app.callback()
def labels() -> None:
    """Hold the commands about labels together."""


@app.command("export")
def export_labels(
    file: Annotated[Path, typer.Argument(help="labels.json (Label Studio), .csv, .jsonl, or a folder (ImageFolder).")],
    project: ProjectOption = Path(),
    form: FormOption = None,
    newest: Annotated[
        bool, typer.Option("--newest", help="Of each item only the label that counts, not all that was ever said.")
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="ImageFolder: copy the pictures instead of linking them.")
    ] = False,
    prefix: Annotated[
        str | None,
        typer.Option(help="Label Studio: what stands before a picture's path.", show_default="its local file server"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Take the place of what is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write all that was ever said about labels: what, who, when, why, and whether a suggestion was in sight.

    [bold]Examples[/bold]:

      florilegium labels export labels.csv

      florilegium labels export tasks.json             for Label Studio, with its set-up beside it

      florilegium labels export pictures/ --copy       an ImageFolder, complete in itself
    """
    from florilegium.project.labels import ExportWish

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        wish = ExportWish(form=form, newest=newest, copy=copy, prefix=prefix, force=force)
        written = opened.labels().export_to(file, wish)
        if as_json:
            print_json({**asdict(written), "path": str(written.path)})
            return
        console().print(
            f"{escape(str(written.path))}: {written.n_events:,} label events of {written.n_items:,} items",
            highlight=False,
        )
        for note in written.notes:
            console().print(escape(note), highlight=False)


@app.command("import")
def import_labels(
    file: Annotated[Path, typer.Argument(help="What another tool, or `labels export`, has written.")],
    project: ProjectOption = Path(),
    form: FormOption = None,
    label: Annotated[
        str | None, typer.Option(metavar="NAME", help="The label column, or the choice of a Label Studio project.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Who said what the file names nobody for.")] = None,
    why: Annotated[str, typer.Option(help="Why, where the file does not say.")] = "",
    prefer: Annotated[
        str, typer.Option(help="Which of two people's labels counts where they differ: newest, here or file.")
    ] = "newest",
    new_class: Annotated[bool, typer.Option("--new-class", help="Labels may be classes that no item has yet.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Import what fits, and list what does not.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add what a file says to the record: all of it, or nothing. Items are found by name, by contents, by path.

    A label of a person beats one that came with the source; of two people's the later one counts. What was here stays
    in the record.

    [bold]Examples[/bold]:

      florilegium labels import labels.csv --dry-run

      florilegium labels import project-7-at-2026-11-30.json --who ann
    """
    from florilegium.project.labels import ImportWish

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        wish = ImportWish(
            form=form,
            field=label,
            who=who,
            why=why,
            prefer=_preferred(prefer),
            new_class=new_class,
            partial=partial,
            dry_run=dry_run,
        )
        done = opened.labels().import_from(file, wish)
        if as_json:
            print_json(_document(done))
        else:
            for line in _lines(done):
                print(line)


def _preferred(word: str) -> "Prefer":
    from florilegium.project.labels import Prefer

    if word not in set(Prefer):
        raise SettingError(f"--prefer {word}: expected newest, here or file.")
    return Prefer(word)


def _document(done: "Imported") -> dict[str, Any]:
    counts = {name: getattr(done, name) for name in ("n_read", "n_items", "n_new", "n_known", "n_source", "dry_run")}
    both = {name: [_pair(d) for d in getattr(done, name)] for name in ("replaced", "kept")}
    return {"path": str(done.path), **counts, **both, "left_out": done.left_out, "notes": done.notes}


def _pair(both: "Disagreement") -> dict[str, Any]:
    sides = {"here": both.here, "file": both.file}
    told = {k: {"label": e.label, "who": e.who, "at": e.at.isoformat()} for k, e in sides.items()}
    return {"item": both.name, **told}


def _lines(done: "Imported") -> list[str]:
    verb = "would be recorded" if done.dry_run else "recorded"
    lines = [f"{done.path}: {done.n_new:,} label events {verb}, about {done.n_items:,} items."]
    if done.n_known:
        lines.append(f"{done.n_known:,} were recorded here already.")
    if done.n_source:
        lines.append(f"{done.n_source:,} came with that project's source; this project's source has its own.")
    lines += _listed(done.replaced, "labels of people here give way")
    lines += _listed(done.kept, "labels here go on counting: they are newer, or preferred")
    if done.left_out:
        lines += [f"{len(done.left_out):,} things are left out:", *_some([f"  {one}" for one in done.left_out])]
    return [*lines, *done.notes]


def _listed(found: "tuple[Disagreement, ...]", what: str) -> list[str]:
    if not found:
        return []
    told = [
        f"  {d.name}: here {_called(d.here.label)} ({d.here.who}), in the file {_called(d.file.label)} ({d.file.who})"
        for d in found
    ]
    return [f"{len(found):,} {what}:", *_some(told)]


def _called(label: str | None) -> str:
    return "taken out" if label is None else repr(label)


def _some(lines: list[str]) -> list[str]:
    more = [f"  and {len(lines) - MOST_LISTED:,} more (--json lists all)"] if len(lines) > MOST_LISTED else []
    return [*lines[:MOST_LISTED], *more]

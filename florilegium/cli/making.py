"""`demo`, `run` and `new`: from a source to a project. Path: project -> **cli**."""

from pathlib import Path
from typing import Annotated, Any

import typer

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.source_options import (
    ContentOption,
    DatabaseOption,
    EncoderOption,
    GroupOption,
    LabelOption,
    MetadataOption,
    OriginOption,
    SeedOption,
    ShareOption,
    SplitOption,
    UnlabelledOption,
    choices,
)
from florilegium.cli.terminal import bars_for, console, print_json


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The project folder to make.")] = Path(
        "florilegium-demo"
    ),
    as_json: JsonOption = False,
) -> None:
    """Go the whole way on scikit-learn's embedded digits: audit, baselines, training, verdict, report, model file.

    No network and no data of yours are needed; it takes about fifteen seconds.

    [bold]Example[/bold]: florilegium demo -o demo/
    """
    _whole_way("digits", output, {}, as_json=as_json)


def run(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders, a CSV/TSV/JSONL/Parquet table, or digits, mnist, flowers20, banking77."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The project folder; made if missing, continued if there.")
    ],
    label: LabelOption = None,
    content: ContentOption = None,
    group: GroupOption = None,
    origin: OriginOption = None,
    split: SplitOption = None,
    metadata: MetadataOption = None,
    encoder: EncoderOption = None,
    share_test: ShareOption = None,
    seed: SeedOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go the whole way on your data: new, audit, train, verdict, report.

    Run it again after the data has grown or a label was corrected: what has not changed is not computed again,
    and nothing that was in the test set ever moves to training.

    [bold]Examples[/bold]:

      florilegium run photos/ -o flowers/

      florilegium run photos/ -o flowers/ --metadata credits.csv --source photographer

      florilegium run queries.csv -o desk/ --content question --label intent
    """
    _whole_way(source, output, choices(locals()), as_json=as_json)


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project folder; made if missing.")],
    source: Annotated[str, typer.Argument(help="A folder, a table, or digits, mnist, flowers20, banking77.")],
    label: LabelOption = None,
    content: ContentOption = None,
    group: GroupOption = None,
    origin: OriginOption = None,
    split: SplitOption = None,
    metadata: MetadataOption = None,
    encoder: EncoderOption = None,
    share_test: ShareOption = None,
    seed: SeedOption = None,
    database: DatabaseOption = None,
    unlabelled: UnlabelledOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a project from a source and seal its test set; again on grown data, add what is new.

    [bold]Examples[/bold]:

      florilegium new flowers/ photos/

      florilegium new flowers/ photos/ --unlabelled     then: florilegium label -p flowers/
    """
    from florilegium.cli import show
    from florilegium.cli.documents import reading_dict
    from florilegium.project import prepare
    from florilegium.source.base import NO_LABELS

    with edge(as_json=as_json), bars_for(as_json) as bars:
        chosen = choices(locals()) | ({"labels": NO_LABELS} if unlabelled else {})
        with prepare(folder, source, progress=bars, **chosen) as project:
            reading = project.new()
            status = project.status()
        bars.stop()
        if as_json:
            print_json(reading_dict(reading, status))
        else:
            show.reading(console(), reading, folder=folder)
            show.status(console(), status)


def _whole_way(source: str, output: Path, chosen: dict[str, Any], *, as_json: bool) -> None:
    """Go through all stages, showing each as it is done."""
    from florilegium.cli.whole_way import whole_way

    with edge(as_json=as_json), bars_for(as_json) as bars:
        outcome = whole_way(source, output, chosen, bars=bars, quiet=as_json)
        if as_json:
            print_json(outcome)

"""Every command: read the options, call the Project method of the same name, show. Path: project -> **cli**."""

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from florilegium import __version__
from florilegium.cli import (
    auditing,
    backing_up,
    bias,
    cards,
    drafting,
    encoding,
    exporting,
    feedback,
    journal,
    lab,
    labelling,
    labels,
    monitoring,
    queries,
    recourse,
    relabelling,
    serving,
    user,
)
from florilegium.cli.edge import edge
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.cli.usage import Commands

EXAMPLES = """
[bold]Start here[/bold]

  florilegium demo                      embedded digits, no network

  florilegium run photos/ -o flowers/   a folder of class folders

  florilegium run queries.csv -o desk/  a table of texts

  florilegium predict flowers/ a.jpg    classify something new

  florilegium predict flowers20 a.jpg   a ready flower classifier
"""

app = typer.Typer(
    name="florilegium",
    cls=Commands,
    help="From labelled examples to a classifier that you can trust and that others can contest.\n" + EXAMPLES,
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.add_typer(exporting.app)
app.add_typer(encoding.app)
app.add_typer(lab.app)
app.add_typer(cards.app)
app.add_typer(journal.app)
app.command()(drafting.draft)
app.add_typer(labels.app)
app.add_typer(queries.app)
app.add_typer(user.app)
app.command()(serving.serve)
app.command()(auditing.audit)
app.command()(bias.bias)
app.command()(monitoring.monitor)
app.add_typer(feedback.app)
app.command()(relabelling.relabel)
app.command()(labelling.label)
app.command()(backing_up.backup)
app.command()(backing_up.restore)
app.add_typer(recourse.appeals)
app.add_typer(recourse.person)
app.add_typer(recourse.recourse)

ProjectOption = Annotated[Path, typer.Option("-p", "--project", help="The project folder.", show_default="this folder")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")]
SeedOption = Annotated[int | None, typer.Option(help="Any whole number from 0 up; same seed, same split, same model.")]
GroupOption = Annotated[
    str | None,
    typer.Option("--group", metavar="COLUMN", help="Items that share its value stay on one side of the split."),
]
OriginOption = Annotated[
    str | None,
    typer.Option(
        "--source", metavar="COLUMN", help="Where an item comes from (site, person): measures sources never seen."
    ),
]
LabelOption = Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="The label column of a table.")]
ContentOption = Annotated[
    str | None, typer.Option("--content", metavar="COLUMN", help="The text or path column of a table.")
]
SplitOption = Annotated[str | None, typer.Option("--split", metavar="COLUMN", help="A column that says train or test.")]
MetadataOption = Annotated[
    Path | None, typer.Option("--metadata", metavar="FILE", help="A table about the images, joined by file name.")
]
EncoderOption = Annotated[
    str | None, typer.Option("--encoder", help="auto, petal, pixels, a backbone's name, onnx:PATH or hf:NAME.")
]
ShareOption = Annotated[
    float | None, typer.Option("--share-test", help="The share that is sealed, 0.02 to 0.8.", show_default="0.2")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where the record is kept, such as postgresql://ann@host/flowers?schema=roses",
        show_default="a file in the folder",
    ),
]
UnlabelledOption = Annotated[
    bool, typer.Option("--unlabelled", help="Take no label from the source: people give them with florilegium label.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"florilegium {__version__}")
        raise typer.Exit


@app.callback()
def florilegium(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


@app.command()
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


@app.command()
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
    _whole_way(source, output, _choices(locals()), as_json=as_json)


@app.command()
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
        choices = _choices(locals()) | ({"labels": NO_LABELS} if unlabelled else {})
        with prepare(folder, source, progress=bars, **choices) as project:
            reading = project.new()
            status = project.status()
        bars.stop()
        if as_json:
            print_json(reading_dict(reading, status))
        else:
            show.reading(console(), reading, folder=folder)
            show.status(console(), status)


@app.command()
def train(
    project: ProjectOption = Path(),
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Train the network itself too; needs the extra finetune (torch).")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="The most passes over the data when fine-tuning.", show_default="10")
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            min=32,
            help="Photos are seen this large (px) when fine-tuning.",
            show_default="192 where the encoder's own is 224",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda, for fine-tuning.")] = "auto",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start fine-tuning without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Cross-validate the baselines, then choose, calibrate and write a model. The sealed test set stays closed.

    With --finetune the network learns too: it is kept only where cross-validation shows that it beats the frozen one.
    It says how long that takes and asks; with --yes, or where no terminal is at hand, it starts at once.
    A killed fine-tuning goes on where it was when the same command is run again.

    [bold]Examples[/bold]:

      florilegium train -p flowers/

      florilegium train -p flowers/ --finetune --epochs 12 --yes
    """
    from florilegium.cli import show, tuning
    from florilegium.cli.documents import trained_dict

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        wish = (
            tuning.wish(bars, epochs=epochs, side=side, device=device, ask=not (yes or as_json)) if finetune else None
        )
        result = opened.train(wish)
        bars.stop()
        if as_json:
            print_json(trained_dict(result))
        else:
            show.trained(console(), result)


@app.command()
def verdict(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Open the sealed test set for the current model: better than the best baseline, not shown to be, or worse.

    Every opening is recorded and the next one is judged more strictly. Asked again about the same model, it shows what
    is recorded and opens nothing.

    [bold]Example[/bold]: florilegium verdict -p flowers/ --json
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.verdict()
        bars.stop()
        if as_json:
            from florilegium.evaluation import verdict_dict

            print_json(verdict_dict(result))
        else:
            show.verdict(console(), result)


@app.command()
def report(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Write everything known about the current model into one HTML file that needs no network.

    [bold]Example[/bold]: florilegium report -p flowers/
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.report()
        bars.stop()
        if as_json:
            print_json({"path": str(result.path), "n_bytes": result.n_bytes})
        else:
            show.files(console(), [(result.path, "the report, one file")])


@app.command()
def status(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Say what a project holds and what comes next.

    [bold]Example[/bold]: florilegium status -p flowers/
    """
    from florilegium.cli import show

    with edge(as_json=as_json), bars_for(as_json) as bars, load(project, bars) as opened:
        result = opened.status()
        print_json(result.as_dict()) if as_json else show.status(console(), result)


@app.command()
def predict(
    model: Annotated[str, typer.Argument(help="A model file, a project folder, or the name of a shipped model.")],
    inputs: Annotated[
        list[str], typer.Argument(help="Files, folders, globs or texts; - reads one per line from standard input.")
    ],
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated rows on standard output.")] = False,
    top: Annotated[int, typer.Option(min=1, help="How many answers to give per input.")] = 3,
    similar: Annotated[
        bool, typer.Option("--similar", help="Name the training examples most like each input; texts need a project.")
    ] = False,
) -> None:
    """Classify photos or texts; where the model is unsure it says so. One bad file never stops the rest.

    Exit code 0 as long as something was answered, 2 where nothing could be.

    [bold]Examples[/bold]:

      florilegium predict flowers20 rose.jpg

      florilegium predict digits seven.png       white ink on black, as MNIST has it

      florilegium predict flowers/model.onnx holiday/*.jpg

      find . -name '*.jpg' | florilegium predict flowers/model.onnx - --csv > answers.csv

      florilegium predict desk/model.onnx "my card has not arrived"

      florilegium predict desk/ "my card has not arrived" --similar
    """
    from florilegium.cli.predicting import show_predictions

    with edge(as_json=as_json), bars_for(as_json or as_csv) as bars:
        show_predictions(model, inputs, as_json=as_json, as_csv=as_csv, top=top, similar=similar, bars=bars)


def main() -> None:
    """Run the command line."""
    # Pillow's remarks on odd EXIF data would stand between the lines of a table.
    warnings.filterwarnings("ignore", module="PIL")
    app()


def _whole_way(source: str, output: Path, choices: dict[str, Any], *, as_json: bool) -> None:
    """Go through all stages, showing each as it is done."""
    from florilegium.cli.whole_way import whole_way

    with edge(as_json=as_json), bars_for(as_json) as bars:
        outcome = whole_way(source, output, choices, bars=bars, quiet=as_json)
        if as_json:
            print_json(outcome)


def _choices(options: dict[str, Any]) -> dict[str, Any]:
    """Pick the source's columns and the settings out of a command's options; what was not given is left out."""
    columns = ("label", "content", "group", "origin", "split", "metadata")
    names = (*columns, "encoder", "share_test", "seed", "database")
    given = {name: options[name] for name in names if options[name] is not None}
    return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}

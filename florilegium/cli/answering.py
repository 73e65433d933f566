"""`predict`: classify new photos or texts. Path: project -> **cli**."""

from typing import Annotated

import typer

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption
from florilegium.cli.terminal import bars_for


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

"""`train`: choose, calibrate and write a model. Path: project -> **cli**."""

from pathlib import Path
from typing import Annotated

import typer

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json


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

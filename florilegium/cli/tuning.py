"""What `train --finetune` asks and tells in a terminal. Path: project -> **cli**."""

import sys
from typing import TYPE_CHECKING

import typer

from florilegium.cli.bars import Bars
from florilegium.project.tuning import TuneWish

if TYPE_CHECKING:
    from florilegium.model.finetune import Forecast


def wish(bars: Bars, *, epochs: int | None, side: int | None, device: str, ask: bool) -> TuneWish:
    """Give what the user wants, with a question about the time it takes where somebody sits at a terminal."""

    def agree(forecast: "Forecast") -> bool:
        bars.stop()
        typer.echo(f"Fine-tuning takes {forecast}.", err=True)
        return not ask or not sys.stdin.isatty() or typer.confirm("Continue?", default=True, err=True)

    return TuneWish(epochs=epochs, device=device, side=side, agree=agree)

"""Options of commands that read a source of labelled examples. Path: **cli**."""

from pathlib import Path
from typing import Annotated, Any

import typer

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


def choices(options: dict[str, Any]) -> dict[str, Any]:
    """Pick the source's columns and the settings out of a command's options; what was not given is left out."""
    columns = ("label", "content", "group", "origin", "split", "metadata")
    names = (*columns, "encoder", "share_test", "seed", "database")
    given = {name: options[name] for name in names if options[name] is not None}
    return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}

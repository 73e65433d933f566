"""Options that several commands have. Path: **cli**."""

from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[Path, typer.Option("-p", "--project", help="The project folder.", show_default="this folder")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else there.")]

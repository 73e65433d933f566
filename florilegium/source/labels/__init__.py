"""Read what a file says about labels: Label Studio, tables, ImageFolder, our own record. Path: **source** -> dataset.

`read_labels` gives what is said, `owners` finds the items that are meant. Nothing here changes a project.
"""

from pathlib import Path

from florilegium.errors import SourceError
from florilegium.source.labels.owners import Owner, Stray, owners
from florilegium.source.labels.said import LabelFile, Said
from florilegium.source.labels.studio import read_studio
from florilegium.source.labels.tables import read_imagefolder, read_table
from florilegium.source.tablefile import ENDINGS

__all__ = ["FORMS", "LabelFile", "Owner", "Said", "Stray", "form_of", "owners", "read_labels"]

FORMS = ("studio", "csv", "jsonl", "imagefolder")


def form_of(path: Path, *, wanted: str | None = None) -> str:
    """Give the form of a label file by its name, or the one that was asked for.

    Raises: SourceError: neither says which.

    >>> form_of(Path("out.json")), form_of(Path("out.csv")), form_of(Path("pictures"))
    ('studio', 'csv', 'imagefolder')
    """
    if wanted is not None:
        if wanted not in FORMS:
            raise SourceError(f"there is no form {wanted!r} of label files; expected one of {', '.join(FORMS)}.")
        return wanted
    ending = path.suffix.lower()
    if path.is_dir() or not ending or path.name == "metadata.jsonl":
        return "imagefolder"
    if ending == ".json":
        return "studio"
    if ending in {".jsonl", ".ndjson"}:
        return "jsonl"
    if ending in ENDINGS:
        return "csv"
    raise SourceError(
        f"{path}: its ending says nothing. Expected .json (Label Studio), .csv, .jsonl or a folder (ImageFolder), or "
        f"say which with --as: {', '.join(FORMS)}."
    )


def read_labels(
    path: Path, *, form: str | None = None, field: str | None = None, encoding: str | None = None
) -> LabelFile:
    """Read a label file whole.

    Args: form: one of FORMS; None: by the file's name.
        field: the label column of a table, or the choice of a Label Studio project that has several.
    Raises: SourceError: no such file, not of that form, or hostile.  MetadataError: a column is missing.
    """
    kind = form_of(path, wanted=form)
    if kind == "imagefolder":
        return read_imagefolder(path, field=field)
    if kind == "studio":
        return read_studio(path, field=field)
    return read_table(path, field=field, encoding=encoding)

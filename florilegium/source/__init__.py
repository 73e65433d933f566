"""Bring items in, with origin, licence and content hash. Path: **source** -> dataset.

`locate` settles what a location means, `read` reads it whole, `reopen` gives the contents of known items again.
"""

import difflib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from florilegium.errors import MetadataError, SourceError
from florilegium.source import builtin, folder, idx, metadata, table
from florilegium.source.base import Contents, Harvest, Kind, Known, Pixels, SourceSpec, Texts
from florilegium.source.builtin import BUILTINS, Builtin
from florilegium.source.tablefile import ENDINGS
from florilegium.types import Progress, silent

__all__ = ["BUILTINS", "Builtin", "describe", "locate", "read", "reopen"]

NOTHING_KNOWN: Known = MappingProxyType({})


def locate(spec: SourceSpec) -> SourceSpec:
    """Give the spec with a location that means the same from any folder: built-in names stay, paths become absolute.

    A folder that is called like a built-in is given as ./digits.
    Raises: SourceError: there is nothing at that place, or its name cannot be written into a settings file.
    """
    given = replace(spec, metadata=_absolute(spec.metadata)) if spec.metadata is not None else spec
    if spec.location in BUILTINS:
        return given
    path = _absolute(spec.location)
    if not os.path.lexists(path):
        near = difflib.get_close_matches(spec.location, list(BUILTINS), n=1)
        raise SourceError(
            f"{spec.location}: no such folder or file. Expected a folder of class folders, a table "
            f"({', '.join(ENDINGS)}), or one of {', '.join(BUILTINS)}.{f' Did you mean {near[0]}?' if near else ''}"
        )
    return replace(given, location=path)


def _absolute(location: str) -> str:
    whole = Path.cwd() / Path(location).expanduser()
    # A link stays a link, so that it may lead elsewhere tomorrow; only a way up has to be followed now.
    path = str(whole.resolve() if ".." in whole.parts else whole)
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise SourceError(
            f"{path!a}: this name is no UTF-8, so it cannot be kept in the settings. Rename the folder."
        ) from error
    return path


def describe(spec: SourceSpec) -> str:
    """Say in one line what a source is.

    >>> print(describe(SourceSpec(location="mnist")))
    mnist: 70,000 handwritten digits, 28 x 28, with the published test set of 10,000; 10 classes; licence: ...;
    11.6 MB from https://ossci-datasets.s3.amazonaws.com/mnist/
    """
    known = BUILTINS.get(spec.location)
    if known is None:
        kind = "the folder" if Path(spec.location).is_dir() else "the table"
        return f"{kind} {spec.location}"
    fetched = f"; {known.n_bytes / 1e6:.1f} MB from {known.addresses[0]}" if known.files else ""
    return (
        f"{spec.location}: {known.n_items:,} {known.what}; {known.n_classes} classes; licence: {known.licence}{fetched}"
    )


def read(
    spec: SourceSpec, *, known: Known = NOTHING_KNOWN, progress: Progress = silent, cache_dir: Path | None = None
) -> Harvest:
    """Read a source whole.

    Args:
        known: (size, mtime_ns, hash) per name from the last reading; files that have not changed are not hashed again.
        cache_dir: where fetched files are kept; None: FLORILEGIUM_CACHE or the system's place.
    Raises: SourceError: it cannot become a data set.  MetadataError: columns do not fit.  DownloadError: not to be had.
    """
    harvest = _read(spec, known, progress, cache_dir)
    if spec.unlabelled:
        return replace(harvest, samples=tuple(replace(sample, label=None) for sample in harvest.samples))
    classes = {sample.label for sample in harvest.samples} - {None}
    if len(classes) < 2:
        said = f"only one class, {next(iter(classes))!r}" if classes else "no labels"
        raise SourceError(
            f"{spec.location}: {said}. A classifier needs at least two classes: {_cure(spec, harvest)}. "
            "To give labels by hand: florilegium new DIR SOURCE --unlabelled, then florilegium label."
        )
    return harvest


def _cure(spec: SourceSpec, harvest: Harvest) -> str:
    """Say what would give a second class; a folder too many is the usual reason."""
    if harvest.kind is Kind.TEXT or Path(spec.location).is_file():
        return "the label column must hold two different values (name it with --label COLUMN)"
    tops = {sample.name.split("/")[0] for sample in harvest.samples if sample.name.count("/") > 1}
    below = sorted({sample.name.split("/")[1] for sample in harvest.samples if sample.name.count("/") > 1})
    if len(tops) == 1 and len(below) > 1:
        named = ", ".join(below[:3])
        return f"if {named} are the classes, give the folder {Path(spec.location, *tops)} instead"
    return "make one sub-folder per class, or name the classes in a metadata.csv with the columns file_name and label"


def _read(spec: SourceSpec, known: Known, progress: Progress, cache_dir: Path | None) -> Harvest:
    if spec.location == "digits":
        return builtin.digits()
    if spec.location in BUILTINS:
        return _read_builtin(spec.location, spec, known, progress, cache_dir)
    return _read_path(Path(spec.location), spec, known, progress)


def _read_builtin(name: str, spec: SourceSpec, known: Known, progress: Progress, cache_dir: Path | None) -> Harvest:
    """Read a built-in from its files; its licence is that of every item, unless the item has one of its own."""
    at = builtin.folder_of(name, cache_dir=cache_dir, progress=progress)
    if name == "flowers20":
        harvest = _flowers(at, spec, known, progress)
    elif idx.holds_idx(at):
        harvest = idx.read(at, progress=progress)
    else:
        harvest = table.read(at, spec, known=known, progress=progress)
    licence = BUILTINS[name].licence
    samples = tuple(s if s.licence is not None else replace(s, licence=licence) for s in harvest.samples)
    return replace(harvest, samples=samples, notes=(*harvest.notes, *builtin.other_files(name, at)))


def _read_path(path: Path, spec: SourceSpec, known: Known, progress: Progress) -> Harvest:
    try:
        if path.is_dir() and idx.holds_idx(path):
            return idx.read(path, progress=progress)
        if not path.is_dir() or table.holds_tables(path):
            return _read_table(path, spec, known, progress)
        return _read_folder(path, spec, known, progress)
    except OSError as error:
        raise SourceError(
            f"{path}: it cannot be read ({error.strerror}). Check its permissions and its disk."
        ) from error
    except UnicodeError as error:  # of an encoding that the user named; what is guessed always decodes
        raise SourceError(
            f"{path}: it cannot be read as {spec.encoding} ({error}). Correct source.encoding, or leave it away."
        ) from error


def _read_table(path: Path, spec: SourceSpec, known: Known, progress: Progress) -> Harvest:
    if spec.metadata is not None:
        raise MetadataError(
            f"{path}: a table brings its own columns; --metadata is for a folder of pictures. Leave it away."
        )
    return table.read(path, spec, known=known, progress=progress)


def _read_folder(root: Path, spec: SourceSpec, known: Known, progress: Progress) -> Harvest:
    tables = (Path(spec.metadata),) if spec.metadata is not None else metadata.beside(root)
    wanted = {"--label": spec.label, "--group": spec.group, "--source": spec.origin, "--split": spec.split}
    named = [f"{option} {column}" for option, column in wanted.items() if column is not None]
    if named and not tables:
        raise MetadataError(
            f"{root}: {' '.join(named)} names a column, but there is no metadata.csv beside the pictures. "
            "Name the table with --metadata FILE."
        )
    harvest = folder.read(root, known=known, progress=progress, tables=tables)
    return metadata.join(harvest, spec, tables, root=root) if tables else harvest


def _flowers(at: Path, spec: SourceSpec, known: Known, progress: Progress) -> Harvest:
    """Read flowers20, whose provenance names the repository of each photo: photos of one repository stay together."""
    given = replace(
        spec,
        metadata=spec.metadata or str(at / "provenance.csv"),
        group=spec.group or "source_repo",
        origin=spec.origin or "source_repo",
    )
    return _read_folder(at / "images", given, known, progress)


def reopen(
    spec: SourceSpec, names: Sequence[str], *, progress: Progress = silent, cache_dir: Path | None = None
) -> Contents:
    """Give the contents of known items, in the order of `names`.

    Files are joined from folder and name, without a look at the disk; arrays are read again, and so are the texts of
    `banking77`. The texts of a user's table are kept in the store and are not to be asked for here.
    Raises: SourceError: an item is no longer there.  DownloadError: as `read`.
    """
    root = Path(spec.location)
    if spec.location == "flowers20":
        return folder.files_of(builtin.folder_of("flowers20", cache_dir=cache_dir, progress=progress) / "images", names)
    if spec.location not in BUILTINS and not (root.is_dir() and idx.holds_idx(root)):
        return folder.files_of(root.parent if root.is_file() else root, names)
    harvest = _read(spec, NOTHING_KNOWN, progress, cache_dir)
    number = {sample.name: i for i, sample in enumerate(harvest.samples)}
    if missing := [name for name in names if name not in number]:
        raise SourceError(
            f"{spec.location}: {len(missing):,} items are no longer there, such as {missing[0]}. "
            "Read it again: florilegium new"
        )
    rows = [number[name] for name in names]
    if isinstance(harvest.contents, Pixels):
        return Pixels(harvest.contents.array[np.array(rows, dtype=np.int64)])
    return (
        Texts(tuple(harvest.contents.strings[i] for i in rows))
        if isinstance(harvest.contents, Texts)
        else harvest.contents
    )

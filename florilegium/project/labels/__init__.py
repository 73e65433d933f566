"""The record of labels as a whole: written into a file, added to from one. Path: **project** (shell)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from florilegium.project.labels.incoming import Imported, ImportWish, prepared
from florilegium.project.labels.merging import Disagreement, Prefer
from florilegium.project.labels.outgoing import ExportWish, write

if TYPE_CHECKING:
    from florilegium.export.labels import Written
    from florilegium.project.project import Project

__all__ = ["Disagreement", "ExportWish", "ImportWish", "Imported", "Labels", "Prefer"]


class Labels:
    """A project's record of labels."""

    def __init__(
        self,
        project: "Project",
        *,
        command: Callable[[str], AbstractContextManager[dict[str, Any]]],
        changed: Callable[[], None],
    ) -> None:
        """Work on a project; `command` holds it and records what is done, `changed` makes it look again."""
        self._project = project
        self._command = command
        self._changed = changed

    def export_to(self, path: str | Path, wish: ExportWish | None = None) -> "Written":
        """Write the record of labels as Label Studio's JSON, CSV, JSON lines or an ImageFolder.

        Raises: SettingError: a file is there already, or an option does not fit.  StorageError: it cannot be written.
        """
        return write(self._project, Path(path), wish or ExportWish())

    def import_from(self, path: str | Path, wish: ImportWish | None = None) -> Imported:
        """Add what a file says to the record; all of it or nothing.

        Raises: SourceError, MetadataError: the file cannot be read.  InputError: it names items or classes that are
            not here, or says what cannot be; all of it is listed, and nothing was recorded.
        """
        wish = wish or ImportWish()
        if wish.dry_run:
            return prepared(self._project, Path(path), wish)[0]
        with self._command("labels import") as details:
            result, events = prepared(self._project, Path(path), wish)
            if events:
                self._project.store.label(events)
                self._changed()
            details |= {"file": Path(path).name, "n_new": result.n_new, "n_replaced": len(result.replaced)}
        return result

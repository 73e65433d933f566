"""The lab's notebook as a folder that Binder and Voila start. Path: lab -> **export**.

Follows the same conventions as `binder`: everything that is ours travels in the folder, the rest is named with the
versions installed here. Equal installation: equal folder. Runs no notebook.
"""

from pathlib import Path

from florilegium.errors import SettingError
from florilegium.export import wheel
from florilegium.export.binder import BADGE, HOST, REPOSITORY, SLASH, UNNAMED
from florilegium.export.folder import write_folder
from florilegium.export.served import Written, written
from florilegium.export.template import fill, plain

KIND = "notebook"
NOTEBOOK = "lab.ipynb"
# Tried together with the versions that `binder` names. Binder brings JupyterLab; the kernel is the notebook's own need.
JUPYTER = ("ipykernel>=6.29", "voila==0.5.13")
# Voila hides code unless it is told otherwise; here the code is the lesson.
VOILA = b'{"VoilaConfiguration": {"strip_sources": false}}\n'


def write_notebook(folder: Path, *, repository: str | None = None, force: bool = False) -> Written:
    """Write the folder; say what was written.

    Args: folder, force: as `write_folder` takes them.
        repository: "owner/name" where the folder will be published; None: the README says where to write it.
    Raises: SettingError: `repository` is no such name, or the folder cannot be taken.
        StepMissing: Florilegium is not installed, so it cannot be packed.  StorageError: the folder cannot be written.
    """
    if repository is not None and not REPOSITORY.fullmatch(repository):
        raise SettingError(
            f"--repo {plain(repository)}: no repository; expected its owner and name. Example: --repo ada/digits"
        )
    files = notebook_files(repository)
    write_folder(folder, files, kind=KIND, force=force)
    return written(folder, files)


def notebook_files(repository: str | None) -> dict[str, bytes]:
    """Give every file of the folder: its name and its bytes."""
    wheel_name, packed = wheel.wheel()
    named = {"wheel": wheel_name, "python": wheel.PYTHON}
    address = f"{HOST}/{repository or UNNAMED}/HEAD?urlpath="
    readme = fill(
        "lab/README.md.j2",
        repository=repository,
        badge=BADGE,
        notebook=address + f"lab/tree/{NOTEBOOK}".replace("/", SLASH),
        page=address + f"voila/render/{NOTEBOOK}".replace("/", SLASH),
        **named,
    )
    return {
        "README.md": readme,
        NOTEBOOK: fill(f"lab/{NOTEBOOK}"),
        "requirements.txt": fill("requirements.txt.j2", pins=wheel.pins(*JUPYTER), **named),
        "voila.json": VOILA,
        "runtime.txt": f"python-{wheel.PYTHON}\n".encode(),
        wheel_name: packed,
    }

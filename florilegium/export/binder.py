"""A folder that Binder and its like start: the classifier's page, and a notebook. Path: model -> **export**.

Follows the conventions of repo2docker (`runtime.txt`, `requirements.txt`, `postBuild`), jupyter-server-proxy (the page
under `/florilegium/`) and Voila (the notebook as a page). Everything that is ours travels in the folder; the other
packages are named with the versions that are installed here. Equal model, equal installation: equal folder.
"""

import re
from pathlib import Path

from florilegium.errors import SettingError
from florilegium.export import wheel
from florilegium.export.folder import write_folder
from florilegium.export.served import MODEL, Written, model_bytes, title, written
from florilegium.export.template import fill, marked, plain
from florilegium.model.opened import ModelFile

KIND = "binder"
NOTEBOOK = "classify.ipynb"
APP = "florilegium/"  # the page's address on the reader's Jupyter server; jupyter_server_config.py says so too
# Tried by tools/try_exports.py; we need none of them, so they are no dependencies. JupyterLab is the host's to bring.
JUPYTER = ("ipywidgets==8.1.9", "jupyter-server-proxy==4.6.0", "voila==0.5.13")
HOST, BADGE = "https://mybinder.org/v2/gh", "https://mybinder.org/badge_logo.svg"
UNNAMED = "OWNER/NAME"
SLASH = "%2F"  # in what follows a question mark
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


def write_binder(model: ModelFile, folder: Path, *, repository: str | None = None, force: bool = False) -> Written:
    """Write the folder for Binder; say what was written.

    Args: model: from `open_model`.  folder, force: as `write_folder` takes them.
        repository: "owner/name" where the folder will be published; None: the README says where to write it.
    Raises: ModelFileError: a text model.  SettingError: `repository` is no such name, or the folder cannot be taken.
        StepMissing: Florilegium is not installed, so it cannot be packed.  StorageError: the folder cannot be written.
    """
    files = binder_files(model, repository=repository)
    write_folder(folder, files, kind=KIND, force=force)
    return written(folder, files)


def binder_files(model: ModelFile, *, repository: str | None = None) -> dict[str, bytes]:
    """Give every file of the folder: its name and its bytes. Arguments and errors as of `write_binder`."""
    if repository is not None and not REPOSITORY.fullmatch(repository):
        raise SettingError(
            f"--repo {plain(repository)}: no repository; expected its owner and name. Example: --repo ada/flowers"
        )
    content = model_bytes(model)
    wheel_name, packed = wheel.wheel()
    named = {"wheel": wheel_name, "python": wheel.PYTHON}
    address = f"{HOST}/{repository or UNNAMED}/HEAD?urlpath="
    readme = fill(
        "binder/README.md.j2",
        title=marked(title(model)),
        n_classes=len(model.classes),
        repository=repository,
        badge=BADGE,
        page=address + APP.replace("/", SLASH),
        notebook=address + f"voila/render/{NOTEBOOK}".replace("/", SLASH),
        **named,
    )
    return {
        "README.md": readme,
        MODEL: content,
        NOTEBOOK: fill(f"binder/{NOTEBOOK}"),
        "jupyter_server_config.py": fill("binder/jupyter_server_config.py.j2"),
        "postBuild": fill("binder/postBuild"),
        "requirements.txt": fill("requirements.txt.j2", pins=wheel.pins(*JUPYTER), **named),
        "runtime.txt": f"python-{wheel.PYTHON}\n".encode(),
        wheel_name: packed,
    }

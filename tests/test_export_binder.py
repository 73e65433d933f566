"""The folder for Binder holds all that its hosts look for, and what it holds works."""

import json
import os
import re
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from packaging.requirements import Requirement
from traitlets.config.loader import PyFileConfigLoader

from florilegium.errors import ModelFileError, SettingError
from florilegium.export import binder
from florilegium.export.wheel import PYTHON
from florilegium.model import ModelFile, open_model
from tests.model_making import write_image_model, write_text_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a small image model."""
    return open_model(write_image_model(tmp_path_factory.mktemp("model") / "garden.onnx"))


@pytest.fixture(scope="module")
def files(model: ModelFile) -> Mapping[str, bytes]:
    """Give the folder's files, for a repository that is known."""
    return binder.binder_files(model, repository="ada/flowers")


def test_the_folder_is_written(model: ModelFile, tmp_path: Path) -> None:
    """What is said to be written lies in the folder, the model byte by byte."""
    written = binder.write_binder(model, tmp_path / "out")
    found = {p.name: p.stat().st_size for p in (tmp_path / "out").iterdir() if p.name != "florilegium-export.json"}

    assert (len(found), sum(found.values())) == (written.n_files, written.n_bytes)
    assert (tmp_path / "out" / "model.onnx").read_bytes() == model.path.read_bytes()


def test_equal_models_give_equal_folders(model: ModelFile, files: Mapping[str, bytes]) -> None:
    """Exported again, every file is the same byte by byte."""
    assert binder.binder_files(model, repository="ada/flowers") == files


def test_every_package_has_a_version_or_travels_along(files: Mapping[str, bytes]) -> None:
    """Each requirement names one exact version, but for Florilegium itself, whose wheel lies beside the list."""
    lines = [line for line in files["requirements.txt"].decode().splitlines() if not line.startswith("#")]
    pinned = [str(Requirement(line).specifier) for line in lines if not line.startswith("./")]

    assert all(re.fullmatch(r"==[0-9][^,*+]*", version) for version in pinned)
    assert [line.removeprefix("./") for line in lines if line.startswith("./")] == [
        n for n in files if n.endswith("whl")
    ]
    assert {"voila", "jupyter-server-proxy", "ipywidgets", "onnxruntime"} <= {re.split("==", line)[0] for line in lines}


def test_the_host_takes_this_python(files: Mapping[str, bytes]) -> None:
    """runtime.txt names the Python whose packages were pinned, in repo2docker's words."""
    assert files["runtime.txt"].decode() == f"python-{PYTHON}\n"


def test_the_badge_opens_the_page_and_the_notebook(files: Mapping[str, bytes]) -> None:
    """The README's badges lead to the repository on Binder, and there to the page and to Voila."""
    links = re.findall(r"\]\((https://[^)]*/v2/[^)]*)\)", files["README.md"].decode())

    assert [unquote(link).split("/v2/gh/")[1] for link in links] == [
        "ada/flowers/HEAD?urlpath=florilegium/",
        "ada/flowers/HEAD?urlpath=voila/render/classify.ipynb",
    ]
    assert "OWNER/NAME" not in files["README.md"].decode().split("## On your own")[0]


def test_without_a_repository_the_readme_says_what_is_left_to_do(model: ModelFile) -> None:
    """Exported without --repo, the README begins with the one step that is missing, and its links show where."""
    readme = binder.binder_files(model)["README.md"].decode()

    assert "One step is left" in readme
    assert readme.count("gh/OWNER/NAME/HEAD") == 2


@pytest.mark.parametrize(
    "name", ["flowers", "ada/flowers/main", "ada/", "../..", "a b/c", "ada/flowers)](http://x", "", "ada/\n"]
)
def test_what_is_no_repository_is_refused(model: ModelFile, name: str) -> None:
    """--repo takes an owner and a name, and says so."""
    with pytest.raises(SettingError, match="expected its owner and name"):
        binder.binder_files(model, repository=name)


def test_a_text_model_has_no_page_to_export(tmp_path: Path) -> None:
    """A model of texts is refused, and the reader told what to use."""
    with pytest.raises(ModelFileError, match="florilegium predict"):
        binder.binder_files(open_model(write_text_model(tmp_path / "desk.onnx")))


def server_of(folder: Path) -> dict[str, Any]:
    """Read the folder's Jupyter configuration as Jupyter does, and give the server that it names."""
    read = PyFileConfigLoader("jupyter_server_config.py", path=str(folder)).load_config()
    return dict(read.ServerProxy.servers["florilegium"])


def test_jupyter_is_told_how_to_start_the_page(model: ModelFile, tmp_path: Path) -> None:
    """Jupyter's own loader finds a server that serves this folder's model, on the port that it is given."""
    binder.write_binder(model, tmp_path / "a b")
    command = server_of(tmp_path / "a b")["command"]

    assert command[1:5] == ["-m", "florilegium", "serve", str(tmp_path / "a b" / "model.onnx")]
    assert command[5:] == ["--host", "127.0.0.1", "--port", "{port}", "--no-open"]


def test_the_notebook_is_as_jupyter_writes_it(files: Mapping[str, bytes]) -> None:
    """The notebook fits the format's schema, has not been run, and brings no output along."""
    import nbformat

    # The library has no types here.
    notebook = nbformat.reads(files["classify.ipynb"].decode(), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert [c.id for c in notebook.cells if c.cell_type == "code" and (c.outputs or c.execution_count)] == []


def test_titles_of_models_command_nothing(tmp_path: Path) -> None:
    """A model whose file name holds Markdown leaves the README's structure as it is."""
    model = open_model(write_image_model(tmp_path / "x](http:) # `b.onnx"))
    first = binder.binder_files(model)["README.md"].decode().splitlines()[0]

    assert re.search(r"(?<!\\)[\]\(#`]", first.removeprefix("# ")) is None


def test_the_marker_names_every_file(model: ModelFile, tmp_path: Path) -> None:
    """The folder's own list holds every file that was written, so that a later export replaces these and no others."""
    binder.write_binder(model, tmp_path / "out")
    marker = json.loads((tmp_path / "out" / "florilegium-export.json").read_text())

    assert (marker["kind"], set(marker["files"])) == ("binder", set(binder.binder_files(model)))


def test_jupyter_finds_the_settings_once_built(model: ModelFile, tmp_path: Path) -> None:
    """What repo2docker runs last links the folder's settings into those of its Python; they still name the model."""
    folder, prefix = tmp_path / "out", tmp_path / "python"
    binder.write_binder(model, folder)
    venv.create(prefix, with_pip=False)
    path = os.pathsep.join([str(prefix / "bin"), os.environ["PATH"]])
    subprocess.run(["sh", "postBuild"], cwd=folder, env={**os.environ, "PATH": path}, check=True)

    assert server_of(prefix / "etc" / "jupyter")["command"][4] == str(folder / "model.onnx")

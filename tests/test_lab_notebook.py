"""The lesson as a notebook runs from top to bottom, and can be given away."""

import json
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement

from florilegium.errors import SettingError
from florilegium.export import notebook, wheel

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the folder once."""
    made = tmp_path_factory.mktemp("lesson") / "lesson"
    notebook.write_notebook(made, repository="ada/lesson")
    return made


def read(path: Path) -> Any:
    """Open a notebook, checked against the format."""
    found = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # the library has no types here
    nbformat.validate(found)
    return found


@pytest.fixture(scope="module")
def run(folder: Path) -> Any:
    """Run the notebook once, where a reader would."""
    found = read(folder / "lab.ipynb")
    NotebookClient(found, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    return found


def outputs(made: Any, kind: str) -> list[str]:
    """Give what the cells printed, or the pictures they show."""
    found = [output for cell in made.cells for output in cell.get("outputs", [])]
    if kind == "text":
        return [output.text for output in found if output.output_type == "stream"]
    return [output.data[kind] for output in found if kind in output.get("data", {})]


def test_the_notebook_runs_from_top_to_bottom(run: Any) -> None:
    """Every cell runs without an error, prints nothing to standard error, and six of them show a picture."""
    found = [output for cell in run.cells for output in cell.get("outputs", [])]

    assert [o for o in found if o.output_type == "error" or o.get("name") == "stderr"] == []
    assert len(outputs(run, "image/svg+xml")) == 6


def test_the_notebook_tells_the_story(run: Any) -> None:
    """The gradient of w squared is 2 w, a rate of a billion diverges, and every rung has its range."""
    text = "".join(outputs(run, "text"))

    assert "gradient [ 6. -2.]" in text
    assert "1e+09: Diverged" in text
    assert text.count(" of 599 right (") == 4


def test_the_notebook_in_docs_is_the_one_that_is_given_away(folder: Path) -> None:
    """docs/lab.ipynb has the same cells, with what they show; if not: python -m tools.lab_pictures notebook."""
    ours, shown = read(folder / "lab.ipynb"), read(ROOT / "docs" / "lab.ipynb")

    assert [(c.cell_type, c.id, c.source) for c in shown.cells] == [(c.cell_type, c.id, c.source) for c in ours.cells]
    assert len(outputs(shown, "image/svg+xml")) == 6


def test_the_folder_brings_all_that_binder_needs(folder: Path) -> None:
    """The folder names the Python and every package with a version, and brings this package as a wheel."""
    (packed,) = folder.glob("*.whl")
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]

    assert "florilegium/lab/descent.py" in zipfile.ZipFile(packed).namelist()
    assert wanted[-1] == f"./{packed.name}"
    assert {"ipykernel", "voila", "numpy"} <= {Requirement(line).name for line in wanted[:-1]}
    assert json.loads((folder / "voila.json").read_text(encoding="utf-8")) == {
        "VoilaConfiguration": {"strip_sources": False}  # seen with voila 0.5.13: code and pictures, in order
    }
    assert (folder / "runtime.txt").read_text(encoding="utf-8") == f"python-{wheel.PYTHON}\n"


def test_the_readme_links_to_the_notebook_on_binder(folder: Path) -> None:
    """With a repository given, both links lead there: the notebook in JupyterLab, and as a page in Voila."""
    text = (folder / "README.md").read_text(encoding="utf-8")

    assert "https://mybinder.org/v2/gh/ada/lesson/HEAD?urlpath=lab%2Ftree%2Flab.ipynb" in text
    assert "https://mybinder.org/v2/gh/ada/lesson/HEAD?urlpath=voila%2Frender%2Flab.ipynb" in text
    assert "One step is left" not in text


def test_equal_installations_give_equal_folders(folder: Path, tmp_path: Path) -> None:
    """Written twice, the folder has the same bytes."""
    notebook.write_notebook(tmp_path / "again", repository="ada/lesson")
    made = {p.name: p.read_bytes() for p in folder.iterdir()}

    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == made


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    """A name that could carry anything else into a link is refused before anything is written."""
    with pytest.raises(SettingError, match="ada/digits"):
        notebook.write_notebook(tmp_path / "lesson", repository="ada/../x?y")

    assert list(tmp_path.iterdir()) == []


def test_the_notebook_carries_no_outputs_of_a_machine(folder: Path) -> None:
    """The notebook that is given away is empty, and the one in docs holds no path of the machine that ran it."""
    given = json.loads((folder / "lab.ipynb").read_text(encoding="utf-8"))
    shown = (ROOT / "docs" / "lab.ipynb").read_text(encoding="utf-8")

    assert [c for c in given["cells"] if c.get("outputs")] == []
    assert str(ROOT) not in shown
    assert "/home/" not in shown

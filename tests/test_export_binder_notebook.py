"""The exported notebook runs from top to bottom, and its button answers a photo."""

import io
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from florilegium.export import binder
from florilegium.model import ModelFile, open_model, predict_bytes
from tests.model_making import write_image_model

# What a reader does: choose a file (this is the message that the browser sends then), press the button.
ASK = """
content = {content!r}
about = {{"name": {name!r}, "type": "image/jpeg", "size": len(content), "last_modified": 0}}
photo.set_state({{"value": [{{**about, "content": memoryview(content)}}]}})
button.click()
print(answer.value)
"""
# In a cell of its own: what was shown comes back to the widget after the cell that showed it.
SHOWN = 'print([sorted(output["data"]) for output in picture.outputs])'


def a_photo(*, red: int) -> bytes:
    """Make a small picture."""
    octets = io.BytesIO()
    Image.new("RGB", (40, 30), (red, 80, 40)).save(octets, "JPEG")
    return octets.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give folders with the notebook and a model: one that answers everything, one that answers nothing."""
    made = tmp_path_factory.mktemp("notebook")
    for name, threshold in (("sure", 0.0), ("unsure", 1.0)):
        model = open_model(write_image_model(made / f"{name}.onnx", threshold=threshold))
        binder.write_binder(model, made / name)
    return made


def run(folder: Path, *cells: str) -> list[Any]:
    """Run the folder's notebook with more cells below; give what each of these printed."""
    # The library has no types here.
    notebook = nbformat.read(folder / "classify.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    # The library has no types here.
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    notebook.cells += made
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    errors = [
        o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "error" or o.get("name") == "stderr"
    ]
    assert errors == []
    return ["".join(o.text for o in cell.outputs if o.output_type == "stream") for cell in made]


def test_the_notebook_answers_as_the_model_does(folder: Path) -> None:
    """The button shows the photo and the probabilities that the model gives it; without a photo it asks for one."""
    content = a_photo(red=200)
    model: ModelFile = open_model(folder / "sure" / "model.onnx")
    expected = predict_bytes(model, content, name="a.jpg")
    nothing, said, shown, broken, shown_then = run(
        folder / "sure",
        "button.click()\nprint(answer.value)",
        ASK.format(name="a.jpg", content=content),
        SHOWN,
        ASK.format(name="<b>.jpg", content=b"no photo"),
        SHOWN,
    )

    assert "Choose a photo first" in nothing
    assert f"<b>{expected.label}</b>" in said
    assert all(f">{label}</th>" in said and f"{share:.1%}</td>" in said for label, share in expected.top)
    assert "image/jpeg" in shown or "image/png" in shown
    assert "&lt;b&gt;.jpg" in broken
    assert shown_then == "[]\n"


def test_the_notebook_says_what_it_does_not_know(folder: Path) -> None:
    """Where the model abstains, the notebook says so in words before it names the likeliest classes."""
    (said,) = run(folder / "unsure", ASK.format(name="a.jpg", content=a_photo(red=90)))

    assert "I do not know this" in said
    assert said.count("<tr>") == 3

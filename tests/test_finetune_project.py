"""`train --finetune` in a project: asked, compared, kept only where it is better, and found again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the extra finetune is not installed")

import florilegium
from florilegium.cli.commands import app
from florilegium.errors import SettingError, StepMissing
from florilegium.model import finetune, open_model
from florilegium.model import predict as predictions
from florilegium.project.tuning import TuneWish
from tests.finetune_making import SIDE, conv_network, striped

N = 90


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write stripes as a folder of class folders, and the small network beside it."""
    folder = tmp_path_factory.mktemp("stripes")
    photos, y = striped(N)
    for number, (photo, label) in enumerate(zip(photos, y, strict=True)):
        path = folder / "photos" / ("down", "across")[label] / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).resize((80, 80)).save(path)
    onnx.save(conv_network(), folder / "small.onnx")
    recipe = {"size": SIDE, "short_side": SIDE, "licence": "CC0-1.0", "source": "made in a test"}
    (folder / "small.json").write_text(json.dumps(recipe), encoding="utf-8")
    return folder


@contextmanager
def plan(**values: float) -> Iterator[None]:
    """Let plans have other defaults for a while: rates that suit so small a network, or none at all."""
    patch = pytest.MonkeyPatch()
    for name, value in values.items():
        patch.setitem(finetune.Plan.__init__.__kwdefaults__ or {}, name, value)
    try:
        yield
    finally:
        patch.undo()


@pytest.fixture(scope="module")
def tuned(source: Path, tmp_path_factory: pytest.TempPathFactory) -> florilegium.Project:
    """Train and tune once; the tests below only read."""
    folder = tmp_path_factory.mktemp("tuned") / "p"
    project = florilegium.new(folder, source / "photos", encoder=f"onnx:{source / 'small.onnx'}")
    with plan(batch=8, body_rate=3e-3, head_rate=1e-2, depth_decay=1.0, cutout=0.0, blur=0.0, least_crop=0.6):
        project.train(TuneWish(epochs=8))
    return project


def test_a_tuned_network_that_wins_is_kept(tuned: florilegium.Project) -> None:
    """Random features cannot tell stripes; tuned ones can, out of fold, and the record says by how much."""
    record = tuned.train().record.card["fine_tuning"]

    assert record["kept"]
    assert record["tuned"] > record["frozen"]
    assert record["difference"]["low"] > 0


def test_the_record_is_the_one_of_the_model(tuned: florilegium.Project) -> None:
    """Asked again without --finetune, the tuned model stays the current one."""
    first = tuned.train().record.model_id

    assert tuned.train().record.model_id == first
    assert tuned.train().record.card["encoder"].startswith("onnx-small-tuned-")


def test_the_tuned_model_is_judged_and_answers(tuned: florilegium.Project) -> None:
    """The verdict is about the tuned network, and the file answers new photos right."""
    verdict = tuned.verdict()
    photos, y = striped(8, seed=9)
    paths = []
    for number, photo in enumerate(photos):
        paths.append(tuned.folder / f"new{number}.png")
        Image.fromarray(photo).resize((80, 80)).save(paths[-1])

    said = [answer.label for answer in predictions(open_model(tuned.model_path), paths)]

    assert verdict.model.accuracy >= 0.9
    assert said == [("down", "across")[label] for label in y]


def test_a_tuning_that_does_not_win_leaves_the_frozen_model(source: Path, tmp_path: Path) -> None:
    """One epoch at the usual small rates changes little: the frozen model stays, and it is said."""
    project = florilegium.new(tmp_path / "p", source / "photos", encoder=f"onnx:{source / 'small.onnx'}")
    with plan(body_rate=1e-9, head_rate=1e-9):
        trained = project.train(TuneWish(epochs=1))

    assert not trained.record.card["fine_tuning"]["kept"]
    assert "The frozen one is kept." in trained.notes[-1]
    assert "tuned" not in trained.record.card["encoder"]


def test_who_says_no_has_changed_nothing(source: Path, tmp_path: Path) -> None:
    """The forecast is shown before anything starts; with a no, no model is written."""
    project = florilegium.new(tmp_path / "p", source / "photos", encoder=f"onnx:{source / 'small.onnx'}")
    told: list[str] = []

    def refuse(expected: finetune.Forecast) -> bool:
        told.append(str(expected))
        return False

    with pytest.raises(StepMissing, match="fine-tuning was not started"):
        project.train(TuneWish(agree=refuse))

    assert "on this CPU" in told[0]
    assert project.store.current_model() is None


def test_texts_have_no_network_to_tune(tmp_path: Path) -> None:
    """The message says why and what to do."""
    table = tmp_path / "t.csv"
    lines = [f"good thing number {i},yes" if i % 2 else f"bad matter number {i},no" for i in range(60)]
    table.write_text("text,label\n" + "\n".join(lines), encoding="utf-8")
    project = florilegium.new(tmp_path / "p", table)

    with pytest.raises(SettingError, match="there is no network to tune here"):
        project.train(TuneWish())


def test_the_command_tells_the_time_it_takes_and_the_outcome(source: Path, tmp_path: Path) -> None:
    """`train --finetune` says minutes and memory first, and the comparison afterwards."""
    florilegium.new(tmp_path / "p", source / "photos", encoder=f"onnx:{source / 'small.onnx'}")

    done = CliRunner().invoke(app, ["train", "-p", str(tmp_path / "p"), "--finetune", "--epochs", "1", "--yes"])

    assert done.exit_code == 0, done.output
    assert "Fine-tuning takes about 1 min on this CPU" in done.stderr
    assert "Fine-tuning" in done.stdout


def test_without_torch_one_command_is_named(source: Path, tmp_path: Path) -> None:
    """Exit code 2 and the pip command; everything else works without torch."""
    with florilegium.new(tmp_path / "p", source / "photos", encoder=f"onnx:{source / 'small.onnx'}"):
        pass
    program = (
        "import sys; sys.modules['torch'] = None; from florilegium.cli import main; "
        f"sys.argv = ['florilegium', 'train', '-p', {str(tmp_path / 'p')!r}, '--finetune', '--yes']; main()"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "--finetune needs torch, which is not installed. Run: pip install 'florilegium[finetune]'" in " ".join(
        done.stderr.split()
    )


def test_importing_the_program_loads_no_torch() -> None:
    """Loading torch takes seconds to load; only fine-tuning pays for it."""
    program = "import sys, florilegium.cli.commands, florilegium.project; print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"

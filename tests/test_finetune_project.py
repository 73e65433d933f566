"""`train --finetune` in a project: asked, compared, kept only where it is better, and found again."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the extra finetune is not installed")

import florilegium
from florilegium.cli.commands import app
from florilegium.errors import SettingError, StepMissing
from florilegium.evaluation import Comparison
from florilegium.features.backbone import backbone_path
from florilegium.model import finetune, open_model
from florilegium.model import predict as predictions
from florilegium.project.tuning import TuneWish
from florilegium.source.builtin import mirror

BACKBONE = "mobilenetv2_100_tf"
pytestmark = pytest.mark.data
CLASSES, N_EACH = ("hydrangea", "lavender", "sunflower"), 16


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take a few photos of three flowers from the mirror."""
    found = mirror()
    if found is None or backbone_path(BACKBONE) is None:
        pytest.skip("FLORILEGIUM_DATA does not name a mirror with flowers20 and backbones")
    folder = tmp_path_factory.mktemp("flowers")
    for name in CLASSES:
        (folder / name).mkdir()
        for photo in sorted((found / "flowers20" / "images" / name).iterdir())[:N_EACH]:
            (folder / name / photo.name).write_bytes(photo.read_bytes())
    return folder


@pytest.fixture(scope="module")
def tuned(source: Path, tmp_path_factory: pytest.TempPathFactory) -> florilegium.Project:
    """Tune once, and keep the result whatever the comparison says: so few photos show nothing."""
    project = florilegium.new(tmp_path_factory.mktemp("tuned") / "p", source, encoder=BACKBONE)
    patch = pytest.MonkeyPatch()
    patch.setattr(Comparison, "shows_better", lambda _self, _alpha: True)
    try:
        project.train(TuneWish(epochs=1, side=64))
    finally:
        patch.undo()
    return project


def test_a_tuned_network_stays_the_current_one(tuned: florilegium.Project) -> None:
    """Asked again without --finetune, the tuned model is given again, and not trained away."""
    first = tuned.train().record

    assert first.card["fine_tuning"]["kept"]
    assert first.card["encoder"].startswith("mobilenetv2_100_tf-tuned-")
    assert tuned.train().record.model_id == first.model_id


def test_the_tuned_network_is_the_one_that_is_judged(tuned: florilegium.Project, source: Path) -> None:
    """Verdict and predictions come from the network in the file, which is no longer the frozen one."""
    verdict = tuned.verdict()
    file = open_model(tuned.model_path)
    sealed = [name for name, (_, side) in tuned.store.sides().items() if side.value == "test"]
    answers = [answer.label for answer in predictions(file, [source / name for name in sealed])]

    right = sum(label == name.split("/")[0] for label, name in zip(answers, sealed, strict=True))
    assert verdict.n_test == len(sealed)
    assert verdict.model.n_right == right


def test_the_tuned_file_is_half_as_large(tuned: florilegium.Project) -> None:
    """Its network was rounded to half precision before it was measured, and is stored so."""
    assert tuned.model_path.stat().st_size < 0.6 * Path(str(backbone_path(BACKBONE))).stat().st_size


def test_a_tuning_that_does_not_win_leaves_the_frozen_model(source: Path, tmp_path: Path) -> None:
    """The frozen model is published, and it is said by how much the tuned one differed."""
    project = florilegium.new(tmp_path / "p", source, encoder=BACKBONE)

    trained = project.train(TuneWish(epochs=1, side=32))

    assert not trained.record.card["fine_tuning"]["kept"]
    assert "The frozen one is kept." in trained.notes[-1]
    assert "tuned" not in trained.record.card["encoder"]


def test_who_says_no_has_changed_nothing(source: Path, tmp_path: Path) -> None:
    """The forecast is shown before anything starts; with a no, no model is written."""
    project = florilegium.new(tmp_path / "p", source, encoder=BACKBONE)
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
    florilegium.new(tmp_path / "p", source, encoder=BACKBONE)

    done = CliRunner().invoke(
        app, ["train", "-p", str(tmp_path / "p"), "--finetune", "--epochs", "1", "--side", "32", "--yes"]
    )

    assert done.exit_code == 0, done.output
    assert "Fine-tuning takes about 1 min on this CPU" in done.stderr
    assert "Fine-tuning" in done.stdout


def test_without_torch_one_command_is_named(source: Path, tmp_path: Path) -> None:
    """Exit code 2 and the pip command; everything else works without torch."""
    florilegium.new(tmp_path / "p", source, encoder=BACKBONE)
    program = textwrap.dedent(f"""
        import sys
        class NoTorch:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "torch":
                    raise ModuleNotFoundError("No module named 'torch'", name="torch")
        sys.meta_path.insert(0, NoTorch())
        from florilegium.cli import main
        sys.argv = ["florilegium", "train", "-p", {str(tmp_path / "p")!r}, "--finetune", "--yes"]
        main()
    """)

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == (  # and nothing was computed before that was found
        "SettingError: --finetune needs torch, which is not installed. Run: pip install 'florilegium[finetune]'\n"
    )


def test_importing_the_program_loads_no_torch() -> None:
    """Loading torch takes seconds to load; only fine-tuning pays for it."""
    program = "import sys, florilegium.cli.commands, florilegium.project; print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"

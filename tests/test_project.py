"""A project keeps its promises: sealed is sealed, grown data stays where it was, an interrupted command can go on."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import florilegium
from florilegium.errors import FlorilegiumError, InputError, ProjectBusy, ProjectMissing, SourceError, StepMissing
from florilegium.evaluation import alpha_of_opening
from florilegium.project import Project
from florilegium.project.lock import only_command
from florilegium.source.base import Side

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (50, 60, 210)}


def paint(folder: Path, *, n: int, seed: int, start: int = 0) -> None:
    """Paint n noisy pictures of each colour into class folders; no two are near-duplicates."""
    rng = np.random.default_rng(seed)
    for label, colour in COLOURS.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for i in range(start, start + n):
            coarse = rng.normal(0, 60, (6, 6, 3))
            pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + colour, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i:04}.png")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of three classes with 30 small pictures each; read-only for the tests."""
    folder = tmp_path_factory.mktemp("photos")
    paint(folder, n=30, seed=1)
    return folder


@pytest.fixture(scope="module")
def judged(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a project that has gone the whole way; tests that share it must not change it."""
    project = florilegium.new(tmp_path_factory.mktemp("project") / "colours", photos)
    project.audit()
    project.train()
    project.verdict()
    project.report()
    return project


def sides_by_name(project: Project) -> dict[str, Side]:
    """Give the side of each item ever placed."""
    return {name: side for name, (_, side) in project.store.sides().items()}


def test_the_whole_way_leaves_model_report_and_record(judged: Project) -> None:
    """After new, audit, train, verdict, report there is a model file, a report, and a record of each command."""
    commands = [run.command for run in judged.store.runs()][:5]  # tests that share the project may have asked more

    assert commands == ["new", "audit", "train", "verdict", "report"]
    assert (judged.folder / "model.onnx").stat().st_size > 1000
    assert "<html" in (judged.folder / "report.html").read_text(encoding="utf-8")


def test_colours_are_told_apart(judged: Project) -> None:
    """Three plain colours are an easy task: the model reads nearly all of the sealed pictures right."""
    verdict = judged.verdict()

    assert verdict.model.accuracy >= 0.9
    assert verdict.n_test == sum(side is Side.TEST for side in sides_by_name(judged).values())


def test_asking_again_opens_nothing(judged: Project) -> None:
    """The same model has one verdict, however often it is asked for, also by a fresh process."""
    first = judged.verdict()
    again = florilegium.load(judged.folder).verdict()

    assert again == first
    assert len(judged.store.ledger()) == 1


def test_results_show_themselves_in_a_notebook(judged: Project) -> None:
    """Verdict and training give HTML that holds their main number."""
    verdict = judged.verdict()

    assert (
        f"{verdict.model.accuracy * 100:.1f}" in verdict._repr_html_().replace("100.0", "100")
        or "100" in verdict._repr_html_()
    )
    assert "<" in judged.audit()._repr_html_()


def test_a_missing_step_is_named(photos: Path, tmp_path: Path) -> None:
    """Asking for a verdict before training names the command that is missing."""
    project = florilegium.new(tmp_path / "p", photos)

    with pytest.raises(StepMissing, match="florilegium train"):
        project.verdict()


def test_no_project_here(tmp_path: Path) -> None:
    """Opening an empty folder says how to make a project."""
    with pytest.raises(ProjectMissing, match="florilegium new"):
        florilegium.load(tmp_path)


def test_grown_data_never_moves_from_test_to_train(photos: Path, tmp_path: Path) -> None:
    """A second `new` adds the new pictures and leaves every earlier one on its side."""
    source = shutil.copytree(photos, tmp_path / "photos")
    before = sides_by_name(florilegium.new(tmp_path / "p", source))
    paint(source, n=15, seed=2, start=100)

    project = florilegium.new(tmp_path / "p", source)

    after = sides_by_name(project)
    assert len(after) == len(before) + 45
    assert {name: after[name] for name in before} == before


def test_a_test_picture_moved_to_another_class_folder_stays_in_test(photos: Path, tmp_path: Path) -> None:
    """Moving a sealed file to another class folder does not smuggle it into training."""
    source = shutil.copytree(photos, tmp_path / "photos")
    project = florilegium.new(tmp_path / "p", source)
    sealed = next(n for n, side in sides_by_name(project).items() if side is Side.TEST and n.startswith("red/"))
    (source / sealed).rename(source / "blue" / "moved.png")

    project = florilegium.new(tmp_path / "p", source)

    assert sides_by_name(project)["blue/moved.png"] is Side.TEST


def test_copies_of_a_picture_are_never_divided(photos: Path, tmp_path: Path) -> None:
    """Exact and recompressed copies share a side."""
    source = shutil.copytree(photos, tmp_path / "photos")
    for i in range(10):
        picture = Image.open(source / "red" / f"{i:04}.png")
        picture.save(source / "red" / f"copy_{i}.png")
        picture.save(source / "red" / f"jpeg_{i}.jpg", quality=92)

    sides = sides_by_name(florilegium.new(tmp_path / "p", source))

    for i in range(10):
        assert sides[f"red/{i:04}.png"] is sides[f"red/copy_{i}.png"]


def test_same_seed_same_split_same_model(photos: Path, tmp_path: Path) -> None:
    """Two projects of the same data and seed are equal to the last bit of the model."""
    one, two = (florilegium.new(tmp_path / name, photos) for name in ("one", "two"))

    assert sides_by_name(one) == sides_by_name(two)
    assert one.train().record.model_id == two.train().record.model_id


def test_a_corrected_label_reaches_the_next_training(photos: Path, tmp_path: Path) -> None:
    """Relabelling is an event; the next model is another one, and its verdict is the second opening."""
    project = florilegium.new(tmp_path / "p", photos)
    first = project.train().record.model_id
    project.verdict()
    item = next(n for n, side in sides_by_name(project).items() if side is Side.TRAIN and n.startswith("red/"))

    project.relabel(item, "blue", who="ann", why="test")

    assert project.train().record.model_id != first
    assert project.verdict().opening == 2
    assert [e.who for e in project.store.label_events() if e.name == item] == ["import", "ann"]


def test_an_unknown_item_or_class_is_named(judged: Project) -> None:
    """A slip in an item's name gives the nearest ones."""
    with pytest.raises(InputError, match=r"nearest: red/0"):
        judged.relabel("red/001.png", "blue")


def test_a_slip_in_a_class_makes_no_new_one(judged: Project, tmp_path: Path) -> None:
    """A label that no item has is refused with the nearest class; a class that is meant to be new is asked for."""
    project = florilegium.load(shutil.copytree(judged.folder, tmp_path / "copy"))
    name = project.holdings().dataset.names[0]

    with pytest.raises(InputError, match=r"no class 'bleu'.*nearest: blue.*--new-class"):
        project.relabel(name, "bleu")
    with pytest.raises(InputError, match=r"no class 'quince'.*the classes are blue, green, red\."):
        project.relabel(name, "quince")
    project.relabel(name, "quince", new_class=True)

    assert project.holdings().dataset.classes == ("blue", "green", "quince", "red")


def test_another_source_cannot_take_over_a_project(judged: Project, tmp_path: Path) -> None:
    """A project belongs to one source; the message says where to change it."""
    with pytest.raises(InputError, match="lives here already"):
        florilegium.new(judged.folder, tmp_path)


def test_other_settings_for_an_existing_project_are_refused(judged: Project, photos: Path) -> None:
    """A seed that differs from the recorded one would be ignored in silence, so it is refused."""
    with pytest.raises(InputError, match="seed"):
        florilegium.new(judged.folder, photos, seed=99)


def test_a_first_reading_that_failed_can_be_tried_with_other_settings(tmp_path: Path) -> None:
    """A slip in a column's name does not nail the project to it."""
    (tmp_path / "table.csv").write_text("text,kind\n" + "".join(f"some words {i},{'ab'[i % 2]}\n" for i in range(20)))
    with pytest.raises(InputError, match="knid"):
        florilegium.new(tmp_path / "p", tmp_path / "table.csv", label="knid")

    project = florilegium.new(tmp_path / "p", tmp_path / "table.csv", label="kind")

    assert project.holdings().dataset.classes == ("a", "b")


@pytest.mark.parametrize(
    ("encoder", "message"),
    [("resnet18", "no such encoder"), ("onnx:nope.onnx", r"nope\.onnx"), ("inception_v3_trunk", "not found")],
)
def test_an_encoder_that_is_not_to_be_had_leaves_nothing_behind(
    encoder: str, message: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder is looked for before anything is written: the folder stays free for another try."""
    monkeypatch.delenv("FLORILEGIUM_DATA", raising=False)

    with pytest.raises(FlorilegiumError, match=message):
        florilegium.new(tmp_path / "p", photos, encoder=encoder)

    assert not (tmp_path / "p").exists()


def test_a_first_encoding_that_failed_can_be_tried_with_another_encoder(photos: Path, tmp_path: Path) -> None:
    """Where the items were read but cannot be encoded so, nothing is sealed yet and another encoder may be named."""
    with pytest.raises(InputError, match="these items are pictures"):
        florilegium.new(tmp_path / "p", photos, encoder="tfidf")

    project = florilegium.new(tmp_path / "p", photos, encoder="pixels")

    assert project.settings.encoder == "pixels"
    assert len(sides_by_name(project)) == len(project.holdings().dataset)


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    """A folder with one class says that a classifier needs two."""
    paint(tmp_path / "photos", n=3, seed=1)
    shutil.rmtree(tmp_path / "photos" / "red")
    shutil.rmtree(tmp_path / "photos" / "blue")

    with pytest.raises(SourceError, match=r"[Oo]ne class|two"):
        florilegium.new(tmp_path / "p", tmp_path / "photos")


def test_two_commands_at_once_are_told_apart(judged: Project) -> None:
    """While one command holds the project another is told who does."""
    with only_command(judged.folder, "train"), pytest.raises(ProjectBusy, match="florilegium train"):
        judged.audit()


def test_the_cache_may_be_deleted_at_any_time(judged: Project, tmp_path: Path) -> None:
    """Without its cache a project computes again and says the same."""
    copy = shutil.copytree(judged.folder, tmp_path / "copy")
    before = florilegium.load(copy).train().record.model_id
    shutil.rmtree(copy / "cache")

    assert florilegium.load(copy).train().record.model_id == before


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.8, 1.5, 2.2, 3.0])
def test_a_killed_run_is_taken_up_by_the_same_command(photos: Path, tmp_path: Path, after_s: float) -> None:
    """`kill -9` at any moment: the same command goes on and ends with a verdict, and the seal was opened once."""
    command = [sys.executable, "-m", "florilegium", "run", str(photos), "-o", str(tmp_path / "p"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
        time.sleep(after_s)
        os.kill(victim.pid, signal.SIGKILL)

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert len(florilegium.load(tmp_path / "p").store.ledger()) == 1


def test_an_opening_that_was_interrupted_is_finished_not_repeated(photos: Path, tmp_path: Path) -> None:
    """A crash between opening and judging costs no second opening."""
    project = florilegium.new(tmp_path / "p", photos)
    model_id = project.train().record.model_id
    project.store.open_seal(model_id, alpha_of=alpha_of_opening, now=project.clock())

    verdict = project.verdict()

    assert verdict.opening == 1
    assert verdict.alpha == pytest.approx(0.05 * 6 / np.pi**2)
    assert len(project.store.ledger()) == 1

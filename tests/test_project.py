"""A project of pictures, and what it refuses; promises that hold for both kinds have their tests in test_kinds."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import florilegium
from florilegium.errors import FlorilegiumError, InputError, ProjectBusy, ProjectMissing, SourceError
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


def test_results_show_themselves_in_a_notebook(judged: Project) -> None:
    """Verdict and training give HTML that holds their main number."""
    verdict = judged.verdict()

    assert (
        f"{verdict.model.accuracy * 100:.1f}" in verdict._repr_html_().replace("100.0", "100")
        or "100" in verdict._repr_html_()
    )
    assert "<" in judged.audit()._repr_html_()


def test_no_project_here(tmp_path: Path) -> None:
    """Opening an empty folder says how to make a project."""
    with pytest.raises(ProjectMissing, match="florilegium new"):
        florilegium.load(tmp_path)


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

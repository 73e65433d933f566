"""What the core promises for pictures holds for texts: the same tests, on a project of either kind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import florilegium
from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import alpha_of_opening
from florilegium.project import Project, restore
from florilegium.source.base import Kind, Side
from tests.kind_making import Made, sides_by_name
from tests.recourse_making import ask, contest, recourse_at, review
from tests.test_backup import record_of


@pytest.fixture(scope="module", params=[Kind.IMAGE, Kind.TEXT], ids=["pictures", "texts"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give 30 items of each of three classes; tests that change them work on copies."""
    made = Made(request.param, tmp_path_factory.mktemp("made") / "source")
    made.add(n=30, seed=1)
    return made


@pytest.fixture(scope="module")
def judged(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a project that has gone the whole way; tests that change it work on copies."""
    folder = tmp_path_factory.mktemp("judged") / "p"
    with florilegium.new(folder, made.source) as project:
        project.audit()
        project.train()
        project.verdict()
        project.report()
    return folder


def a_train_item(project: Project, label: str) -> str:
    """Name an item to learn from that has this label."""
    sides = sides_by_name(project)
    samples = project.holdings().dataset.samples
    return next(each.name for each in samples if each.label == label and sides[each.name] is Side.TRAIN)


def test_one_opening_whoever_asks_again(judged: Path) -> None:
    """The whole way leaves model and report; asking again, by a fresh process too, gives the same and opens nothing."""
    with florilegium.load(judged) as project:
        verdict = project.verdict()
        commands, n_openings = [run.command for run in project.store.runs()][:5], len(project.store.ledger())
        sides = sides_by_name(project)
    with florilegium.load(judged) as again:
        same = again.verdict()

    assert commands == ["new", "audit", "train", "verdict", "report"]
    assert same == verdict
    assert n_openings == 1
    assert verdict.n_test == sum(side is Side.TEST for side in sides.values())
    assert verdict.model.accuracy >= 0.8
    assert (judged / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_verdict_needs_a_model(made: Made, tmp_path: Path) -> None:
    """Asking for a verdict before training names the command that is missing."""
    with florilegium.new(tmp_path / "p", made.source) as project, pytest.raises(StepMissing, match="florilegium train"):
        project.verdict()


def test_what_is_added_moves_nothing(made: Made, tmp_path: Path) -> None:
    """A second `new` adds what came, and leaves each earlier item on its side."""
    grown = made.copied_to(tmp_path / "source")
    with florilegium.new(tmp_path / "p", grown.source) as project:
        before = sides_by_name(project)
    grown.add(n=15, seed=2, start=100)
    with florilegium.new(tmp_path / "p", grown.source) as project:
        after = sides_by_name(project)

    assert len(after) == len(before) + 45
    assert {name: after[name] for name in before} == before


def test_another_label_unseals_nothing(made: Made, tmp_path: Path) -> None:
    """What is said to be of another class in the source stays sealed."""
    changed = made.copied_to(tmp_path / "source")
    with florilegium.new(tmp_path / "p", changed.source) as project:
        red = {each.name for each in project.holdings().dataset.samples if each.label == "red"}
        sealed = next(name for name, side in sides_by_name(project).items() if side is Side.TEST and name in red)
    name = changed.move(sealed, "blue")
    with florilegium.new(tmp_path / "p", changed.source) as project:
        side = sides_by_name(project)[name]

    assert side is Side.TEST


def test_copies_share_a_side(made: Made, tmp_path: Path) -> None:
    """A copy in another format, or in capitals, is never on the other side; one that comes later neither."""
    doubled = made.copied_to(tmp_path / "source")
    with florilegium.new(tmp_path / "first", doubled.source) as project:
        names = list(sides_by_name(project))
    copies = {name: doubled.copy(name) for name in names[::9]}
    with florilegium.new(tmp_path / "p", doubled.source) as project:
        at_once = sides_by_name(project)
    with florilegium.new(tmp_path / "first", doubled.source) as project:
        later = sides_by_name(project)

    for sides in (at_once, later):
        assert {name: sides[copy] for name, copy in copies.items()} == {name: sides[name] for name in copies}
    assert set(later.values()) == {Side.TRAIN, Side.TEST}


def test_equal_seeds_give_equal_models(made: Made, tmp_path: Path) -> None:
    """Two projects of the same data and seed are equal to the last bit of the model, without their cache, too."""
    found = []
    for name in ("one", "two"):
        with florilegium.new(tmp_path / name, made.source) as project:
            found.append((sides_by_name(project), project.train().record.model_id))
    shutil.rmtree(tmp_path / "two" / "cache")
    with florilegium.load(tmp_path / "two") as project:
        without = project.train().record.model_id

    assert found[0] == found[1]
    assert without == found[0][1]


def test_a_corrected_label_is_an_event(judged: Path, tmp_path: Path) -> None:
    """The next model is another one, its verdict the second opening, and the first label stays in the record."""
    with florilegium.load(shutil.copytree(judged, tmp_path / "p")) as project:
        first = project.store.current_model()
        item = a_train_item(project, "red")
        project.relabel(item, "blue", who="ann", why="test")
        second = project.train().record
        verdict = project.verdict()
        events = [event.who for event in project.store.label_events() if event.name == item]

    assert first is not None
    assert second.model_id != first.model_id
    assert verdict.opening == 2
    assert verdict.alpha == pytest.approx(alpha_of_opening(2))
    assert events == ["import", "ann"]


def test_slips_are_named(judged: Path) -> None:
    """A slip in an item's or a class's name gives the nearest one and changes nothing."""
    with florilegium.load(judged) as project:
        item = a_train_item(project, "red")
        n_events = len(project.store.label_events())
        with pytest.raises(InputError, match=f"nearest: .*{item[:8]}"):
            project.relabel(f"{item[:-1]}z", "blue")
        with pytest.raises(InputError, match=r"no class 'bleu'.*nearest: blue.*--new-class"):
            project.relabel(item, "bleu")

        assert len(project.store.label_events()) == n_events


def test_an_opening_cut_short_is_finished(made: Made, tmp_path: Path) -> None:
    """A crash between opening and judging costs no second opening."""
    with florilegium.new(tmp_path / "p", made.source) as project:
        model_id = project.train().record.model_id
        project.store.open_seal(model_id, alpha_of=alpha_of_opening, now=project.clock())
        verdict = project.verdict()

        assert (verdict.opening, len(project.store.ledger())) == (1, 1)
        assert verdict.alpha == pytest.approx(0.05 * 6 / np.pi**2)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.8, 1.8, 3.0])
def test_a_killed_run_goes_on(made: Made, tmp_path: Path, after_s: float) -> None:
    """`kill -9` at any moment: the same command goes on and ends with a verdict, and the seal was opened once."""
    command = [sys.executable, "-m", "florilegium", "run", str(made.source), "-o", str(tmp_path / "p"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
        time.sleep(after_s)
        os.kill(victim.pid, signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    with florilegium.load(tmp_path / "p") as project:
        assert len(project.store.ledger()) == 1


def test_a_project_moves_between_databases(judged: Path, postgres_url: str, tmp_path: Path) -> None:
    """By backup and restore to PostgreSQL, worked on there, and back to a file: no row is lost."""
    with florilegium.load(judged) as project:
        there = project.backup(tmp_path / "there.zip").path
    restore(there, tmp_path / "there", database=postgres_url)
    with florilegium.load(tmp_path / "there") as project:
        project.relabel(a_train_item(project, "green"), "blue", who="bob", why="it is 🌷 blue")
        model_id = project.train().record.model_id
        back = project.backup(tmp_path / "back.zip").path
    restore(back, tmp_path / "home")
    with florilegium.load(tmp_path / "home") as project:
        current = project.store.current_model()

    assert record_of(tmp_path / "home") == record_of(tmp_path / "there")
    assert current is not None
    assert current.model_id == model_id


def test_an_appeal_about_what_is_sealed_teaches_nothing(made: Made, judged: Path, tmp_path: Path) -> None:
    """An appeal against the answer to a sealed item, or a text like it, is withheld from learning; that is said."""
    with recourse_at(judged, tmp_path / "p") as recourse:
        sides = recourse.store.sides()
        samples = {each.name: each.label for each in recourse.project.holdings().dataset.samples}
        sealed = next(name for name, (_, side) in sides.items() if side is Side.TEST)
        content = made.content(sealed)
        near = content if isinstance(content, bytes) else f"{content.upper()}?"
        answer, _ = ask(recourse, near)
        wrong = next(each for each in recourse.classes if each not in (samples[sealed], answer.label))
        file, _ = contest(recourse, near)
        review(recourse, file.case.id, wrong)
        notes, after = recourse.project.train().notes, recourse.store.sides()

    assert not any(name.startswith("appeals/") for name in after)
    assert any("1 withheld, because a near copy is sealed" in note for note in notes)

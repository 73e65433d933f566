"""What the core promises of models in use holds for texts as for pictures: cleaning, recourse, bias, monitor."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import florilegium
from florilegium.appeals import Ruling, State
from florilegium.bias import Outcome
from florilegium.feedback import Kept
from florilegium.project import Project
from florilegium.project.desk.card import Wanted
from florilegium.project.judged import BiasWish
from florilegium.project.recourse import Recourse
from florilegium.source.base import Kind, Side
from florilegium.store import Said
from tests.desk_making import desk_at
from tests.kind_making import COLOURS, Made, sides_by_name
from tests.recourse_making import ask, contest, key, recourse_at, review

N_WRONG, N_STRANGE = 2, 15  # of each class


@pytest.fixture(scope="module", params=[Kind.IMAGE, Kind.TEXT], ids=["pictures", "texts"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give 30 items of each of three classes; tests that change them work on copies."""
    made = Made(request.param, tmp_path_factory.mktemp("made") / "source")
    made.add(n=30, seed=1)
    return made


@pytest.fixture(scope="module")
def trained(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a trained project; tests work on copies."""
    folder = tmp_path_factory.mktemp("trained") / "p"
    with florilegium.new(folder, made.source) as project:
        project.train()
    return folder


def other_than(recourse: Recourse, *labels: str | None) -> str:
    """Name a class that is none of these."""
    return next(each for each in recourse.classes if each not in labels)


def test_planted_errors_come_first_on_the_desk(made: Made, tmp_path: Path) -> None:
    """Wrong labels to learn from lead the cards, sealed items are on none, and an answer is the label from then on."""
    slips, rng = made.copied_to(tmp_path / "source"), np.random.default_rng(5)
    truth: dict[str, str] = {}
    for label in COLOURS:
        other = next(each for each in COLOURS if each != label)
        names = [slips.put(slips.fresh(other, rng), label, number=900 + i) for i in range(N_WRONG)]
        truth |= dict.fromkeys(names, other)
    with florilegium.new(tmp_path / "made", slips.source) as project:
        project.audit()
        project.train()
    with desk_at(tmp_path / "made", tmp_path / "p", blind_share=0.0) as desk:
        sides = sides_by_name(desk.project)
        wrong = {name for name in truth if sides[name] is Side.TRAIN}
        cards = desk.suspects("ann", Wanted(), 200)
        first = next(card for card in cards if card.name in wrong)
        desk.judge(first.ticket, Said.LABEL, truth[first.name], who="ann")
        event = desk.project.store.label_events()[-1]

    assert wrong <= {card.name for card in cards[: len(wrong) + 3]}
    assert all(sides[card.name] is Side.TRAIN for card in cards)
    assert (event.name, event.label, event.who) == (first.name, truth[first.name], "ann")


def test_audits_may_be_sealed(made: Made, trained: Path, tmp_path: Path) -> None:
    """What chance drew and a person labelled blind, with consent to learn, joins both sides as any item does."""
    rng = np.random.default_rng(7)
    with recourse_at(trained, tmp_path / "p", audit_share=1.0) as recourse:
        for i in range(20):
            ask(recourse, made.fresh(list(COLOURS)[i % 3], rng), may_learn=True)
        for waiting in recourse.queue("ann", "reviewer"):
            answer = recourse.prediction_of(recourse.case_by_id(waiting.case)).label
            review(recourse, waiting.case, answer)
        recourse.project.train()
        sides = [side for name, side in sides_by_name(recourse.project).items() if name.startswith("audits/")]

    assert len(sides) == 20
    assert 1 <= sides.count(Side.TEST) <= 10


def test_a_second_look_takes_a_lesson_back(made: Made, trained: Path, tmp_path: Path) -> None:
    """Upheld, learned, opened again and rejected: the item is out of the set, with both events in the record."""
    content = made.fresh("red", np.random.default_rng(8))
    with recourse_at(trained, tmp_path / "p") as recourse:
        file, link = contest(recourse, content)
        answer = recourse.prediction_of(file).label
        learned = other_than(recourse, answer)
        review(recourse, file.case.id, learned)
        recourse.reopen(link, text="look again", key=key())
        done = review(recourse, file.case.id, answer, who="bob")
        events = [event.label for event in recourse.store.label_events() if event.name.startswith("appeals/")]

    assert done.standing.state is State.REJECTED
    assert events == [learned, None]


def test_a_group_that_fares_worse_is_found(made: Made, tmp_path: Path) -> None:
    """Items of one shop look like no class at all: the errors there are found, and the seal stays shut."""
    shops, rng = made.copied_to(tmp_path / "source"), np.random.default_rng(9)
    with florilegium.new(tmp_path / "first", made.source) as project:
        told = dict.fromkeys(sides_by_name(project), "plain")
    for label in COLOURS:
        names = [shops.put(shops.fresh(None, rng), label, number=700 + i) for i in range(N_STRANGE)]
        told |= dict.fromkeys(names, "dim")
    shops.tell("shop", told)
    with florilegium.new(tmp_path / "p", shops.source) as project:
        project.train()
        found = project.bias(BiasWish(groups=("shop",)))
        status = project.status()

    errors = [each for each in found.findings.found if each.bias == "errors"]
    assert errors[0].column == "shop"
    assert "dim" in errors[0].sentence
    assert (found.n, status.n_openings) == (status.n_train, 0)


def test_a_promise_that_live_answers_break_is_said(made: Made, trained: Path, tmp_path: Path) -> None:
    """A sealed test promises; then all audited answers turn out wrong: below, and so does the test of deployment."""
    rng = np.random.default_rng(10)
    with Project(shutil.copytree(trained, tmp_path / "judged")) as project:
        project.verdict()
    with recourse_at(tmp_path / "judged", tmp_path / "p", audit_share=1.0) as recourse:
        for i in range(40):
            ask(recourse, made.fresh(list(COLOURS)[i % 3], rng))
        for waiting in recourse.queue("ann", "reviewer"):
            answer = recourse.prediction_of(recourse.case_by_id(waiting.case)).label
            done = review(recourse, waiting.case, other_than(recourse, answer))
            assert done.standing.ruling is Ruling.UPHELD
        found = recourse.project.monitor()
        deployment = [each for each in recourse.project.bias().findings.results if each.bias == "deployment"]

    assert found.watched.audit.kept is Kept.BELOW
    assert found.path is not None
    assert "below what was promised" in found.path.read_text(encoding="utf-8")
    assert any(each.outcome is Outcome.FOUND for each in deployment)

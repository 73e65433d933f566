"""What was contested and upheld is learned from; what is sealed stays apart from it."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import florilegium
from florilegium.appeals import Consent, Ruling, State, Step
from florilegium.model import predict, predict_bytes, shipped_models
from florilegium.project.recourse import Recourse
from florilegium.source.base import Kind, Side
from tests.recourse_making import ask, contest, key, make_project, picture, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


def orange(seed: int) -> bytes:
    """Give a picture of a colour that the project does not know."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 40, (6, 6, 3))
    pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + np.array([235, 150, 20]), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def upheld(recourse: Recourse, content: bytes, label: str) -> None:
    """Contest an answer and uphold that."""
    file, _ = contest(recourse, content)
    review(recourse, file.case.id, label)


def test_an_upheld_appeal_corrects_the_next_model(made: Path, tmp_path: Path) -> None:
    """Orange pictures that were taken for red are contested, upheld as green, learned from, and answered as green."""
    with recourse_at(made, tmp_path / "p") as recourse:
        before, _ = ask(recourse, orange(0))
        for seed in range(1, 9):
            upheld(recourse, orange(seed), "green")
        notes = recourse.project.train().notes
        after, _ = ask(recourse, orange(0))
        status = recourse.project.status()
        sides = {n: side for n, (_, side) in recourse.store.sides().items() if n.startswith("appeals/")}
        events = [e for e in recourse.store.label_events() if e.name.startswith("appeals/")]

    assert before.label == "red"
    assert after.label == "green"
    assert (status.n_from_appeals, status.n_not_placed) == (8, 0)
    assert set(sides.values()) == {Side.TRAIN}
    assert {(e.who, e.suggested, e.label) for e in events} == {("ann", False, "green")}
    assert events[0].why == "appeal 1 upheld: it is plainly something else"
    assert "Items of live use: 8 appeals with consent to learn." in notes


def test_what_was_said_after_seeing_the_answer_is_marked(made: Path, tmp_path: Path) -> None:
    """A label that differs from the blind one counts as suggested, with the model's answer beside it."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"))
        recourse.take(file.case.id, "ann")
        recourse.judge_blind(file.case.id, "ann", "green", key=key())
        recourse.decide(file.case.id, "ann", Ruling.UPHELD, "blue", reason="the edge is blue", key=key())
        event = recourse.store.label_events()[-1]

    assert (event.label, event.suggested, event.suggestion) == ("blue", True, "red")


def test_an_appeal_never_judges(made: Path, tmp_path: Path) -> None:
    """An appeal against the answer to a sealed picture, and one to a near copy of it, are withheld; that is said."""
    with recourse_at(made, tmp_path / "p") as recourse:
        sealed = [n for n, (_, side) in recourse.store.sides().items() if side is Side.TEST]
        path = Path(recourse.settings.source.location) / sealed[0]
        with Image.open(path) as image:
            near = io.BytesIO()
            image.save(near, "WEBP", lossless=True)
        label = sealed[0].split("/")[0]
        wrong = next(c for c in recourse.classes if c != label)
        for content in (path.read_bytes(), near.getvalue()):
            upheld(recourse, content, wrong)
        notes, sides = recourse.project.train().notes, recourse.store.sides()
        status = recourse.project.status()

    assert not any(name.startswith("appeals/") for name in sides)
    assert (status.n_from_appeals, status.n_not_placed) == (2, 2)
    assert any("2 withheld, because a near copy is sealed" in note for note in notes)


def test_audits_may_be_sealed(made: Path, tmp_path: Path) -> None:
    """What chance drew and a person labelled blind is sealed like any item, right answers as well as wrong ones."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        for seed in range(20):
            ask(recourse, picture(["red", "green", "blue"][seed % 3], seed=500 + seed), may_learn=True)
        for waiting in recourse.queue("ann", "reviewer"):
            answer = recourse.prediction_of(recourse.case_by_id(waiting.case)).label
            review(recourse, waiting.case, answer)
        recourse.project.train()
        sides = [side for name, (_, side) in recourse.store.sides().items() if name.startswith("audits/")]
        contents = recourse.store.live.content_ids()

    assert len(sides) == 20
    assert 1 <= sides.count(Side.TEST) <= 10
    assert len(contents) == 20


def test_audits_without_consent_to_learn_are_erased(made: Path, tmp_path: Path) -> None:
    """A picture that a person may check and nothing may learn from is gone as soon as it is decided."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        ask(recourse, picture("red"))
        (waiting,) = recourse.queue("ann", "reviewer")
        done = review(recourse, waiting.case, "blue")
        assert recourse.store.live.content_ids() == frozenset()
        assert recourse.store.lessons.names() == frozenset()

    assert done.standing.state is State.UPHELD


def test_a_second_look_takes_a_lesson_back(made: Path, tmp_path: Path) -> None:
    """Upheld, learned, opened again and rejected: the item is out of the set, with both events in the record."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, link = contest(recourse, picture("red"))
        review(recourse, file.case.id, "blue")
        recourse.reopen(link, text="it is green, not blue", key=key())
        done = review(recourse, file.case.id, "red", who="bob")
        events = [e.label for e in recourse.store.label_events() if e.name.startswith("appeals/")]

    assert done.standing.state is State.REJECTED
    assert [e.step for e in done.events].count(Step.LEARNED) == 2
    assert events == ["blue", None]


def test_reading_the_source_again_keeps_what_was_learned(made: Path, tmp_path: Path) -> None:
    """`new` marks no item of an appeal as gone; a cache that was deleted is filled again from the database."""
    with recourse_at(made, tmp_path / "p") as recourse:
        upheld(recourse, picture("red"), "blue")
        recourse.project.train()
        shutil.rmtree(recourse.project.cache)
        reading = recourse.project.new()
        recourse.project.train()
        status = recourse.project.status()

    assert reading.grown.n_gone == 0
    assert status.n_from_appeals == 1


def test_pixels_and_texts_learn_too(tmp_path: Path) -> None:
    """A drawn digit joins the arrays of its source, a query the texts of its table."""
    table = tmp_path / "queries.csv"
    rows = [f"my card {w} is gone,lost" for w in "abcdefghij"] + [f"where is my {w} money,money" for w in "abcdefghij"]
    table.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    for name, source, content, kind in (
        ("digits", "digits", picture("red"), Kind.IMAGE),
        ("texts", table, "somebody took my purse", Kind.TEXT),
    ):
        folder = tmp_path / name
        with florilegium.new(folder, source) as project:
            if kind is Kind.TEXT:
                project.train()
            else:  # the shipped model answers; training all digits takes longer than a test may
                shutil.copyfile(shipped_models()["digits"], project.model_path)
            recourse = project.recourse()
            if isinstance(content, str):
                (said,) = predict(recourse.model, [content])
            else:
                said = predict_bytes(recourse.model, content, name="drawn.png", facts=True)
            _, ticket = recourse.answered(content, said)
            consent = Consent.LEARN
            file, _ = recourse.appeal(ticket, reason="wrong", key=key(), consent=consent, content=content)
            label = next(each for each in recourse.classes if each != said.label)
            review(recourse, file.case.id, label)
            samples = project.holdings().dataset.samples
            own = [(s.name.split("/")[0], s.label) for s in samples if s.name.startswith("appeals/")]

        assert own == [("appeals", label)]

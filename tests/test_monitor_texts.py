"""Live texts have vectors, so that the monitor sees what comes in change, and stays calm where nothing does."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import florilegium
from florilegium.feedback import Shift
from florilegium.model import open_model, predict_texts
from florilegium.model.sketch import N_DIRECTIONS
from florilegium.project import Project
from florilegium.project.monitor.watching import look
from florilegium.project.queries import QueryWish
from florilegium.project.queries.view import Asked
from tests.query_making import ENDINGS, INTENTS, OPENINGS, queries_csv

N_LIVE = 250
OTHERS = ("my card rate failed", "topping dollars anywhere", "stolen euros completed", "exchange my waiting declined")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project of queries."""
    folder = tmp_path_factory.mktemp("monitored")
    queries_csv(folder / "queries.csv", n_each=120)
    with florilegium.new(folder / "project", folder / "queries.csv") as project:
        project.train()
        return project.folder


def written(cores: Sequence[str], *, n: int, seed: int) -> list[str]:
    """Write n queries about these matters as the training queries are written."""
    rng = np.random.default_rng(seed)

    def one() -> str:
        return " ".join([rng.choice(OPENINGS), rng.choice(cores), rng.choice(ENDINGS), f"x{rng.integers(10**6)}"])

    return [one() for _ in range(n)]


def usual(n: int, *, seed: int) -> list[str]:
    """Write n queries of which each intent is as frequent as in training."""
    each = [written(cores, n=n // len(INTENTS), seed=seed + i) for i, cores in enumerate(INTENTS.values())]
    return [text for texts in each for text in texts]


def shift_of(folder: Path, texts: Sequence[str]) -> Shift:
    """Let a copy of the project answer texts as its server does, and watch."""
    with Project(folder) as project:
        recourse = project.recourse()
        for text, said in zip(texts, predict_texts(recourse.model, texts), strict=True):
            recourse.answered(text, said, key=None, metadata={}, may_check=True, may_learn=False)
        return look(project, project.holdings()).watched.shift


def copied(made: Path, to: Path) -> Path:
    """Copy the project, so that no test sees another's answers."""
    return Path(shutil.copytree(made, to / "p"))


def test_other_topics_are_found(made: Path, tmp_path: Path) -> None:
    """Where half of the stream is about other things in the same words' company, the shift is found."""
    found = shift_of(copied(made, tmp_path), usual(N_LIVE // 2, seed=1) + written(OTHERS, n=N_LIVE // 2, seed=2))

    assert found.overall is not None
    assert found.overall.found
    assert found.overall.p is not None
    assert found.overall.p <= 0.01


@pytest.mark.parametrize("seed", [10, 20, 30])
def test_the_same_topics_are_no_shift(made: Path, tmp_path: Path, seed: int) -> None:
    """A stream like the training queries is not called different, in any of three draws at a level of 1 %."""
    found = shift_of(copied(made, tmp_path), usual(N_LIVE, seed=seed))

    assert found.overall is not None
    assert found.overall.p is not None
    assert found.overall.p > 0.01
    assert found.overall.n_live > N_LIVE // 2


def test_a_sketch_keeps_likeness_and_is_the_same_again(made: Path) -> None:
    """Opened twice, a model gives the same vectors; a text resembles its variant more than another matter."""
    texts = ["where is my new card", "where is my card now", "what exchange rate do you use", "一二三"]
    first, again = ([said.vector for said in predict_texts(open_model(made / "model.onnx"), texts)] for _ in range(2))
    vectors = np.stack([vector for vector in first if vector is not None])
    repeated = np.stack([vector for vector in again if vector is not None])

    assert vectors.shape == (len(texts), N_DIRECTIONS)
    np.testing.assert_array_equal(vectors, repeated)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert not vectors[3].any()


def test_a_sketch_costs_a_fraction_of_a_millisecond(made: Path) -> None:
    """Beside the answer itself a vector takes under 0.2 ms a text, in the quickest of five rounds."""
    model = open_model(made / "model.onnx")
    counts = [model.vectors_of_texts([text]) for text in usual(40, seed=3)]
    model.kept_vectors(counts[0])
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for each in counts:
            model.kept_vectors(each)
        rounds.append((time.perf_counter() - began) / len(counts))

    assert min(rounds) < 0.0002


def test_the_query_desk_keeps_vectors_too(made: Path, tmp_path: Path) -> None:
    """A query that was taken in stands among the live answers with its sketch."""
    text = "where is my new card"
    with Project(copied(made, tmp_path)) as project:
        project.queries().desk(QueryWish(blind_share=0.0)).receive(Asked(text=text))
        (answer,) = project.store.live.all()
        vector = project.store.live.vectors([answer.id])[answer.id]
    (said,) = predict_texts(open_model(made / "model.onnx"), [text])

    assert said.vector is not None
    np.testing.assert_allclose(vector, said.vector, atol=1e-6)

"""The arithmetic of the page against the Python lab: the same numbers, the same sentences."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from florilegium.export.lab.site import descent_files
from florilegium.lab import ending, ops
from florilegium.lab.digits import load
from florilegium.lab.optimiser import SGD
from florilegium.lab.tensor import Tensor
from tests.lab_page_serving import shown, visit

pytestmark = pytest.mark.chromium

N_STEPS = 40
# Runs a problem in the page for some steps; gives all that is needed to repeat it elsewhere.
RUN = """async ([name, settings, nSteps]) => {
  const { problemOf, readDigits } = await import("./problems.js");
  const { Run } = await import("./descent.js");
  const digits = readDigits(new Uint8Array(await (await fetch("digits.bin")).arrayBuffer()));
  const problem = problemOf(name, { n: 50, seed: 5, digits });
  const run = new Run(problem, { start: "small", seed: 9, ...settings });
  const start = Array.from(run.weights);
  const rows = [];
  for (let i = 0; i < nSteps; i++) { run.round(); rows.push(Array.from(run.rows)); }
  const { n, d, k, x, target } = problem;
  const [inputs, targets, end] = [x, target, run.weights].map((numbers) => Array.from(numbers));
  return { n, d, k, x: inputs, target: targets, start, rows, losses: run.losses, end };
}"""

# How many a run that begins at zero is right about before its first step.
RIGHT_AT_FIRST = """async (name) => {
  const { problemOf, readDigits } = await import("./problems.js");
  const { Run } = await import("./descent.js");
  const digits = readDigits(new Uint8Array(await (await fetch("digits.bin")).arrayBuffer()));
  return new Run(problemOf(name, { digits }), { start: "zeros", seed: 1, rate: 0.1, momentum: 0, batch: 16 }).nRight;
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Open the page of gradient descent."""
    with shown(descent_files()) as address:
        tab = visit(browser, address)
        yield tab
        tab.context.close()


def replayed(name: str, told: dict[str, Any], *, rate: float, momentum: float) -> tuple[list[float], list[float]]:
    """Repeat a run of the page with the lab's autograd in 64 bits; give losses and last weights."""
    n, d, k = told["n"], told["d"], told["k"]
    x, target = np.array(told["x"]).reshape(n, d), np.array(told["target"])
    weights = Tensor(np.array(told["start"][: d * k]).reshape(d, k), learns=True)
    biases = Tensor(np.array(told["start"][d * k :]), learns=True)
    optimiser = SGD([weights, biases], lr=rate, momentum=momentum)
    losses = []
    for rows in told["rows"]:
        scores = Tensor(x[rows]) @ weights + biases  # (b, d) @ (d, k) + (k,) -> (b, k)
        loss = loss_of(name, scores, target[rows])
        loss.backward()
        optimiser.step()
        losses.append(float(loss.data))
    return losses, [*weights.data.ravel().tolist(), *biases.data.tolist()]


def loss_of(name: str, scores: Tensor, target: Any) -> Tensor:
    """Give the mean loss of a batch by the lab's operations."""
    if name == "line":
        gap = scores + Tensor(-target[:, None])
        return (gap * gap).sum() * (1 / len(target))
    if name == "ten":
        return ops.cross_entropy(scores, target)
    return ops.cross_entropy(scores @ Tensor(np.array([[0.0, 1.0]])), target)  # yes or no: softmax of 0 and the score


@pytest.mark.parametrize(
    ("name", "rate", "momentum", "batch"),
    [("line", 0.1, 0.9, 8), ("points", 0.5, 0.0, 50), ("pair", 0.3, 0.5, 16), ("ten", 0.3, 0.0, 32)],
)
def test_the_page_learns_as_the_lab_does(page: Page, name: str, rate: float, momentum: float, batch: int) -> None:
    """From the same start and batches the page and the Python lab have the same losses and weights to 1e-9."""
    told = page.evaluate(RUN, [name, {"rate": rate, "momentum": momentum, "batch": batch}, N_STEPS])
    losses, weights = replayed(name, told, rate=rate, momentum=momentum)

    assert told["losses"] == pytest.approx(losses, abs=1e-9, rel=1e-9)
    assert told["end"] == pytest.approx(weights, abs=1e-9, rel=1e-9)
    assert len(losses) == N_STEPS


def test_the_digits_are_those_of_scikit_learn(page: Page) -> None:
    """The page learns ten digits from the pictures and labels that `lab digits` uses, ink 0 to 1."""
    told = page.evaluate(RUN, ["ten", {"rate": 0.1, "momentum": 0, "batch": 9}, 1])
    digits = load("digits")

    assert told["target"] == digits.y.tolist()
    assert np.array(told["x"]) == pytest.approx(digits.x.reshape(-1) / 255, abs=2e-3)


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        ([2.0, 1.0, 0.5], 0.1),
        ([0.7, 15.0, 2.3e8], 1e9),
        ([0.7, math.nan], 300.0),
        ([0.7, 9.0, math.inf], -0.5),
        ([0.7] * 60, 0.0),
        ([0.9] + [0.7] * 60, 0.0),
        ([0.7, 0.71] * 30, 1e6),
        ([0.7] * 60, 0.0005),
        ([0.7, 0.71] * 30, 1.5),
        ([0.7, 0.9, 1.2], -0.1),
        ([0.0123456, 0.00009876], 0.1),
    ],
)
def test_an_end_is_told_in_the_same_words(page: Page, losses: list[float], rate: float) -> None:
    """Done, stuck or diverged: the page says what `florilegium lab digits` says, to the letter."""
    said = page.evaluate(
        "async ([losses, rate]) => (await import('./ending.js')).told(losses.map(Number), rate)",
        [[str(loss).replace("inf", "Infinity") for loss in losses], rate],
    )
    wanted = ending.told(losses, rate)

    assert said["sentence"] == wanted.sentence
    assert said["end"] == str(wanted.end)


def test_equal_scores_are_one_answer(page: Page) -> None:
    """Weights that are all 0 give ten equal scores: that is one answer, a 0, as NumPy's argmax has it."""
    n_right = page.evaluate(RIGHT_AT_FIRST, "ten")
    digits = load("digits")

    assert n_right == (digits.y == 0).sum()
    assert page.evaluate(RIGHT_AT_FIRST, "pair") == (digits.y == 3).sum()


def test_numbers_are_written_as_python_writes_them(page: Page) -> None:
    """Three digits, as the format `.3g` gives."""
    numbers = [0, 1, -1, 0.1, 123.4, 999.6, 1234, 1e-4, 0.00012345, 9.999e-5, 1.5e300, -2.5e-7, 20, 0.30000000000000004]

    said = page.evaluate(
        "async (all) => { const { short } = await import('./ending.js'); return all.map(short); }", numbers
    )

    assert said == [f"{number:.3g}" for number in numbers]


@pytest.mark.parametrize(
    ("typed", "used", "word"),
    [
        ({"rate": "0,1", "momentum": "0", "batch": "16"}, {"rate": 0.1, "momentum": 0, "batch": 16}, ""),
        ({"rate": "1e9", "momentum": "0.9", "batch": "1"}, {"rate": 1e9, "momentum": 0.9, "batch": 1}, ""),
        ({"rate": "0.1", "momentum": "0", "batch": "999"}, {"batch": 999}, "more than the 50 items"),
        ({"rate": "0.1", "momentum": "0", "batch": "0"}, {"batch": 1}, "Batch size “0”: expected a whole number"),
        ({"rate": "0.1", "momentum": "0", "batch": "2.6"}, {"batch": 3}, "3 is used"),
        ({"rate": "0.1", "momentum": "1", "batch": "8"}, {"momentum": 0.99}, "speed would never be lost"),
        ({"rate": "0.1", "momentum": "<b>", "batch": "8"}, {"momentum": 0}, "Momentum “<b>”"),
    ],
)
def test_settings_that_make_no_sense_are_explained(
    page: Page, typed: dict[str, str], used: dict[str, float], word: str
) -> None:
    """What is typed is read kindly; what cannot be used is named, with what is used instead."""
    read = page.evaluate("async (typed) => (await import('./ending.js')).settingsOf(typed, 50)", typed)

    assert {name: read[name] for name in used} == used
    assert word in " ".join(read["notes"])
    assert bool(read["notes"]) == bool(word)

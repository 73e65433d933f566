"""Make the pictures of docs/lab.md, and the notebook of docs/ with what its cells show. Needs MNIST.

    python -m tools.lab_pictures             about three minutes on one core
    python -m tools.lab_pictures notebook    only the notebook, in seconds, on the embedded digits
    python -m tools.lab_pictures choices     the learning rates that were tried, about five minutes

Equal seeds give equal pictures. It also prints the rows of the page's tables.
"""

import sys
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient

from florilegium import parallel
from florilegium.lab import drawing, ops, story
from florilegium.lab.descent import learn
from florilegium.lab.digits import Digits, load
from florilegium.lab.drawing import Axis, Curve
from florilegium.lab.ending import End
from florilegium.lab.finder import find_rate
from florilegium.lab.network import Convolution, Linear, dense
from florilegium.lab.optimiser import SGD
from florilegium.lab.story import Recipe, Rung

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
NOTEBOOK = ROOT / "florilegium" / "export" / "templates" / "lab" / "lab.ipynb"
RATES = (0.001, 0.1, 1.0, 30.0)  # too small, fair, fast, hopeless: for a network of 30 units
N_HELD = 10_000  # training pictures on which learning rates were chosen
MOMENTS = (0, 1, 5, 20, 100, 940)  # steps after which the weights of a line are shown


def means(digits: Digits) -> str:
    """Draw the rule: a picture, the mean of each class, and how far apart they are."""
    two = digits.only(3, 7)
    ideal = [two.ink[two.y == c].mean(axis=0) for c in (0, 1)]  # (h, w) each
    rows = []
    for which in (0, 1):
        picture = two.ink_test[two.y_test == which][0]
        apart = [np.abs(picture - mean) for mean in ideal]
        pictures = [picture, *ideal, *apart]
        captions = ["the picture", "mean 3", "mean 7", f"to 3: {apart[0].mean():.3f}", f"to 7: {apart[1].mean():.3f}"]
        rows.append((f"a {'37'[which]}", [drawing.inked(p) for p in pictures], captions))
    return drawing.mosaic("How far is it to the mean 3, how far to the mean 7?", rows, side_px=84)


def weights_of_a_line(digits: Digits) -> str:
    """Draw the 784 weights of a line while it learns to tell 3 from 7."""
    two, rng = digits.only(7, 3), np.random.default_rng(0)
    network = dense(two.side_px, 1, rng=rng)
    optimiser = SGD(network.parameters, lr=1.0)
    layer = next(layer for layer in network.layers if isinstance(layer, Linear))
    pictures, done = [], 0
    run = partial(learn, network, loss=ops.mean_distance, optimiser=optimiser, n_epochs=1, n_batch=256, rng=rng)
    for moment in MOMENTS:
        for _ in range(moment - done):
            rows = rng.integers(0, len(two.x), 256)
            run(two.ink[rows], two.y[rows])
        done = moment
        pictures.append(drawing.signed(layer.weights.data.reshape(two.side_px, -1)))
    captions = ["at random"] + [f"{moment} steps" if moment > 1 else "1 step" for moment in MOMENTS[1:]]
    return drawing.mosaic(
        "The weights of a line: violet speaks for 3, orange for 7", [("", pictures, captions)], side_px=84
    )


def learning_rates(digits: Digits) -> str:
    """Draw the loss of one network at four learning rates."""
    curves = []
    for rate in RATES:
        rng = np.random.default_rng(0)
        network = dense(digits.side_px, 10, rng=rng, units=(30,))
        optimiser = SGD(network.parameters, lr=rate)
        history = learn(
            network,
            digits.ink[:12_800],
            digits.y[:12_800],
            loss=ops.cross_entropy,
            optimiser=optimiser,
            n_epochs=3,
            n_batch=128,
            rng=rng,
        )
        steps = np.arange(1, len(history.losses) + 1, dtype=np.float64)
        last = history.end if history.end is End.DIVERGED else f"loss {history.losses[-50:].mean():.2f}"
        curves.append(Curve(name=f"{rate:g}: {last}", x=steps, y=history.losses))
        print(f"rate {rate:g}: {history.sentence}")
    y = Axis(name="loss", low=0.05, high=100, log=True)
    return drawing.chart("One network, four learning rates", curves, x=Axis(name="step", low=0, high=300), y=y)


def finder(digits: Digits) -> str:
    """Draw the loss at each learning rate, from one short run."""
    rng = np.random.default_rng(0)
    network = dense(digits.side_px, 10, rng=rng, units=(30,))
    optimiser = SGD(network.parameters, lr=0.0)
    found = find_rate(network, digits.ink, digits.y, loss=ops.cross_entropy, optimiser=optimiser, n_batch=128, rng=rng)
    print(f"the finder proposes {found.proposed:.2g}")
    x = Axis(name="learning rate", low=1e-5, high=10, log=True)
    high = float(np.ceil(min(found.losses.max(), 4.0)))
    return drawing.chart(
        f"The finder: falls until the edge; proposed {found.proposed:.2g}",
        [Curve(name="loss", x=found.rates, y=found.losses)],
        x=x,
        y=Axis(name="loss", low=0, high=high),
    )


def losses(rungs: list[Rung]) -> str:
    """Draw how the losses of all that learned ten digits fell."""
    curves = [
        Curve(name=r.name.removeprefix("a "), x=np.linspace(0, 1, len(r.history.losses)), y=r.history.losses)
        for r in rungs
        if r.history is not None
    ]
    x, y = Axis(name="share of all steps", low=0, high=1), Axis(name="loss", low=0.01, high=3, log=True)
    return drawing.chart("Ten digits: the loss of three networks", curves, x=x, y=y)


def ladder(title: str, rungs: list[Rung], low: float) -> str:
    """Draw the accuracies of all rungs with their ranges, in percent."""
    rows = [(r.name, 100 * r.score.accuracy, 100 * r.score.low, 100 * r.score.high) for r in rungs]
    return drawing.ranges(title, rows, x=Axis(name="percent right, with the 95 % range", low=low, high=100))


def filters(rung: Rung) -> str:
    """Draw what the first convolution looks for."""
    layers = rung.network.layers if rung.network is not None else ()
    layer = next(layer for layer in layers if isinstance(layer, Convolution))
    pictures = [drawing.signed(kernel[0]) for kernel in layer.weights.data]  # (k, 1, s, s) -> k of (s, s, 3)
    half = len(pictures) // 2
    rows = [("", pictures[:half], ()), ("", pictures[half:], ())]
    return drawing.mosaic("What the first convolution looks for, in windows of 5 x 5 pixels", rows, side_px=50)


def mistakes(digits: Digits, rung: Rung) -> str:
    """Draw the first test pictures that the best network misreads."""
    wrong = np.flatnonzero(~rung.right)[:16]
    halves = (wrong[:8], wrong[8:])
    rows = [
        (
            "",
            [drawing.inked(digits.ink_test[i]) for i in half],
            [f"{digits.y_test[i]}, read {rung.said[i]}" for i in half],
        )
        for half in halves
    ]
    return drawing.mosaic(f"The first of the {(~rung.right).sum()} digits that the best network misreads", rows)


def pictures() -> None:
    """Train, draw and write everything."""
    digits = load("mnist")
    rng = np.random.default_rng(0)
    with parallel.on_one_core():
        drawn = {
            "means": means(digits),
            "weights": weights_of_a_line(digits),
            "rates": learning_rates(digits),
            "finder": finder(digits),
        }
    two = list(story.climb(digits.only(7, 3), story.THREE_OR_SEVEN, rng=rng))
    ten = list(story.climb(digits, story.TEN_DIGITS, rng=rng))
    for rung in (*two, *ten):
        print(rung.as_dict())
    drawn |= {
        "two": ladder("3 or 7? 2,038 pictures", two, 94),
        "ten": ladder("Ten digits, 10,000 pictures", ten, 80),
        "losses": losses(ten),
        "filters": filters(ten[-1]),
        "mistakes": mistakes(digits, ten[-1]),
    }
    for name, svg in drawn.items():
        (IMAGES / f"lab-{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{IMAGES / f'lab-{name}.svg'}: {len(svg):,} bytes")


def choices() -> None:
    """Print how each candidate rate does on the last 10,000 training pictures, which it does not learn from."""
    digits = load("mnist")
    held = Digits(
        name="held out",
        x=digits.x[:-N_HELD],
        y=digits.y[:-N_HELD],
        x_test=digits.x[-N_HELD:],
        y_test=digits.y[-N_HELD:],
        classes=digits.classes,
    )
    two, four = story.THREE_OR_SEVEN, story.TEN_DIGITS
    with parallel.on_one_core():
        for recipe, given, rates in (
            (four[1], held, (0.001, 0.003, 0.01, 0.03)),
            (four[2], held, (0.001, 0.003, 0.006)),
            (four[3], held, (0.003, 0.006, 0.01)),
            (two[4], held.only(7, 3), (0.001, 0.003, 0.01)),
        ):
            for rate in rates:
                if not isinstance(recipe, Recipe):
                    continue
                network, _ = story.train(given, recipe, rng=np.random.default_rng(1), lr=rate)
                right = story.answers(network, given.ink_test) == given.y_test
                print(f"{recipe.name:<24} rate {rate:<6} {right.mean():.4f} of {len(right):,}", flush=True)


def notebook() -> None:
    """Run the notebook that the package brings, and keep it with what its cells show."""
    # The library has no types here.
    made = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(made, timeout=120).execute()
    for cell in made.cells:
        cell.metadata.pop("execution", None)  # the times of this run are nobody's business
    # The library has no types here.
    nbformat.write(made, ROOT / "docs" / "lab.ipynb")  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    if "choices" in sys.argv[1:]:
        choices()
        sys.exit()
    if "notebook" not in sys.argv[1:]:
        pictures()
    notebook()

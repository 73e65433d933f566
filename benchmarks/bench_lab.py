"""The lab on all of MNIST: how good, how long, and beside it scikit-learn's network and an autograd of single numbers.

Promised: the network at least 0.983 in 60 s, the convolutional one at least 0.988 in 5 min, on two cores, NumPy only.
The lab keeps to one core, so its seconds of computing are what a clock shows on a quiet machine; those are judged, and
the clock's own seconds stand beside them. Peers: `MLPClassifier` of equal size and batch, on one core too; and the same
gradients with one object per number, as micrograd has them.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np
from sklearn.neural_network import MLPClassifier

from florilegium import parallel
from florilegium.lab import ops, story
from florilegium.lab.descent import learn
from florilegium.lab.digits import Digits, load
from florilegium.lab.network import dense
from florilegium.lab.optimiser import SGD, Adam
from florilegium.lab.story import Recipe
from florilegium.types import Ints, Vectors

PROMISED = {"a network of 512 units": (0.983, 60.0), "a convolutional network": (0.988, 300.0)}  # accuracy, seconds
SEEDS = (0, 1, 2)
EPOCHS_COMPARED = 3
N_UNITS, N_BATCH = 512, 256
SCALAR_UNITS, SCALAR_PICTURES = 16, 4  # a network of single numbers is compared at this size: it is slow

T = TypeVar("T")


class Value:
    """One number that remembers how it came about; written after Karpathy's micrograd, for comparison only."""

    __slots__ = ("data", "grad", "operands", "rules")

    def __init__(self, data: float, operands: "tuple[Value, ...]" = (), rules: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.operands, self.rules = data, 0.0, operands, rules

    def __add__(self, other: "Value") -> "Value":
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: "Value") -> "Value":
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def relu(self) -> "Value":
        """Keep it above 0."""
        return Value(max(self.data, 0.0), (self,), (1.0 if self.data > 0 else 0.0,))

    def exp(self) -> "Value":
        """Raise e to it."""
        power = math.exp(self.data)
        return Value(power, (self,), (power,))

    def log(self) -> "Value":
        """Give its logarithm."""
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def backward(self) -> None:
        """Carry the gradient back to every number."""
        order: list[Value] = []
        seen: set[int] = set()
        todo = [(self, False)]
        while todo:
            node, listed = todo.pop()
            if listed:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                todo += [(node, True), *((operand, False) for operand in node.operands)]
        self.grad = 1.0
        for node in reversed(order):
            for operand, rule in zip(node.operands, node.rules, strict=True):
                operand.grad += rule * node.grad


def total(values: Iterable[Value]) -> Value:
    """Add numbers up."""
    found = Value(0.0)
    for value in values:
        found = found + value
    return found


def scalar_gradients(x: Vectors, y: Ints, weights: list[np.ndarray]) -> list[float]:
    """Give the gradient of the first layer's weights, number by number: x (n, d), y (n,), weights of two layers."""
    w1, b1, w2, b2 = ([Value(float(v)) for v in w.ravel()] for w in weights)
    units, k = len(b1), len(b2)
    losses = []
    for row, label in zip(x, y.tolist(), strict=True):
        inputs = [Value(float(v)) for v in row]
        hidden = [(total(v * w1[i * units + j] for i, v in enumerate(inputs)) + b1[j]).relu() for j in range(units)]
        scores = [total(v * w2[j * k + c] for j, v in enumerate(hidden)) + b2[c] for c in range(k)]
        losses.append(total(s.exp() for s in scores).log() + scores[label] * Value(-1.0))
    (total(losses) * Value(1 / len(y))).backward()
    return [w.grad for w in w1]


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """Do the work; give what it gives, seconds of computing and seconds of the clock."""
    clock, computing = time.perf_counter(), time.process_time()
    found = work()
    return found, time.process_time() - computing, time.perf_counter() - clock


def train_and_judge(digits: Digits, recipe: Recipe) -> list[str]:
    """Train with three seeds, print accuracy and time; give what is not as promised."""
    accuracies, computing, clock = [], [], []
    for seed in SEEDS:
        (network, _), *seconds = timed(partial(story.train, digits, recipe, rng=np.random.default_rng(seed)))
        computing.append(seconds[0])
        clock.append(seconds[1])
        accuracies.append(float((story.answers(network, digits.ink_test) == digits.y_test).mean()))
    least, most_s = PROMISED[recipe.name]
    found = f"{np.mean(accuracies):.4f} ({min(accuracies):.4f} to {max(accuracies):.4f}; promised {least})"
    spent = f"{np.mean(computing):.1f} s of computing, {np.mean(clock):.1f} s by the clock (promised {most_s:.0f} s)"
    print(f"{recipe.name:<24} {found}, {spent}", flush=True)
    wrong = [f"accuracy of {recipe.name}"] if np.mean(accuracies) < least else []
    return wrong + ([f"time of {recipe.name}"] if max(computing) > most_s else [])


def against_sklearn(digits: Digits) -> None:
    """Print seconds of computing per epoch, epochs of the two in turn, and their ratio."""
    flat, rng = digits.ink.reshape(len(digits.ink), -1), np.random.default_rng(0)
    theirs = MLPClassifier((N_UNITS,), batch_size=N_BATCH, alpha=0.0, random_state=0)
    theirs.partial_fit(flat[:N_BATCH], digits.y[:N_BATCH], classes=np.arange(10))  # sets itself up
    network = dense(digits.side_px, 10, rng=rng, units=(N_UNITS,))
    adam = Adam(network.parameters, lr=0.001)
    epoch = partial(
        learn, network, loss=ops.cross_entropy, optimiser=adam, n_epochs=1, n_batch=N_BATCH, rng=rng
    )  # with the shuffling and the arithmetic of `partial_fit`
    ours_s, theirs_s = [], []
    for _ in range(EPOCHS_COMPARED):
        ours_s.append(timed(lambda: epoch(digits.ink, digits.y))[1])
        theirs_s.append(timed(lambda: theirs.partial_fit(flat, digits.y))[1])
    ratio = np.median(theirs_s) / np.median(ours_s)
    print(f"one epoch, 784-{N_UNITS}-10, batches of {N_BATCH}: lab {np.median(ours_s):.2f} s, ", end="")
    print(f"MLPClassifier {np.median(theirs_s):.2f} s: the lab is {ratio:.2f} times as fast")


def against_single_numbers(digits: Digits) -> None:
    """Print the time per picture of gradients of arrays and of single numbers, which must be equal, and the factor."""
    rng = np.random.default_rng(0)
    network = dense(digits.side_px, 10, rng=rng, units=(SCALAR_UNITS,))
    x, y = digits.ink[:SCALAR_PICTURES], digits.y[:SCALAR_PICTURES]
    weights = [p.data for p in network.parameters]
    began = time.process_time()
    found = scalar_gradients(x.reshape(len(x), -1), y, weights)
    scalar_s = (time.process_time() - began) / len(x)
    ops.cross_entropy(network(x), y).backward()
    ours = network.parameters[0].grad
    if ours is None or np.abs(ours.ravel() - np.array(found)).max() > 1e-5:
        sys.exit("the gradients of single numbers and of arrays differ")
    optimiser = SGD(network.parameters, lr=0.0)

    def epoch() -> None:
        for start in range(0, len(digits.ink), N_BATCH):
            ops.cross_entropy(
                network(digits.ink[start : start + N_BATCH]), digits.y[start : start + N_BATCH]
            ).backward()
            optimiser.step()

    array_s = timed(epoch)[1] / len(digits.ink)
    print(f"gradients of one picture, 784-{SCALAR_UNITS}-10: arrays {array_s * 1e6:.1f} us, ", end="")
    print(f"single numbers {scalar_s * 1e3:.0f} ms: a factor of {scalar_s / array_s:,.0f}")


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped: needs the MNIST files; set FLORILEGIUM_DATA to the folder that holds mnist/")
        return
    digits = load("mnist")
    wrong: list[str] = []
    with parallel.on_one_core():
        against_sklearn(digits)
        against_single_numbers(digits)
        for recipe in story.TEN_DIGITS:
            if isinstance(recipe, Recipe) and recipe.name in PROMISED:
                wrong += train_and_judge(digits, recipe)
    if wrong:
        sys.exit(f"not as promised: {', '.join(wrong)}")


if __name__ == "__main__":
    main()

"""The lab's gradients are right: PyTorch and plain finite differences say the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from florilegium.errors import InputError
from florilegium.lab import network, ops
from florilegium.lab.optimiser import SGD, Adam, one_cycle
from florilegium.lab.tensor import Array, Tensor

torch = pytest.importorskip("torch")
F = torch.nn.functional

CLOSE = 1e-5  # the promise; float64 reaches 1e-9
Y = np.array([0, 2, 1, 2])
TWO = np.array([0, 1, 1, 0])


def numbers(*shape: int, seed: int = 0) -> Array:
    """Draw numbers without ties, away from the bend of relu."""
    drawn = np.random.default_rng(seed).standard_normal(shape)
    return np.asarray(drawn + 0.05 * np.sign(drawn))


def weights(*shape: int, seed: int = 0) -> Tensor:
    """Draw something whose gradient is wanted."""
    return Tensor(numbers(*shape, seed=seed), learns=True)


def grad(tensor: Tensor) -> NDArray[np.float64]:
    """Give the gradient, which must be there."""
    assert tensor.grad is not None
    return tensor.grad.astype(np.float64)


# name: shapes of the operands, the lab's operation, torch's; operations that give an array are summed with weights
OPERATIONS: dict[str, tuple[list[tuple[int, ...]], Callable[..., Tensor], Callable[..., Any]]] = {
    "add": ([(4, 3), (4, 3)], lambda a, b: a + b, lambda a, b: a + b),
    "add, a row for all": ([(4, 3), (3,)], lambda a, b: a + b, lambda a, b: a + b),
    "add, a column for all": ([(4, 3), (4, 1)], lambda a, b: a + b, lambda a, b: a + b),
    "add, both stretched": ([(4, 1), (1, 3)], lambda a, b: a + b, lambda a, b: a + b),
    "multiply": ([(4, 3), (3,)], lambda a, b: a * b, lambda a, b: a * b),
    "multiply by a number": ([(4, 3)], lambda a: a * 2.5, lambda a: a * 2.5),
    "used twice": ([(4, 3)], lambda a: a * a + a, lambda a: a * a + a),
    "matrix product": ([(4, 3), (3, 2)], lambda a, b: a @ b, lambda a, b: a @ b),
    "sum": ([(4, 3)], lambda a: a.sum(), lambda a: a.sum()),
    "reshape": ([(4, 3)], lambda a: a.reshape(2, 6), lambda a: a.reshape(2, 6)),
    "relu": ([(4, 3)], ops.relu, torch.relu),
    "sigmoid": ([(4, 3)], ops.sigmoid, torch.sigmoid),
    "cross-entropy": (
        [(4, 3)],
        lambda s: ops.cross_entropy(s, Y),
        lambda s: F.cross_entropy(s, torch.from_numpy(Y)),
    ),
    "the book's loss": (
        [(4, 1)],
        lambda s: ops.mean_distance(s, TWO),
        lambda s: torch.where(torch.from_numpy(TWO[:, None]) == 1, 1 - s.sigmoid(), s.sigmoid()).mean(),
    ),
    "convolution": (
        [(2, 3, 7, 6), (4, 2, 3, 3), (4,)],  # (c, n, h, w), (k, c, s, s), (k,)
        ops.convolve,
        lambda x, w, b: F.conv2d(x.transpose(0, 1), w, b).transpose(0, 1),
    ),
    "pooling": ([(2, 3, 6, 5)], ops.max_pool, lambda x: F.max_pool2d(x, 2)),
    "flatten": ([(2, 3, 4, 5)], ops.flatten, lambda x: x.transpose(0, 1).flatten(1)),
}


def loss_of(made: Tensor) -> Tensor:
    """Weigh and add up an array, so that each of its numbers matters differently."""
    return made if made.data.size == 1 else (made * Tensor(numbers(*made.shape, seed=9))).sum()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_gradient_is_what_torch_says(name: str) -> None:
    """Result and gradients of each operation agree with PyTorch's to 1e-5."""
    shapes, ours, theirs = OPERATIONS[name]
    operands = [weights(*shape, seed=i) for i, shape in enumerate(shapes)]
    twins = [torch.from_numpy(o.data.copy()).requires_grad_() for o in operands]
    made, said = ours(*operands), theirs(*twins)
    loss_of(made).backward()
    factor = numbers(*made.shape, seed=9) if made.data.size > 1 else np.ones(())
    (said * torch.from_numpy(factor)).sum().backward()

    assert np.abs(made.data - said.detach().numpy()).max() <= CLOSE
    for operand, twin in zip(operands, twins, strict=True):
        np.testing.assert_allclose(grad(operand), twin.grad.numpy(), atol=CLOSE)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_gradient_is_what_a_small_step_does(name: str) -> None:
    """Nudging each number up and down changes the loss as the gradient says, to 1e-5."""
    shapes, ours, _ = OPERATIONS[name]
    operands = [weights(*shape, seed=i) for i, shape in enumerate(shapes)]
    loss_of(ours(*operands)).backward()
    nudge = 1e-5
    for operand in operands:
        measured: NDArray[np.float64] = np.empty(operand.shape)
        for place in np.ndindex(operand.shape):
            was = operand.data[place]
            ends = []
            for change in (nudge, -nudge):
                operand.data[place] = was + change
                ends.append(float(loss_of(ours(*operands)).data))
            operand.data[place] = was
            measured[place] = (ends[0] - ends[1]) / (2 * nudge)

        np.testing.assert_allclose(grad(operand), measured, atol=CLOSE)


def test_whole_networks_have_torchs_gradients() -> None:
    """The gradients of all weights of the convolutional network agree with the same network in PyTorch."""
    rng = np.random.default_rng(3)
    x, y = rng.random((6, 28, 28)), rng.integers(0, 10, 6)
    net = network.convolutional(28, 10, rng=rng, channels=(3, 5))
    for p in net.parameters:
        p.data = p.data.astype(np.float64)
    ops.cross_entropy(net(x), y).backward()  # type: ignore[arg-type]  # fields by name
    w1, b1, w2, b2, w3, b3 = twins = [torch.from_numpy(p.data.copy()).requires_grad_() for p in net.parameters]
    pictures = torch.from_numpy(x)[:, None]
    h = F.max_pool2d(F.conv2d(pictures, w1, b1), 2).relu()
    h = F.max_pool2d(F.conv2d(h, w2, b2), 2).relu()
    F.cross_entropy(h.flatten(1) @ w3 + b3, torch.from_numpy(y)).backward()

    for p, twin in zip(net.parameters, twins, strict=True):
        np.testing.assert_allclose(grad(p), twin.grad.numpy(), atol=CLOSE)


def test_equal_pixels_share_no_gradient_twice() -> None:
    """Where several pixels of a window are the largest, the first gets all of the gradient, as in PyTorch."""
    x = Tensor(np.zeros((1, 1, 4, 4)), learns=True)
    ops.max_pool(x).sum().backward()
    twin = torch.zeros((1, 1, 4, 4), requires_grad=True)
    F.max_pool2d(twin, 2).sum().backward()

    np.testing.assert_array_equal(x.grad, twin.grad.numpy())


@pytest.mark.parametrize("which", ["sgd", "momentum", "adam"])
def test_steps_are_torchs_steps(which: str) -> None:
    """After ten steps down the same valley, weights are where PyTorch's optimiser puts them."""
    p = weights(5)
    twin = torch.from_numpy(p.data.copy()).requires_grad_()
    momentum = 0.9 if which == "momentum" else 0.0
    ours = Adam([p], lr=0.1) if which == "adam" else SGD([p], lr=0.1, momentum=momentum)
    adam, sgd = torch.optim.Adam([twin], lr=0.1), torch.optim.SGD([twin], lr=0.1, momentum=momentum)
    theirs = adam if which == "adam" else sgd
    for _ in range(10):
        (p * p).sum().backward()
        ours.step()
        theirs.zero_grad()
        (twin * twin).sum().backward()
        theirs.step()

    np.testing.assert_allclose(p.data, twin.detach().numpy(), atol=CLOSE)


def test_one_cycle_rises_and_falls_as_torchs() -> None:
    """The schedule is PyTorch's OneCycleLR with its usual start, up to where that ends a little above 0."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=1.0, total_steps=101, pct_start=0.25, div_factor=25, cycle_momentum=False
    )
    rates = []
    for _ in range(100):
        rates.append(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()

    np.testing.assert_allclose([one_cycle(i / 100) for i in range(100)], rates, atol=0.03)


def test_nothing_is_computed_for_the_pictures() -> None:
    """The pictures at the bottom of a network get no gradient, since nobody wants to change them."""
    pictures, w = Tensor(numbers(4, 3)), weights(3, 2)
    (pictures @ w).sum().backward()

    assert pictures.grad is None
    assert w.grad is not None


def test_gradients_add_up_until_they_are_forgotten() -> None:
    """Two times backward is twice the gradient of a weight, of the same result too, as in PyTorch."""
    w = weights(3)
    loss = (w * w * 2.0).sum()
    loss.backward()
    once = grad(w)
    loss.backward()

    np.testing.assert_allclose(grad(w), 2 * once)
    np.testing.assert_allclose(once, np.asarray(4 * w.data, dtype=np.float64))


def test_a_deep_graph_needs_no_deep_stack() -> None:
    """A result of 5,000 operations one on the other has a gradient, beyond Python's depth of recursion."""
    w = weights(1)
    x = w
    for _ in range(5_000):
        x = x + 1.0
    x.sum().backward()

    assert grad(w).tolist() == [1.0]


def test_only_a_single_number_can_be_made_smaller() -> None:
    """Asked for the gradient of an array, the lab says what to do."""
    with pytest.raises(InputError, match=r"shape \(3,\).*\.sum\(\)"):
        weights(3).backward()


def test_small_numbers_stay_small_numbers() -> None:
    """Weights of 32 bits stay at 32 bits through predictions, loss, gradient and step."""
    rng = np.random.default_rng(0)
    net = network.convolutional(28, 10, rng=rng, channels=(2, 3))
    loss = ops.cross_entropy(net(rng.random((4, 28, 28), dtype=np.float32)), np.array([1, 2, 3, 4]))
    loss.backward()
    kinds = {p.grad.dtype for p in net.parameters if p.grad is not None}
    Adam(net.parameters, lr=0.01).step()

    assert kinds | {loss.data.dtype} | {p.data.dtype for p in net.parameters} == {np.dtype(np.float32)}

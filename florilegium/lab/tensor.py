"""An array that remembers how it came about, and so can say how to change it. Path: baseline -> **lab**.

Reverse-mode automatic differentiation: each operation notes, for each of its operands, the rule that carries a gradient
of the result back to the operand. `backward` applies these rules from the loss to the weights. Knows no layer, no file.

Letters in shapes: n items of a batch, d numbers per item, k classes, c channels, h x w pixels; () is a single number.

>>> w = Tensor(np.array([3.0, -1.0]), learns=True)
>>> loss = (w * w).sum()
>>> loss.backward()
>>> w.grad
array([ 6., -2.])
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from florilegium.errors import InputError

Array: TypeAlias = NDArray[np.floating[Any]]  # float32 while learning, float64 where gradients are checked
Rule: TypeAlias = Callable[[Array], Array]  # gradient of the result -> gradient of one operand, in that operand's shape


class Tensor:
    """An array, its gradient, its operands with their rules; `learns` marks a weight, and what is made from one."""

    def __init__(self, data: Array, edges: "Iterable[tuple[Tensor, Rule]]" = (), *, learns: bool = False) -> None:
        self.data = data
        self.grad: Array | None = None  # d loss / d data, in the shape of data
        self.edges: list[tuple[Tensor, Rule]] = [(operand, rule) for operand, rule in edges if operand.learns]
        self.learns: bool = learns or bool(self.edges)

    @property
    def shape(self) -> tuple[int, ...]:
        """Give the shape of the array."""
        return self.data.shape

    def __add__(self, other: "Tensor | float") -> "Tensor":
        b = self._like(other)
        return Tensor(self.data + b.data, [(self, lambda g: summed(g, self.shape)), (b, lambda g: summed(g, b.shape))])

    def __mul__(self, other: "Tensor | float") -> "Tensor":
        b = self._like(other)
        rules = [(self, lambda g: summed(g * b.data, self.shape)), (b, lambda g: summed(g * self.data, b.shape))]
        return Tensor(self.data * b.data, rules)

    __radd__, __rmul__ = __add__, __mul__  # 2 * w, too

    def __matmul__(self, other: "Tensor") -> "Tensor":
        # (n, d) @ (d, k) -> (n, k); back: (n, k) @ (k, d) -> (n, d) and (d, n) @ (n, k) -> (d, k)
        rules = [(self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)]
        return Tensor(self.data @ other.data, rules)

    def sum(self) -> "Tensor":
        """Add all numbers up: any shape -> ()."""
        return Tensor(np.asarray(self.data.sum()), [(self, lambda g: np.broadcast_to(g, self.shape))])

    def reshape(self, *shape: int) -> "Tensor":
        """Give the same numbers in another shape."""
        return Tensor(self.data.reshape(shape), [(self, lambda g: g.reshape(self.shape))])

    def backward(self) -> None:
        """Add to each `grad` how this loss would grow with that array. Raises: InputError: it is no single number."""
        if self.data.size != 1:
            raise InputError(f"backward from shape {self.shape}: expected one number, a loss. Add up first: .sum()")
        order = self._in_order()
        for node in order:
            node.grad = None if node.edges else node.grad  # only weights add up over calls, as in PyTorch
        self.grad = np.ones_like(self.data)
        for node in reversed(order):  # every result before its operands
            for operand, rule in node.edges:
                share = rule(node.grad)  # type: ignore[arg-type] # set by the results that came before
                operand.grad = share if operand.grad is None else operand.grad + share

    def _in_order(self) -> "list[Tensor]":
        """List all that this number came from, each after its own operands; a loop, since graphs may be deep."""
        order: list[Tensor] = []
        seen: set[int] = set()
        todo = [(self, False)]
        while todo:
            node, operands_listed = todo.pop()
            if operands_listed:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                todo += [(node, True), *((operand, False) for operand, _ in node.edges)]
        return order

    def _like(self, other: "Tensor | float") -> "Tensor":
        """Give a plain number the precision of this array: float32 must not become float64 on the way."""
        return other if isinstance(other, Tensor) else Tensor(np.asarray(other, dtype=self.data.dtype))


def summed(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Undo broadcasting: what was used many times gets the sum of its gradients.

    >>> summed(np.ones((4, 3)), (3,)).tolist(), summed(np.ones((4, 3)), (4, 1)).shape
    ([4.0, 4.0, 4.0], (4, 1))
    """
    if gradient.shape == shape:
        return gradient
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))  # axes that broadcasting put in front
    return np.asarray(gradient.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True))

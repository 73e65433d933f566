"""All heads, each once, the simplest first. Path: features -> **model**. Training, tests and docs find them here."""

from collections.abc import Callable
from dataclasses import dataclass

import scipy.sparse as sp

from florilegium.model.head import Head
from florilegium.model.kernel import KernelHead
from florilegium.model.linear import LinearHead
from florilegium.model.mlp import MlpHead
from florilegium.model.texts import TextHead
from florilegium.model.weights import Features

MAX_D_KERNEL = 1_024  # wider vectors are embeddings, which a straight rule suits: on flowers20 64.2 % against 65.5 %
MAX_CELLS_KERNEL = 20_000_000  # items times classes; it keeps scores for four ridges, 640 MB
MAX_CELLS_MLP = 50_000  # items times numbers per item: about 5 s for all folds; on digits (92,000) it gains nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadKind:
    """A kind of head and when to try it."""

    head: type[Head]
    make: Callable[[int], Head]  # seed -> a head with usual settings
    sparse: bool  # takes counted terms; else vectors
    too_much: Callable[[int, int, int], str]  # (n, d, k) -> why it is not tried; empty: it is
    only_if_bent: bool = False  # tried only where the kernel head beats the linear one: where straight is not enough


def _always(n: int, d: int, k: int) -> str:
    del n, d, k
    return ""


def _kernel(n: int, d: int, k: int) -> str:
    if d > MAX_D_KERNEL:
        return f"{d:,} numbers per item are an embedding, which a straight rule suits as well"
    return "" if n * k <= MAX_CELLS_KERNEL else f"{n:,} items of {k:,} classes would take too much memory"


def _mlp(n: int, d: int, k: int) -> str:
    del k
    return (
        "" if n * d <= MAX_CELLS_MLP else f"{n:,} items of {d:,} numbers would take longer than it has ever been worth"
    )


HEADS = (
    HeadKind(head=LinearHead, make=lambda _: LinearHead(), sparse=False, too_much=_always),
    HeadKind(head=KernelHead, make=lambda seed: KernelHead(seed=seed), sparse=False, too_much=_kernel),
    HeadKind(head=MlpHead, make=lambda seed: MlpHead(seed=seed), sparse=False, too_much=_mlp, only_if_bent=True),
    HeadKind(head=TextHead, make=lambda _: TextHead(), sparse=True, too_much=_always),
)


def suited(x: Features) -> tuple[HeadKind, ...]:
    """Give the heads for such features, the simplest first."""
    return tuple(kind for kind in HEADS if kind.sparse == sp.issparse(x))

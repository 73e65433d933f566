"""Run a few pieces of work side by side, one core each. Path: used by every stage that computes; imports nothing."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")


def n_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_one_core() -> AbstractContextManager[object]:
    """Keep each matrix product to one thread, in a `with` block."""
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def each_on_its_own_core(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Give `work(item)` for each item, in order.

    Matrix products are kept to one thread meanwhile: two that share two cores cost more in waiting for each other than
    they save, by a factor of six once another program runs. So results do not depend on the number of cores either.
    """
    with on_one_core(), ThreadPoolExecutor(n_cores()) as pool:
        return list(pool.map(work, items))

"""What benchmarks with a peer in an environment of its own have in common: what a run took, and how the peer is asked.

A peer is a script of its own that never imports Florilegium (benchmarks/peer_process.py).
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.evaluation import Score, compare, score, wilson_interval
from florilegium.types import Bools, Ints

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took."""

    seconds: float
    cpu_seconds: float  # of all cores together: what other work on the machine changes least
    peak_mib: float

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.seconds:7.0f} s {self.cpu_seconds:7.0f} s of cores {self.peak_mib:7.0f} MiB"


def python_of(name: str) -> Path | None:
    """Give the Python of a peer's environment, .venv-NAME; None where it is not installed."""
    found = ROOT / f".venv-{name}" / "bin" / "python"
    return found if found.exists() else None


def answers_of(python: Path, script: str, asked: Mapping[str, Any]) -> tuple[tuple[str, ...], Cost]:
    """Let a peer learn and answer in its own environment; prints its versions.

    Args: script: the name of its module in this folder.  asked: what it reads; no label of what it is asked.
    """
    done = subprocess.run(
        [python, "-m", f"benchmarks.{script}"],
        cwd=ROOT,
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    print("  " + ", ".join(f"{name} {version}" for name, version in told["versions"].items()))
    return tuple(told["answers"]), Cost(**{name: told[name] for name in ("seconds", "cpu_seconds", "peak_mib")})


def row(name: str, right: Bools, groups: Ints, cost: Cost | None = None) -> Score:
    """Print one line: how many were right, two ranges (items of one group may be alike; or are not), what it took."""
    found = score(name, right, groups)
    low, high = wilson_interval(found.n_right, found.n)
    print(f"{name:<28} {found.accuracy:6.1%}  {found!s:<40} {low:.1%} to {high:.1%}  {cost or ''}", flush=True)
    return found


def paired(ours: Bools, theirs: Bools, groups: Ints, *, name: str) -> None:
    """Print the paired difference of two on the same items, in points."""
    found = compare(ours, theirs, groups)
    value, low, high = (100 * x for x in (found.difference.value, found.difference.low, found.difference.high))
    print(f"ours minus {name}: {value:+.1f} points ({low:+.1f} to {high:+.1f}), p = {found.p_value_groups:.3f}")


def right(said: tuple[str, ...], labels: tuple[str, ...]) -> Bools:
    """Tell which answers are right; (n,)."""
    return np.array([a == b for a, b in zip(said, labels, strict=True)])

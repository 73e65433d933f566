"""Run the benchmarks: each `bench_*.py` alone in its own process, with its time and its peak memory.

    python -m benchmarks             all of them
    python -m benchmarks mnist       those whose name holds "mnist"; what follows is handed to them

A benchmark prints its own rows: what was measured, beside a peer that does the same. Peers that are not installed
are skipped with the line that installs them; a peer never decides whether a benchmark passes. This file only runs,
times and sums up; it computes nothing.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one benchmark went."""

    name: str
    status: int  # the exit code; 0: passed
    seconds: float  # wall clock, start of the interpreter included
    peak_mib: float  # the largest resident set of the process or one of its children


def found(only: str = "") -> list[Path]:
    """Give the benchmarks whose name holds `only`, by name."""
    return sorted(p for p in FOLDER.glob("bench_*.py") if only in p.stem.removeprefix("bench_"))


def run(script: Path, arguments: Sequence[str] = ()) -> Run:
    """Run one benchmark's `main()` in a fresh process; what it prints is seen at once."""
    name = script.stem.removeprefix("bench_")
    code = f"from benchmarks.{script.stem} import main; main()"
    began = time.monotonic()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", code, *arguments], os.environ)
    # wait4 gives this child's own peak; getrusage(RUSAGE_CHILDREN) would give the largest of all so far.
    _, status, usage = os.wait4(process, 0)
    seconds = time.monotonic() - began
    return Run(
        name=name, status=os.waitstatus_to_exitcode(status), seconds=seconds, peak_mib=usage.ru_maxrss / KIB_PER_MIB
    )


def table(runs: list[Run]) -> str:
    """Give one line per benchmark: time, peak memory, and whether it held what it promises."""
    width = max(len(r.name) for r in runs)
    ends = ["ok" if r.status == 0 else f"FAILED ({r.status})" for r in runs]
    return "\n".join(
        f"{r.name:<{width}}  {r.seconds:8.1f} s  {r.peak_mib:8.0f} MiB  {end}"
        for r, end in zip(runs, ends, strict=True)
    )


def main() -> int:
    """Run what was asked for; give 1 where a benchmark failed, 2 where none has the name."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    scripts = found(only)
    if not scripts:
        names = ", ".join(p.stem.removeprefix("bench_") for p in found())
        print(f"No benchmark's name holds {only!r}; there are: {names}", file=sys.stderr)
        return 2
    runs = []
    for script in scripts:
        print(f"\n== {script.stem.removeprefix('bench_')} ==", flush=True)
        runs.append(run(script, sys.argv[2:]))
    print(f"\n{table(runs)}")
    return int(any(r.status for r in runs))


if __name__ == "__main__":
    sys.exit(main())

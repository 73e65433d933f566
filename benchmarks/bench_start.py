"""How long a user waits before anything happens: `import florilegium` and `florilegium --help`.

Promised: 0.2 s and 0.3 s, median of ten starts. Beside them Python's own start and, as a peer, `import sklearn`.
"""

import statistics
import subprocess
import sys
import time

N_STARTS = 10
PROMISED_S = {"import florilegium": 0.2, "florilegium --help": 0.3}
STARTS = {
    "python (does nothing)": ["-c", "pass"],
    "import florilegium": ["-c", "import florilegium"],
    "florilegium --help": ["-m", "florilegium", "--help"],
    "peer: import numpy": ["-c", "import numpy"],
    "peer: import sklearn": ["-c", "import sklearn"],
}


def median_s(arguments: list[str]) -> float:
    """Give the median wall time of ten starts, after one that fills the file cache."""
    times = []
    for _ in range(N_STARTS + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    medians = {name: median_s(arguments) for name, arguments in STARTS.items()}
    for name, seconds in medians.items():
        promise = f"  promised {PROMISED_S[name]:.1f} s" if name in PROMISED_S else ""
        print(f"{name:<24} {seconds:6.3f} s{promise}")
    broken = [name for name, limit in PROMISED_S.items() if medians[name] > limit]
    if broken:
        sys.exit(f"slower than promised: {', '.join(broken)}")


if __name__ == "__main__":
    main()

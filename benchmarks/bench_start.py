"""How long a user waits before anything happens: `import florilegium` and `florilegium --help`.

Promised: 0.2 s and 0.3 s. Shown are the median and the best of ten starts; the promise is held against the best,
because a busy machine only ever adds. Beside them Python's own start and, as peers, the imports of numpy and sklearn.
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


def times_s(arguments: list[str]) -> list[float]:
    """Give the wall times of ten starts, after one that fills the file cache."""
    times = []
    for _ in range(N_STARTS + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return times[1:]


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    times = {name: times_s(arguments) for name, arguments in STARTS.items()}
    for name, taken in times.items():
        promise = f"  promised {PROMISED_S[name]:.1f} s" if name in PROMISED_S else ""
        print(f"{name:<24} {statistics.median(taken):6.3f} s  best {min(taken):6.3f} s{promise}")
    broken = [name for name, limit in PROMISED_S.items() if min(times[name]) > limit]
    if broken:
        sys.exit(f"slower than promised: {', '.join(broken)}")


if __name__ == "__main__":
    main()

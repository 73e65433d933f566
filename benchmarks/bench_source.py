"""How long it takes to bring items in, and how much memory a large table needs.

flowers20 read anew and with everything known, MNIST, Banking77, 10,000 class folders, and a made CSV table of short
sentences (200 MB; `python -m benchmarks source 1000` makes one of 1 GB). Promised: beside the text itself a row of a
table takes at most 600 bytes at the peak; 10,000 classes are read in under 10 s.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from florilegium import source
from florilegium.source.base import Harvest, SourceSpec

MB_PER_TABLE = 200  # unless the command line says otherwise
MAX_ROW_BYTES = 600
MAX_CLASSES_S = 10.0
N_CLASSES = 10_000
WORDS = "the quick brown fox jumps over a lazy dog while nobody looks at the card"
DATA = os.environ.get("FLORILEGIUM_DATA", "")


def timed(read: Callable[[], object]) -> tuple[float, object]:
    """Give the better of two times in seconds, and what came."""
    times = []
    found: object = None
    for _ in range(2):
        began = time.perf_counter()
        found = read()
        times.append(time.perf_counter() - began)
    return min(times), found


def show(what: str, seconds: float, n: int, note: str = "") -> None:
    """Print one row."""
    print(f"{what:<44} {seconds:8.2f} s  {n / seconds:12,.0f} items/s  {note}", flush=True)


def flowers() -> None:
    """Read flowers20 anew and again; beside it the SHA-256 of the same files in one thread."""
    import hashlib

    spec = SourceSpec(location="flowers20")
    fresh_s, harvest = timed(lambda: source.read(spec))
    assert isinstance(harvest, Harvest)  # noqa: S101 - tells mypy what `timed` gave back
    known = {s.name: (*stamp, s.sha256) for s, stamp in zip(harvest.samples, harvest.stamps, strict=True)}
    known_s, _ = timed(lambda: source.read(spec, known=known))
    paths = [Path(DATA) / "flowers20" / "images" / s.name for s in harvest.samples]
    peer_s, _ = timed(lambda: [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    show("flowers20, nothing known", fresh_s, len(paths))
    show("flowers20, everything known", known_s, len(paths))
    show("  peer: hashlib over the same files", peer_s, len(paths))


def arrays_and_texts() -> None:
    """Read MNIST and Banking77; beside them only the unpacking, and pandas."""
    import gzip

    import pandas as pd

    peers: dict[str, tuple[str, Callable[[], object]]] = {
        "mnist": ("gzip alone", lambda: [gzip.decompress(p.read_bytes()) for p in Path(DATA, "mnist").glob("*.gz")]),
        "banking77": ("pandas.read_csv", lambda: [pd.read_csv(p) for p in Path(DATA, "banking77").glob("*.csv")]),
    }
    for name, (what, peer) in peers.items():
        spec = SourceSpec(location=name)
        # A lambda's default has no type of its own.
        seconds, _ = timed(lambda spec=spec: source.read(spec))  # type: ignore[misc]
        peer_s, _ = timed(peer)
        n = source.BUILTINS[name].n_items
        show(name, seconds, n)
        show(f"  peer: {what}", peer_s, n)


def classes(folder: Path) -> float:
    """Read 10,000 class folders with one small picture each."""
    picture = b"\x89PNG\r\n\x1a\n"
    for i in range(N_CLASSES):
        (folder / f"{i:05}").mkdir()
        (folder / f"{i:05}" / "1.png").write_bytes(picture)
    seconds, _ = timed(lambda: source.read(SourceSpec(location=str(folder))))
    show(f"{N_CLASSES:,} class folders", seconds, N_CLASSES)
    return seconds


def table(path: Path, megabytes: int) -> bool:
    """Make a table of sentences and read it in a process of its own, and let pandas do the same."""
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label,channel\n")
        i = 0
        while file.tell() < megabytes * 1_000_000:
            lines = (f'"{i + k} {WORDS[(i + k) % 7 :]}",label {(i + k) % 77},mail\n' for k in range(10_000))
            file.writelines(lines)
            i += 10_000
    ours = "from florilegium import source; from florilegium.source.base import SourceSpec as S; import sys; "
    ours += "h = source.read(S(location=sys.argv[1])); n = len(h.samples)"
    peer = "import pandas, sys; n = len(pandas.read_csv(sys.argv[1]))"
    peaks = [measured(f"{megabytes:,} MB of CSV", ours, path), measured("  peer: pandas.read_csv", peer, path)]
    return peaks[0] <= path.stat().st_size + i * MAX_ROW_BYTES


def measured(what: str, code: str, path: Path) -> float:
    """Run code in a fresh process; print its time, and give its peak memory in bytes."""
    began = time.perf_counter()
    code += "; import resource; print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    n, peak_kib = map(int, done.stdout.split())
    size = path.stat().st_size
    note = f"peak {peak_kib / 1024:,.0f} MiB, {peak_kib * 1024 / size:.1f} times the file"
    show(what, time.perf_counter() - began, n, note)
    return peak_kib * 1024


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MB_PER_TABLE
    broken = []
    if (Path(DATA) / "flowers20").is_dir():
        flowers()
        arrays_and_texts()
    else:
        print("flowers20, mnist and banking77 skipped: FLORILEGIUM_DATA names no mirror of them")
    with tempfile.TemporaryDirectory() as folder:
        if classes(Path(folder)) > MAX_CLASSES_S:
            broken.append("10,000 classes in 10 s")
    with tempfile.TemporaryDirectory() as folder:
        if not table(Path(folder) / "made.csv", megabytes):
            broken.append("memory of a large table")
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    if broken:
        sys.exit(f"promise broken: {', '.join(broken)}")


if __name__ == "__main__":
    main()

"""Image features: how near decoding and encoding together come to what the two allow alone, and how flat memory stays.

The ideal is decoding alone plus ONNX Runtime alone, each on all cores: together they cannot be quicker than that. Each
is given its best setting (two ways to use the cores, three sizes of batch). The peer is the plain loop that one would
write first: open, resize, run, one picture after the other, with ONNX Runtime's defaults.
Promised: at least 0.9 of the ideal; memory as flat at 20,000 pictures as at 1,000; a second run computes nothing.
"""

import gzip
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from florilegium import features
from florilegium.features.encoder import GraphEncoder
from florilegium.features.stream import Runner, n_workers
from florilegium.source.base import Files, Pixels
from florilegium.types import Octets

N_PHOTOS = 1_000
N_LARGE = 200  # photos as a phone takes them: 12 megapixels
N_STREAMED = (1_000, 20_000)
N_ROUNDS = 3  # the median of these; machines are shared
PROMISED_SHARE = 0.9  # of the ideal
PROMISED_GROWTH_MIB = 64  # from 1,000 to 20,000 pictures
NAME = "mobilenetv2_100_tf"


def main() -> None:
    """Print the tables; exit 1 where a promise is broken."""
    folder = os.environ.get("FLORILEGIUM_DATA")
    if not folder:
        print("skipped: set FLORILEGIUM_DATA to the folder of real data")
        return
    data = Path(folder)
    photos = sorted((data / "flowers20/images").rglob("*.jpg"))[::2]
    encoder = features.backbone(NAME)
    with tempfile.TemporaryDirectory() as made:
        kept = [
            overlap("photos of 256 px", repeated(photos, N_PHOTOS), encoder),
            overlap("photos of 12 Mpx", enlarged(photos[:20], Path(made), N_LARGE), encoder),
            memory(),
            second_run(repeated(photos, N_PHOTOS), encoder, Path(made)),
        ]
    digits(data)
    sys.exit(0 if all(kept) else 1)


def repeated(photos: Sequence[Path], n: int) -> list[Path]:
    """Give n paths, the photos again and again."""
    return list(itertools.islice(itertools.cycle(photos), n))


def enlarged(photos: Sequence[Path], folder: Path, n: int) -> list[Path]:
    """Save the photos at the size of a phone's, and give n paths."""
    paths = []
    for photo in photos:
        paths.append(folder / photo.name)
        Image.open(photo).resize((4000, 3000), Image.Resampling.BICUBIC).save(paths[-1], quality=92)
    return repeated(paths, n)


def seconds(work: Callable[[], object]) -> float:
    """Give the wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def overlap(what: str, paths: list[Path], encoder: GraphEncoder) -> bool:
    """Measure both stages alone, both together, and the peer; in rounds, so that a busy machine troubles all alike."""
    runner = Runner(encoder)
    fitted = np.concatenate([runner.fit(features.decode(path)[None]) for path in paths[:256]])
    rounds = [
        {
            "decode alone": seconds(lambda: decode_all(paths, runner)),
            "network alone": network_alone(encoder, fitted) * len(paths),
            "together": seconds(lambda: sum(1 for _ in features.stream(paths, encoder))),
            "peer: plain loop": seconds(lambda: plain_loop(paths[:200])) * len(paths) / 200,
        }
        for _ in range(N_ROUNDS)
    ]
    print(f"\n{what}, {len(paths):,}, {n_workers()} cores, median of {N_ROUNDS} rounds")
    for name in rounds[0]:
        spent = statistics.median(r[name] for r in rounds)
        print(f"  {name:<18} {spent:7.2f} s  {len(paths) / spent:7.0f} pictures/s")
    share = statistics.median((r["decode alone"] + r["network alone"]) / r["together"] for r in rounds)
    print(f"  share of the ideal {share:7.2f}    (promised: {PROMISED_SHARE})")
    return share >= PROMISED_SHARE


def decode_all(paths: Sequence[Path], runner: Runner) -> None:
    """Decode and fit on all cores, nothing else."""
    with ThreadPoolExecutor(n_workers()) as pool:
        for _ in pool.map(lambda path: runner.fit(features.decode(path)[None]), paths):
            pass


def network_alone(encoder: GraphEncoder, fitted: Octets) -> float:
    """Give ONNX Runtime's time per picture (s) on decoded arrays, in the best of six settings."""
    best = float("inf")
    for threads in (1, n_workers()):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        network = onnxruntime.InferenceSession(encoder.trunk.SerializeToString(), options)
        for size in (8, 16, 32):
            batches = [fitted[start : start + size] for start in range(0, len(fitted), size)]

            def run(batch: Octets, network: onnxruntime.InferenceSession = network) -> None:
                network.run(["embedding"], {"fitted": batch})

            with ThreadPoolExecutor(n_workers() // threads) as pool:
                list(pool.map(run, batches[: n_workers()]))  # warm
                # A lambda's default has no type of its own.
                best = min(best, seconds(lambda pool=pool, b=batches: list(pool.map(run, b))) / len(fitted))  # type: ignore[misc]
    return best


def plain_loop(paths: Sequence[Path]) -> None:
    """Do what one would write first."""
    model = Path(os.environ["FLORILEGIUM_DATA"]) / "backbones" / NAME / "model.onnx"
    network = onnxruntime.InferenceSession(model)
    for path in paths:
        picture = Image.open(path).convert("RGB")
        scale = 256 / min(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BILINEAR
        )
        left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
        square = np.asarray(picture.crop((left, top, left + 224, top + 224)), dtype=np.float32)
        network.run(["embedding"], {"input": ((square / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None].astype(np.float32)})


def memory() -> bool:
    """Compare the peak memory after 1,000 and after 20,000 pictures of one stream, nothing kept."""
    print("\npeak memory of a fresh process, streamed, nothing kept")
    command = [sys.executable, "-c", "from benchmarks.bench_features import peaks; peaks()"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    mib = [int(word) for word in told]
    for n, size in zip(N_STREAMED, mib, strict=True):
        print(f"  {n:>6,} pictures    {size:7,} MiB")
    return mib[-1] - mib[0] <= PROMISED_GROWTH_MIB


def peaks() -> None:
    """Stream photos and print this process's peak memory in MiB at each count of N_STREAMED."""
    photos = sorted((Path(os.environ["FLORILEGIUM_DATA"]) / "flowers20/images").rglob("*.jpg"))[::2]
    endless = itertools.islice(itertools.cycle(photos), max(N_STREAMED))
    for index, _ in features.stream(endless, features.backbone(NAME)):
        if index + 1 in N_STREAMED:
            # Not getrusage: its peak is inherited from the process that started this one.
            status = Path("/proc/self/status").read_text(encoding="ascii")
            print(int(status.split("VmHWM:")[1].split()[0]) // 1024)


def second_run(paths: list[Path], encoder: GraphEncoder, folder: Path) -> bool:
    """Survey twice with a cache: the second run decodes nothing."""
    hashes = [f"{i:064x}" for i in range(len(paths))]  # the same photo twice counts as two: the work is what matters
    decoded: list[int] = []

    def survey() -> None:
        def tell(step: str, done: int, total: int | None) -> None:
            del step, total
            decoded.append(done)

        features.survey(Files(tuple(paths)), hashes, encoders=[encoder], cache_dir=folder / "cache", progress=tell)

    print(f"\nlooks and features with a cache, {len(paths):,} photos")
    print(f"  first run          {seconds(survey):7.2f} s  {decoded[-1]:7,} decoded")
    decoded.clear()
    print(f"  second run         {seconds(survey):7.2f} s  {sum(decoded):7,} decoded")
    shutil.rmtree(folder / "cache")
    return not decoded


def digits(data: Path) -> None:
    """Take all of MNIST through both pixel encoders."""
    arrays = []
    for path in sorted((data / "mnist").glob("*images*")):
        octets = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        arrays.append(np.frombuffer(octets, dtype=np.uint8, offset=16).reshape(-1, 28, 28))
    contents = Pixels(np.concatenate(arrays))
    hashes = [f"{i:064x}" for i in range(len(contents))]
    print(f"\npixels of {len(contents):,} digits")
    for deskew in (False, True):
        encoder = features.pixels_encoder(side=28, gray=True, deskew=deskew)
        # A lambda's default has no type of its own.
        spent = seconds(lambda e=encoder: features.encode(contents, hashes, encoder=e))  # type: ignore[misc]
        print(f"  {'deskewed' if deskew else 'as they are':<18} {spent:7.2f} s")


if __name__ == "__main__":
    main()

"""How much `florilegium serve` answers over HTTP: flowers, plain and recorded, beside the model alone and its peers.

Promised: at least 0.85 of the photos per second that bare ONNX Runtime answers on the same two cores, with decoding;
with 16 clients a 99th percentile under 3 times the median; memory flat over 50,000 requests; pages without a prediction
500 per second with a 99th percentile under 50 ms. Answers are recorded on disk before they are given in a project.

    python -m benchmarks serve                          everything, a few minutes
    python -m benchmarks serve --seconds 3 --requests 500
    python -m benchmarks serve --requests 50000         memory over the long run
    benchmarks/make_serving_env.sh                      makes the peers: Gradio and BentoML serving the same file
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import onnxruntime

import florilegium
from benchmarks.bench_static_page import the_model
from benchmarks.photos import some_photos
from florilegium.features.decode import decode
from florilegium.model import ModelFile

N_PHOTOS, N_CLIENTS, N_CORES = 64, 16, 2
SHARE, TAIL, GROWTH_MIB = 0.85, 3.0, 32.0
PAGES_PER_S, PAGE_S = 500, 0.050
KIB_PER_MIB = 1024
UNREADY = 503
HERE = Path(__file__).parent
BOUNDARY = "benchmark0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What clients met."""

    seconds: float  # of the whole run
    waits_s: tuple[float, ...]  # of each answer
    n_failed: int = 0

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return len(self.waits_s) / self.seconds

    def quantile(self, share: float) -> float:
        """Give the wait that a share (0..1) of the answers stays under, in seconds."""
        return float(np.quantile(self.waits_s, share)) if self.waits_s else float("inf")


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run")
    parser.add_argument("--requests", type=int, default=2000, help="over which memory is watched")
    chosen = parser.parse_args()
    contents = some_photos(N_PHOTOS)
    requests = [photo_request(content) for content in contents]
    with tempfile.TemporaryDirectory() as made:
        model = the_model(Path(made))
        bare = bare_runtime(model, contents, seconds=chosen.seconds)
        print(f"{'ONNX Runtime alone':<28} {bare:7.1f} photos/s")
        kept = []
        with florilegium_server([str(model.path)]) as server:
            kept.append(throughput("served plain", server.port, requests, bare, seconds=chosen.seconds))
        with florilegium_server(["-p", str(a_project(Path(made), model))]) as server:
            settle(server.port)
            kept.append(throughput("served, every answer kept", server.port, requests, bare, seconds=chosen.seconds))
            kept.append(pages(server.port, requests, seconds=chosen.seconds))
            kept.append(memory(server, requests, n=chosen.requests))
        peers(model, contents, bare, seconds=chosen.seconds)
    sys.exit(0 if all(kept) else 1)


def bare_runtime(model: ModelFile, contents: Sequence[bytes], *, seconds: float) -> float:
    """Answer photos with nothing but a decoder and the runtime, one thread per core; give photos per second."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    side = model.encoder.decode_side
    ends = time.perf_counter() + seconds

    def work(first: int) -> int:
        n = 0
        while time.perf_counter() < ends:
            pixels = decode(contents[(first + n) % len(contents)], short_side=side)
            session.run(["probabilities", "known", "similar", "similarity"], {"image": pixels[None]})
            n += 1
        return n

    with ThreadPoolExecutor(N_CORES) as pool:
        return sum(pool.map(work, range(N_CORES))) / seconds


def throughput(name: str, port: int, requests: Sequence[bytes], bare: float, *, seconds: float) -> bool:
    """Let clients ask as quickly as they are answered; print, and say whether the promise is kept."""
    asyncio.run(asked(port, requests, n_clients=N_CLIENTS, seconds=min(2.0, seconds)))  # warm
    run = asyncio.run(asked(port, requests, n_clients=N_CLIENTS, seconds=seconds))
    median, tail = run.quantile(0.5), run.quantile(0.99)
    print(
        f"{name:<28} {run.per_s:7.1f} photos/s, {run.per_s / bare:.2f} of the runtime; {N_CLIENTS} clients wait "
        f"{1000 * median:.0f} ms (median), {1000 * tail:.0f} ms (99th percentile, {tail / median:.1f} times); "
        f"{run.n_failed} failed"
    )
    return run.per_s / bare >= SHARE and tail / median < TAIL and run.n_failed == 0


def pages(port: int, requests: Sequence[bytes], *, seconds: float) -> bool:
    """Ask for pages without a prediction at a fixed pace, whether the last came or not."""
    answer = json.loads(asyncio.run(one(port, requests[0]))[1])
    form = get_request(f"/appeal/{answer[0]['ticket']}")
    kept = []
    for name, request in (
        ("the appeal's form", form),
        ("the first page", get_request("/")),
        ("a style", get_request("/style.css")),
    ):
        asyncio.run(asked(port, [request], n_clients=N_CLIENTS, seconds=1.0))
        run = asyncio.run(asked(port, [request], n_clients=N_CLIENTS, seconds=seconds, per_s=PAGES_PER_S))
        print(
            f"{name:<28} {run.per_s:7.1f} pages/s of {PAGES_PER_S}; {1000 * run.quantile(0.5):.1f} ms (median), "
            f"{1000 * run.quantile(0.99):.1f} ms (99th percentile); {run.n_failed} failed"
        )
        kept.append(run.per_s >= 0.99 * PAGES_PER_S and run.quantile(0.99) < PAGE_S and run.n_failed == 0)
    return all(kept)


def settle(port: int) -> None:
    """Wait until the labelling pages are ready: they are made in the background right after the start."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and asyncio.run(one(port, get_request("/label/")))[0] == UNREADY:
        time.sleep(0.5)


def memory(server: "Server", requests: Sequence[bytes], *, n: int) -> bool:
    """Watch the server's resident memory over n answers, its first tenth left out: caches fill then."""
    sizes, done = [], 0
    while done < n:
        run = asyncio.run(asked(server.port, requests, n_clients=N_CLIENTS, n=max(n // 20, 1)))
        done += len(run.waits_s)
        sizes.append(server.resident_mib())
    settled = sizes[len(sizes) // 10 :]
    print(
        f"{'memory':<28} {sizes[0]:7.0f} MiB at first, {statistics.median(settled):.0f} MiB (median), "
        f"{settled[-1]:.0f} MiB after {done:,} answers"
    )
    return settled[-1] - settled[0] <= GROWTH_MIB


def peers(model: ModelFile, contents: Sequence[bytes], bare: float, *, seconds: float) -> None:
    """Ask other servers of the same file; they never decide whether this passes."""
    for name, start, ask in (("Gradio", gradio, ask_gradio), ("BentoML", bentoml, ask_bentoml)):
        python = HERE.parent / f".venv-{name.lower()}" / "bin" / "python"
        if not python.exists():
            print(f"{name:<28} not installed; benchmarks/make_serving_env.sh makes .venv-{name.lower()}")
            continue
        with start(python, model) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            run = closed_loop(partial(ask, client), contents, seconds=seconds)
        median, tail = run.quantile(0.5), run.quantile(0.99)
        print(
            f"{name:<28} {run.per_s:7.1f} photos/s, {run.per_s / bare:.2f} of the runtime; {N_CLIENTS} clients wait "
            f"{1000 * median:.0f} ms (median), {1000 * tail:.0f} ms (99th percentile); {run.n_failed} failed"
        )


# -- clients -----------------------------------------------------------------------------------------------------------


def photo_request(content: bytes) -> bytes:
    """Give the bytes of a whole request that asks about a photo."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    lines = (
        f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    )
    return f"{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get_request(path: str) -> bytes:
    """Give the bytes of a request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n".encode()


async def one(port: int, request: bytes) -> tuple[int, bytes]:
    """Ask once; give the status and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    found = await answer(reader)
    writer.close()
    return found


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and its body. As little work as can be, for the server shares these cores."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at >= 0:
        return status, await reader.readexactly(int(lowered[at + 15 : lowered.index(b"\r", at)]))
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return status, bytes(body)


async def asked(
    port: int,
    requests: Sequence[bytes],
    *,
    n_clients: int,
    seconds: float = 600.0,
    n: int = 1 << 60,
    per_s: float = 0.0,
) -> Run:
    """Ask by several clients on kept connections.

    Args: n: at most so many in all.  per_s: at this pace, the waits counted from the moment that each was due; 0: as
        quickly as answers come.
    """
    waits: list[float] = []
    n_begun, n_failed = 0, 0
    began = time.perf_counter()

    async def client(first: int) -> None:
        nonlocal n_begun, n_failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = 0
        while n_begun < n:
            due = began + (first + turn * n_clients) / per_s if per_s else time.perf_counter()
            if due - began > seconds or time.perf_counter() - began > seconds:
                break
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
            n_begun += 1
            writer.write(requests[(first + turn) % len(requests)])
            status, _ = await answer(reader)
            waits.append(time.perf_counter() - due)
            n_failed += status != 200
            turn += 1
        writer.close()

    await asyncio.gather(*(client(i) for i in range(n_clients)))
    return Run(seconds=time.perf_counter() - began, waits_s=tuple(waits), n_failed=n_failed)


def closed_loop(ask: Callable[[bytes], bool], contents: Sequence[bytes], *, seconds: float) -> Run:
    """Ask by several threads, for peers that want more than one request per answer."""
    ends, waits, failed, lock = time.perf_counter() + seconds, [], [0], threading.Lock()

    def client(first: int) -> None:
        turn = 0
        while (began := time.perf_counter()) < ends:
            is_right = ask(contents[(first + turn) % len(contents)])
            with lock:
                waits.append(time.perf_counter() - began)
                failed[0] += not is_right
            turn += 1

    began = time.perf_counter()
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        list(pool.map(client, range(N_CLIENTS)))
    return Run(seconds=time.perf_counter() - began, waits_s=tuple(waits), n_failed=failed[0])


# -- servers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """A started server."""

    port: int
    pid: int

    def resident_mib(self) -> float:
        """Give its resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / KIB_PER_MIB


@contextmanager
def florilegium_server(what: list[str]) -> Iterator[Server]:
    """Start `florilegium serve`."""
    command = [sys.executable, "-m", "florilegium", "serve", *what, "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        said = ""
        while not said.rstrip().endswith("}"):
            said += process.stdout.readline()
        yield Server(int(json.loads(said)["url"].rstrip("/").rpartition(":")[2]), process.pid)
        process.terminate()


def a_project(folder: Path, model: ModelFile) -> Path:
    """Make a small project whose model is the one that is measured."""
    project = folder / "project"
    with florilegium.new(project, "digits", encoder="pixels") as made:
        path = made.model_path
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(model.path, path)
    return project


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def peer(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Start a peer and wait until it answers."""
    with subprocess.Popen(
        command, cwd=HERE, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
                break
            except httpx.HTTPError:
                time.sleep(0.3)
        yield port
        process.terminate()


def gradio(python: Path, model: ModelFile) -> AbstractContextManager[int]:
    """Start Gradio."""
    port = free_port()
    settings = {"GRADIO_ANALYTICS_ENABLED": "False"}
    return peer([str(python), "gradio_peer.py", str(model.path), str(port)], port, **settings)


def bentoml(python: Path, model: ModelFile) -> AbstractContextManager[int]:
    """Start BentoML."""
    port = free_port()
    command = [
        str(python),
        "-m",
        "bentoml",
        "serve",
        "bentoml_peer:Flowers",
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    return peer(command, port, PEER_MODEL=str(model.path), BENTOML_DO_NOT_TRACK="True")


def ask_gradio(client: httpx.Client, content: bytes) -> bool:
    """Ask Gradio as its documentation says: upload, call, read the event."""
    (path,) = client.post("/gradio_api/upload", files={"files": ("a.jpg", content, "image/jpeg")}).json()
    data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    called = client.post("/gradio_api/call/predict", json=data).json()
    return "confidences" in client.get(f"/gradio_api/call/predict/{called['event_id']}").text


def ask_bentoml(client: httpx.Client, content: bytes) -> bool:
    """Ask BentoML."""
    return len(client.post("/predict", files={"photo": ("a.jpg", content, "image/jpeg")}).json()) > 1


if __name__ == "__main__":
    main()

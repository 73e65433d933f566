"""What happens to `florilegium serve PROJECT` when everything that comes in means harm.

Promised: 10,000 cases of schemathesis over the OpenAPI and 20,000 mutated pictures and forms meet no server error
(5xx), no answer takes longer than the stated limit, and the server's memory does not grow. Beside them: decompression
bombs, an archive in a picture, an upload without an end, and clients that send a byte now and then.
`python -m benchmarks hostile N_CASES N_FILES` for fewer.
"""

import contextlib
import io
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.hostile_files import BOUNDARY, Sent, picture_bomb, requests, zip_in_jpeg
from benchmarks.hostile_server import Server, started
from tests.page_serving import painted
from tests.query_making import trained_queries
from tests.recourse_making import make_project, picture

N_CASES, N_FILES = 10_000, 20_000
N_CLIENTS = 4
LIMIT_S = 20.0  # without a byte, `Limits.idle_s`; the longest that an answer may take here
GROWTH = 1.25  # of resident memory, after the first tenth has warmed it up
SEED = 20261130


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """How one request was met."""

    status: int  # 0: the connection was closed without an answer
    seconds: float
    name: str


def main() -> None:
    """Send all, print, and fail where a promise is broken."""
    asked = [int(each) for each in sys.argv[1:]]
    n_cases, n_files = [*asked, *(N_CASES, N_FILES)[len(asked) :]]
    with tempfile.TemporaryDirectory() as made:
        photos, texts = make_project(Path(made)), trained_queries(Path(tempfile.mkdtemp(dir=made)))
        with started(photos) as server:
            kept = [files(server, n_files), single_blows(server), slow_ones(server), endless(server)]
            kept += [cases(server, n_cases // 2), alive(server)]
        with started(texts) as server:
            kept.append(cases(server, n_cases - n_cases // 2))
    sys.exit(0 if all(kept) else 1)


def files(server: Server, n: int) -> bool:
    """Send mutated pictures and forms, from several clients at once."""
    with httpx.Client(base_url=server.address, timeout=2 * LIMIT_S) as client:
        work = requests(n, seed=SEED)
        warm = _sent(client, islice(work, max(n // 10, 1)), server)
        before = server.resident_mib()
        met = warm + _sent(client, work, server)
        after = server.resident_mib()
    worst = max(met, key=lambda each: each.seconds)
    failed = [each for each in met if each.status >= 500]
    statuses = dict(sorted(Counter(each.status for each in met).items()))
    print(f"{'mutated pictures and forms':<34} {len(met):7,} sent, statuses {statuses}")
    print(f"{'':<34} slowest {worst.seconds:.2f} s ({worst.name}); memory {before:.0f} MiB, then {after:.0f} MiB")
    for each in failed[:5]:
        print(f"  FAILED: {each.status} for {each.name}")
    return not failed and worst.seconds < LIMIT_S and after < GROWTH * before


def _sent(client: httpx.Client, work: Iterable[Sent], server: Server) -> list[Met]:
    def send(each: Sent) -> Met:
        began = time.perf_counter()
        status = 0
        headers = {"content-type": each.content_type} | server.headers
        with contextlib.suppress(httpx.RemoteProtocolError):
            status = client.post("api/predict", content=each.body, headers=headers).status_code
        return Met(status=status, seconds=time.perf_counter() - began, name=each.name)

    with ThreadPoolExecutor(N_CLIENTS) as pool:
        return list(pool.map(send, work))


def single_blows(server: Server) -> bool:
    """Send what is known to hurt others: bombs, an archive in a picture, a name that is a path."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as inside:
        inside.writestr("../../evil", b"\0" * (50 << 20))
    blows = {
        "PNG bomb of 3.6 gigapixels": picture_bomb(),
        "zip behind a JPEG": zip_in_jpeg(painted("rose", file_format="JPEG"), archive.getvalue()),
        "a zip": archive.getvalue(),
        "GIF of 500 frames": _gif(),
    }
    kept = []
    with httpx.Client(base_url=server.address, timeout=2 * LIMIT_S, headers=server.headers) as client:
        for name, content in blows.items():
            before, began = server.resident_mib(), time.perf_counter()
            status = client.post("api/predict", files={"photos": ("../../x.jpg", content)}).status_code
            seconds = time.perf_counter() - began
            grown = server.resident_mib() - before
            print(f"{name:<34} status {status}, {seconds:.2f} s, {grown:+.0f} MiB")
            kept.append(status < 500 and seconds < LIMIT_S and grown < 300)
    return all(kept)


def _gif() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    frames = [Image.new("P", (600, 600), i % 256) for i in range(500)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def slow_ones(server: Server, n: int = 50) -> bool:
    """Open connections that send one byte a second and never end; the page must still be answered at once."""
    where = urlsplit(server.address)
    open_ones = []
    for _ in range(n):
        sock = socket.create_connection((where.hostname or "", where.port or 80), timeout=LIMIT_S)
        sock.sendall(b"POST /api/predict HTTP/1.1\r\nHost: " + where.netloc.encode() + b"\r\nContent-Le")
        open_ones.append(sock)
    seconds = []
    for _ in range(10):
        for sock in open_ones:
            with contextlib.suppress(OSError):
                sock.sendall(b"n")
        began = time.perf_counter()
        httpx.get(f"{server.address}healthz", timeout=LIMIT_S).raise_for_status()
        seconds.append(time.perf_counter() - began)
        time.sleep(0.2)
    for sock in open_ones:
        sock.close()
    print(f"{f'{n} clients of a byte at a time':<34} others answered within {1000 * max(seconds):.0f} ms")
    return max(seconds) < 1.0


def endless(server: Server) -> bool:
    """Begin an upload that says it has 10 GB, and one that says nothing; both are refused early."""
    where = urlsplit(server.address)
    kept = []
    for name, length in (
        ("10 GB said", b"Content-Length: 10000000000"),
        ("without a length", b"Transfer-Encoding: chunked"),
    ):
        before, began = server.resident_mib(), time.perf_counter()
        n_sent = _pour(where.hostname or "", where.port or 80, where.netloc, length, server)
        grown = server.resident_mib() - before
        seconds = time.perf_counter() - began
        print(f"{f'endless upload, {name}':<34} cut off after {n_sent >> 20} MiB, {seconds:.1f} s, {grown:+.0f} MiB")
        kept.append(n_sent < (512 << 20) and grown < 300)
    return all(kept)


def _pour(host: str, port: int, netloc: str, length: bytes, server: Server) -> int:
    head = [b"POST /api/predict HTTP/1.1", b"Host: " + netloc.encode(), length]
    head += [f"{name}: {value}".encode() for name, value in server.headers.items()]
    head.append(f"Content-Type: multipart/form-data; boundary={BOUNDARY}".encode())
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photos"; filename="x.jpg"\r\n\r\n'.encode()
    block, n_sent = b"\xff" * (1 << 20), 0
    chunked = b"chunked" in length
    with socket.create_connection((host, port), timeout=LIMIT_S) as sock, contextlib.suppress(OSError):
        sock.sendall(b"\r\n".join(head) + b"\r\n\r\n")
        sock.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        while n_sent < (1 << 30):
            sock.sendall(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
            n_sent += len(block)
    return n_sent


def cases(server: Server, n: int) -> bool:
    """Let schemathesis read the OpenAPI and send what it makes of it.

    Of operations with few possible cases it makes fewer than it may, so it may make twice as many of each.
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}openapi.json"]
        command += ["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"]
        most = max(2 * n // server.n_operations(), 1)
        command += ["--max-examples", str(most), "--phases", "examples,coverage,fuzzing"]
        command += ["--seed", str(SEED), "--request-timeout", str(2 * LIMIT_S), "--continue-on-failure", "--no-color"]
        command += [f"--header={name}:{value}" for name, value in server.headers.items()]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch, check=False)
    tail = done.stdout[done.stdout.find("SUMMARY") :] if "SUMMARY" in done.stdout else done.stdout[-3000:]
    print(f"schemathesis ({'held' if done.returncode == 0 else f'exit {done.returncode}'}):")
    print("\n".join(f"  {line}" for line in (tail if done.returncode == 0 else done.stdout[-6000:]).splitlines()))
    return done.returncode == 0


def alive(server: Server) -> bool:
    """Ask a good picture at the end: the answer is still right."""
    files = {"photos": ("red.png", picture("red"))}
    answer = httpx.post(f"{server.address}api/predict", files=files, headers=server.headers, timeout=LIMIT_S).json()
    print(f"{'a red picture at the end':<34} {answer[0]['label']}")
    return bool(answer[0]["label"] == "red")

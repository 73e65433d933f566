"""Uploads that are slow, cancelled, or too many at once: nobody else waits, and memory comes back."""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from florilegium.model import ModelFile, open_model
from florilegium.project import Project
from florilegium.serve import Limits, create_app
from florilegium.serve.limits import PLACE_BYTES, Room, TooBusy
from florilegium.serve.whole import create_whole
from tests.page_serving import painted, serving, write_colour_model
from tests.recourse_making import make_project

HEAD = b'--edge\r\nContent-Disposition: form-data; name="photos"; filename="slow.png"\r\n\r\n'
KIND = b"Content-Type: multipart/form-data; boundary=edge\r\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open the model of colours."""
    return open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))


@pytest.fixture
def app(model: ModelFile) -> FastAPI:
    """Make an app that loses patience soon."""
    return create_app(model, limits=Limits(idle_s=1.0, whole_s=2.0, max_file_bytes=1 << 20))


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Serve it."""
    with serving(app) as started:
        yield started


def begin(address: str, *, n_bytes: int) -> socket.socket:
    """Begin an upload of so many bytes and send its head only."""
    parts = urlsplit(address)
    line = socket.create_connection((parts.hostname, parts.port or 80), timeout=20)
    host = parts.netloc.encode()
    line.sendall(
        b"POST /api/predict HTTP/1.1\r\nHost: " + host + b"\r\n" + KIND + f"Content-Length: {n_bytes}\r\n\r\n".encode()
    )
    line.sendall(HEAD)
    return line


def answer(line: socket.socket) -> bytes:
    """Read until the server closes the line."""
    said = b""
    while chunk := line.recv(65536):
        said += chunk
        if b"}]" in said or b"}}" in said:
            break
    return said


def test_a_silent_upload_is_given_up(address: str) -> None:
    """Whoever sends nothing for a while hears so, with status 408, and the line is free again."""
    began = time.monotonic()
    with begin(address, n_bytes=10_000) as line:
        said = answer(line)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"kind":"TooSlow"' in said
    assert 0.8 < time.monotonic() - began < 10


def test_a_trickle_is_given_up(address: str) -> None:
    """One byte now and then does not hold a place for ever: the time spent waiting has an end."""
    with begin(address, n_bytes=10_000) as line:
        for _ in range(12):
            line.sendall(b"x")
            time.sleep(0.3)
        said = answer(line)

    assert said.startswith(b"HTTP/1.1 408 ")


def test_slow_uploads_hold_up_nobody(address: str) -> None:
    """While twenty uploads crawl, a twenty-first is answered at once."""
    lines = [begin(address, n_bytes=100_000) for _ in range(20)]
    began = time.monotonic()
    said = httpx.post(f"{address}api/predict", files={"photos": ("a.png", painted("rose"))}, timeout=20).json()
    took_s = time.monotonic() - began
    for line in lines:
        line.close()

    assert said[0]["label"] == "rose"
    assert took_s < 0.9  # before the first of the slow ones was given up


def test_a_cancelled_upload_gives_its_memory_back(app: FastAPI) -> None:
    """Where readers go away mid-way, nothing of their photos stays in memory and the server goes on."""
    room = room_of(app)
    with serving(app) as address:
        lines = [begin(address, n_bytes=1_000_000) for _ in range(5)]
        for line in lines:
            line.sendall(b"x" * 200_000)
        wait_until(lambda: room.n_held >= 5 * 200_000)
        for line in lines:
            line.close()
        wait_until(lambda: room.n_held == 0)
        said = httpx.post(f"{address}api/predict", files={"photos": ("a.png", painted("rose"))}, timeout=20)

    assert said.json()[0]["label"] == "rose"
    assert room.n_held == 0


def room_of(app: FastAPI) -> Room:
    """Give the memory that an app's requests share."""
    found: Any = app.state.room
    assert isinstance(found, Room)
    return found


def wait_until(is_so: Any) -> None:
    """Wait until something is so, for ten seconds at most."""
    end = time.monotonic() + 10
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    assert is_so()


def test_too_many_at_once_are_asked_to_come_back(model: ModelFile) -> None:
    """Where the memory for photos is full, the next one hears so with status 429 and when to try again."""
    limits = Limits(max_held_bytes=2 * PLACE_BYTES + 400_000, idle_s=20.0)
    with serving(create_app(model, limits=limits)) as address:
        with begin(address, n_bytes=1_000_000) as line:
            line.sendall(b"x" * 399_000)
            time.sleep(0.5)
            photo = painted("rose", file_format="BMP", size=(100, 100))  # 30 kB
            refused = httpx.post(f"{address}api/predict", files={"photos": ("a.bmp", photo)}, timeout=20)
        wait_s = float(refused.headers["Retry-After"])
        time.sleep(wait_s)
        answered = httpx.post(f"{address}api/predict", files={"photos": ("a.bmp", photo)}, timeout=20)

    assert (refused.status_code, refused.json()["error"]["kind"]) == (429, "TooBusy")
    assert answered.status_code == 200


def test_a_room_is_shared_and_given_back() -> None:
    """Places hold bytes of one room; one that asks for more than is left keeps what it had."""
    room = Room(3 * PLACE_BYTES)
    with room.place() as first, room.place() as second:
        first.hold(PLACE_BYTES)
        with pytest.raises(TooBusy):
            second.hold(1)

        assert (first.n_held, second.n_held, room.n_held) == (2 * PLACE_BYTES, PLACE_BYTES, 3 * PLACE_BYTES)
    assert room.n_held == 0


def test_a_refusal_is_heard_while_the_photo_still_comes(address: str) -> None:
    """A photo that is too large is refused before all of it came, and the sender hears the sentence."""
    big = b"x" * (8 << 20)
    response = httpx.post(f"{address}api/predict", files={"photos": ("big.jpg", big)}, timeout=20)

    assert response.status_code == 413
    assert response.json()["error"]["message"] == "big.jpg: more than 1 MB; at most 1 MB are taken. Make it smaller."


def test_whoever_goes_on_sending_is_cut_off(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that is refused and sends on and on is not listened to for ever, and the server serves others."""
    monkeypatch.setattr("florilegium.serve.uploads.DRAIN_BYTES", 1 << 20)
    with suppress(httpx.TransportError):
        refused = httpx.post(f"{address}api/predict", files={"photos": ("big.jpg", b"x" * (30 << 20))}, timeout=20)
        assert refused.status_code == 413
    said = httpx.post(f"{address}api/predict", files={"photos": ("a.png", painted("rose"))}, timeout=20)

    assert said.json()[0]["label"] == "rose"


@pytest.fixture(params=["model", "project"])
def app_of_each(request: pytest.FixtureRequest, app: FastAPI, tmp_path: Path) -> Iterator[FastAPI]:
    """Give the app of a model, and the app of a project."""
    if request.param == "model":
        yield app
        return
    with Project(make_project(tmp_path)) as project:
        yield create_whole(project, is_here=True, limits=app.state.limits)


def test_a_sender_without_an_end_loses_the_line(app_of_each: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is refused and sends on hears why, and then the line is closed: nobody's gigabytes are read to their end."""
    monkeypatch.setattr("florilegium.serve.uploads.DRAIN_BYTES", 1 << 20)
    with serving(app_of_each) as address:
        _pour(address)


def _pour(address: str) -> None:
    n_most, n_sent, block = 256 << 20, 0, b"x" * (1 << 20)
    with begin(address, n_bytes=10 << 30) as line:
        with suppress(OSError):
            while n_sent < n_most:
                line.sendall(block)
                n_sent += len(block)
        said = b""
        with suppress(OSError):
            said = answer(line)

    assert n_sent < n_most
    assert not said or (b"413" in said and b"connection: close" in said.lower())


def test_predictions_leave_the_server_free(model: ModelFile) -> None:
    """While every core is at work on photos, the page itself and /healthz answer at once."""
    photo = painted("rose", file_format="JPEG", size=(4000, 3000))
    with serving(create_app(model)) as address, ThreadPoolExecutor(8) as pool, httpx.Client(base_url=address) as client:
        pending = [
            pool.submit(httpx.post, f"{address}api/predict", files={"photos": ("a.jpg", photo)}, timeout=60)
            for _ in range(8)
        ]
        waits_s = []
        while not all(one.done() for one in pending):
            began = time.monotonic()
            client.get("healthz")
            waits_s.append(time.monotonic() - began)
        labels = {one.result().json()[0]["label"] for one in pending}

    assert labels == {"rose"}
    assert max(waits_s) < 1.0


def test_no_answer_waits_for_an_acknowledgement(model: ModelFile) -> None:
    """On a kept connection answers follow one another at once: without TCP_NODELAY each would wait 40 ms."""
    waits_s = []
    with serving(create_app(model)) as address, httpx.Client(base_url=address, timeout=20) as client:
        for _ in range(10):
            began = time.monotonic()
            client.post("api/predict", files={"photos": ("a.png", painted("rose"))})
            waits_s.append(time.monotonic() - began)

    assert min(waits_s) < 0.035


def test_no_more_predictions_run_than_there_are_cores(model: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten photos at once, as many are worked on as the limit says, and the others wait."""
    app = create_app(model, limits=Limits(n_at_once=2))
    classifier, counts = app.state.classifier, [0, 0]
    answer_of = type(classifier)._answer

    def counted(self: Any, upload: Any, **choices: Any) -> Any:
        counts[0] += 1
        counts[1] = max(counts)
        time.sleep(0.02)
        try:
            return answer_of(self, upload, **choices)
        finally:
            counts[0] -= 1

    monkeypatch.setattr(type(classifier), "_answer", counted)

    async def ask() -> None:
        """Send ten photos at once."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            files = {"photos": ("a.png", painted("rose"))}
            await asyncio.gather(*[client.post("/api/predict", files=files) for _ in range(10)])

    asyncio.run(ask())

    assert counts[1] == 2

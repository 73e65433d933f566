"""The commands of the exported folders do what they say: the server starts, answers, is healthy, and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from traitlets.config.loader import PyFileConfigLoader

from florilegium.export.binder import write_binder
from florilegium.export.container import write_container
from florilegium.model import ModelFile, open_model, predict_bytes
from tests.model_making import write_image_model
from tests.test_export_container import instructions

READY_S, STOP_S = 30.0, 10.0
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a small image model."""
    return open_model(write_image_model(tmp_path_factory.mktemp("model") / "garden.onnx"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Make a photo."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (40, 30), (200, 80, 40)).save(path)
    return path


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], folder: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let a server run in a folder, with this environment's programs first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            yield server
        finally:
            server.kill()


def well(port: int, server: subprocess.Popen[bytes]) -> httpx.Response:
    """Wait until the server says that it is well."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the server does not answer; its exit code: {server.poll()}")


def ask(port: int, photo: Path) -> dict[str, Any]:
    """Send a photo as the page does."""
    answers = httpx.post(f"http://127.0.0.1:{port}/api/predict", files={"photos": (photo.name, photo.read_bytes())})
    found: dict[str, Any] = answers.json()[0]
    return found


def test_the_container_starts_answers_and_stops(model: ModelFile, photo: Path, tmp_path: Path) -> None:
    """The Dockerfile's own command serves on the port of the environment, and SIGTERM ends it at once.

    Its health check fails before the server runs and passes while it does; nothing is written into the home folder.
    As a Space it may be shown in a frame by Hugging Face and nobody else.
    """
    write_container(model, tmp_path / "out", space=True)
    said = dict(instructions({"Dockerfile": (tmp_path / "out" / "Dockerfile").read_bytes()}))
    health = [sys.executable, *json.loads(said["HEALTHCHECK"].partition("CMD ")[2])[1:]]
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    checked = {**os.environ, "PORT": str(port)}
    before = subprocess.run(health, env=checked, capture_output=True, check=False).returncode
    variables = {"PORT": str(port), "HOME": str(home), "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""}
    with running(json.loads(said["CMD"]), tmp_path / "out", **variables) as server:
        policy = well(port, server).headers["Content-Security-Policy"]
        during = subprocess.run(health, env=checked, capture_output=True, check=False).returncode
        answer = ask(port, photo)
        server.send_signal(signal.SIGTERM)
        code = server.wait(STOP_S)

    assert (before, during) == (1, 0)
    assert "frame-ancestors https://huggingface.co" in policy
    assert answer["label"] == predict_bytes(model, photo.read_bytes(), name="a.jpg").label
    assert code in {0, -signal.SIGTERM}  # the second: it has obeyed and says by which signal
    assert list(home.rglob("*")) == []


def test_jupyter_starts_the_page(model: ModelFile, photo: Path, tmp_path: Path) -> None:
    """The command in Jupyter's configuration, with its port filled in, serves the page and answers a photo."""
    write_binder(model, tmp_path / "a b")
    read = PyFileConfigLoader("jupyter_server_config.py", path=str(tmp_path / "a b")).load_config()
    port = free_port()
    command = [part.format(port=port) for part in read.ServerProxy.servers["florilegium"]["command"]]
    with running(command, tmp_path) as server:
        assert well(port, server).status_code == 200
        assert "text/html" in httpx.get(f"http://127.0.0.1:{port}/").headers["Content-Type"]
        assert ask(port, photo)["label"] == predict_bytes(model, photo.read_bytes(), name="a.jpg").label

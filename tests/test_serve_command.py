"""`florilegium serve` as a user starts it: which model, which port, how it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

import florilegium
from florilegium.cli import serving
from florilegium.cli.commands import app
from florilegium.errors import SettingError
from florilegium.serve.running import FIRST_PORT, address_of, listen
from tests.model_making import write_text_model
from tests.page_serving import painted, write_colour_model

PROGRAM = (sys.executable, "-m", "florilegium", "serve")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the model of colours."""
    return write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx")


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; give it and the address that it printed."""
    command = [*PROGRAM, *options, "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        while "http://" not in said and process.poll() is None:
            said = process.stdout.readline()
        try:
            yield process, said[said.index("http://") :].split()[0].rstrip('",')
        finally:
            process.kill()


def refused(*options: str) -> Result:
    """Run a command that ends by itself."""
    return CliRunner().invoke(app, ["serve", *options, "--no-open"])


def test_a_model_file_is_served_until_ctrl_c(model: Path) -> None:
    """The page is there once the address is printed, answers photos, and Ctrl-C ends it with exit code 0."""
    with started(str(model), "--port", "0") as (process, address):
        page = httpx.get(address)
        said = httpx.post(f"{address}api/predict", files={"photos": ("a.png", painted("rose"))}).json()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 0
    assert "Show me a photo" in page.text
    assert said[0]["label"] == "rose"


def test_termination_ends_it(model: Path) -> None:
    """A container's stop signal ends it too."""
    with started(str(model), "--port", "0") as (process, _):
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_the_address_can_be_read_by_a_program(model: Path) -> None:
    """With --json one document says where the page is and which model answers."""
    command = [*PROGRAM, str(model), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
    document = json.loads("".join(lines))

    assert set(document) == {"url", "model", "id"}
    assert document["model"] == str(model)
    assert document["url"].startswith("http://127.0.0.1:")


def test_a_project_is_served_by_its_folder(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model's name the current model of this folder's project is served; -p names another project."""
    photos, folder = tmp_path / "photos", tmp_path / "flowers"
    for label in ("rose", "tulip"):
        (photos / label).mkdir(parents=True)
        (photos / label / "1.png").write_bytes(painted(label))
    florilegium.new(folder, photos).store.close()
    monkeypatch.chdir(folder)
    with started("--port", "0") as (_, address):
        early = httpx.get(address.removesuffix("home"))
        shutil.copy(model, folder / "model.onnx")
        page = early
        for _ in range(100):  # a newly trained model is looked for once a second
            page = httpx.get(address.removesuffix("home"))
            if page.status_code == 200:
                break
            time.sleep(0.1)

    assert early.status_code == 503
    assert "florilegium train" in early.text
    assert "Show me a photo" in page.text
    assert serving._project_of(None, None) == Path()
    assert serving._project_of(str(folder), None) == folder


def test_what_cannot_be_served_is_said(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No project, two models at once, a text model and an unknown name end with their exit code and what to do."""
    monkeypatch.chdir(tmp_path)
    texts = write_text_model(tmp_path / "texts.onnx")
    nothing, two, text, unknown = (
        refused(),
        refused(str(model), "-p", str(tmp_path)),
        refused(str(texts)),
        refused("flowers99", "--json"),
    )

    assert [one.exit_code for one in (nothing, two, text, unknown)] == [3, 2, 2, 2]
    assert "ProjectMissing" in nothing.stderr
    assert "serve one of the two" in two.stderr
    assert "florilegium predict" in text.stderr
    assert json.loads(unknown.stdout)["error"]["kind"] == "ModelFileError"


def test_a_taken_port_is_passed_over_unless_it_was_asked_for(model: Path) -> None:
    """Where no port is named the next free one from 8000 on is taken; a named one that is taken is an error."""
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        taken, next_one = first.getsockname()[1], second.getsockname()[1]
        done = refused(str(model), "--port", str(taken))

    assert FIRST_PORT <= taken < next_one
    assert done.exit_code == 2
    assert f"port {taken} is taken" in done.stderr


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("203.0.113.1", 0, "expected an address of this machine"),  # RFC 5737: nobody's
        ("127.0.0.1", 70_000, "expected 0 to 65535"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_said(host: str, port: int, sentence: str) -> None:
    """A foreign address and a number that is no port are errors with what to do."""
    with pytest.raises(SettingError, match=sentence):
        listen(host, port)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may take every port")
def test_a_port_of_the_system_is_refused() -> None:
    """A port below 1024 is refused where the user may not take it."""
    with pytest.raises(SettingError, match="Take one from 1024 up"):
        listen("127.0.0.1", 1)


def test_all_hundred_ports_taken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every port that is tried is taken, one must be named."""
    monkeypatch.setattr("florilegium.serve.running.N_PORTS", 1)
    with listen("127.0.0.1", 0) as taken:
        monkeypatch.setattr("florilegium.serve.running.FIRST_PORT", taken.getsockname()[1])
        with pytest.raises(SettingError, match=r"all taken\. Name one: --port 9000"):
            listen("127.0.0.1", None)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - what is tested
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_address_shown_can_be_opened(host: str, shown: str) -> None:
    """Where all addresses are listened on, the one that is shown is this machine's own."""
    with listen(host, 0) as listening:
        assert address_of(listening, host) == f"http://{shown}:{listening.getsockname()[1]}/"


def test_who_can_reach_it_is_said(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where other machines can reach the page, the command says so."""
    opened = serving._open(str(model))
    for host in ("127.0.0.1", "192.0.2.1"):
        serving._tell(opened, f"http://{host}:8000/", host, as_json=False, browser=False)
    near, far = capsys.readouterr().out.split("http://")[1:]

    assert "Everybody who reaches this machine" not in near
    assert "Everybody who reaches this machine" in far


def test_the_sixth_version_of_the_internet_works() -> None:
    """An IPv6 address is listened on and shown in brackets."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    try:
        listening = listen("::1", 0)
    except SettingError:
        pytest.skip("no IPv6 on this machine")
    with listening:
        assert address_of(listening, "::1").startswith("http://[::1]:")


def test_the_browser_is_opened(model: Path, tmp_path: Path) -> None:
    """Without --no-open the reader's browser is handed the address."""
    note = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {note}\n')
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": f"{browser} %s"}
    command = [*PROGRAM, str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        end = time.monotonic() + 30
        while not (note.exists() and note.read_text()) and time.monotonic() < end:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)

    assert note.read_text().startswith("http://127.0.0.1:")

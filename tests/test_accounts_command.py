"""`florilegium user` and `florilegium serve` in a project, as people start them."""

import json
import os
import signal
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
from florilegium.cli.commands import app
from tests.accounts_making import PASSWORD, quick_passwords  # noqa: F401 - a fixture
from tests.desk_making import paint_wrongly
from tests.page_serving import painted, write_colour_model

PROGRAM = (sys.executable, "-m", "florilegium")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with a model."""
    folder = tmp_path_factory.mktemp("served")
    paint_wrongly(folder / "photos")
    florilegium.new(folder / "flowers", folder / "photos", encoder="pixels").store.close()
    write_colour_model(folder / "flowers" / "model.onnx")
    return folder / "flowers"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a record of its own."""
    monkeypatch.setenv("FLORILEGIUM_DATABASE", f"sqlite:///{tmp_path / 'own.db'}")


def run(*words: str, given: str = "") -> Result:
    """Run a command that ends by itself."""
    return CliRunner().invoke(app, list(words), input=given)


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server; give it and the address that it printed."""
    command = [*PROGRAM, "serve", *options, "--no-open", "--json", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(5))
        try:
            yield process, json.loads(said)["url"]
        finally:
            process.kill()


@pytest.mark.usefixtures("own", "quick_passwords")
def test_accounts_are_made_listed_and_closed(made: Path) -> None:
    """Each command says what it did; what is wrong ends with the right exit code and what to do."""
    at = ("-p", str(made))
    nobody = run("user", "list", *at)
    weak = run("user", "add", "ann", "--role", "owner", "--password-stdin", *at, given="ann\n")
    no_terminal = run("user", "add", "ann", "--role", "owner", *at)
    wrong_role = run("user", "add", "ann", "--role", "king", "--password-stdin", *at, given=PASSWORD)
    first = run("user", "add", "ann", "--role", "owner", "--password-stdin", *at, given=f"{PASSWORD}\n")
    link = run("user", "invite", "rita", "--role", "reviewer", "--url", "https://flowers.example", *at)
    bad_url = run("user", "invite", "bea", "--url", "flowers.example", *at)
    last = run("user", "remove", "ann", *at)
    unknown = run("user", "reset", "nobody", *at)
    listed = json.loads(run("user", "list", "--json", *at).stdout)

    assert "user add NAME --role owner" in nobody.stdout
    assert [weak.exit_code, no_terminal.exit_code, wrong_role.exit_code] == [2, 2, 2]
    assert "--password-stdin" in no_terminal.stderr
    assert first.stdout == "ann may sign in as owner.\n"
    assert link.stdout.startswith("https://flowers.example/invitation/")
    assert "works once" in link.stderr
    assert (bad_url.exit_code, last.exit_code, unknown.exit_code) == (2, 3, 2)
    assert [(each["name"], each["state"]) for each in listed["people"]] == [("ann", "active"), ("rita", "invited")]


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal to be made up")
@pytest.mark.usefixtures("own")
def test_the_password_is_asked_for_twice_and_not_shown(made: Path) -> None:
    """At a terminal nothing is echoed, and two that differ make no account."""
    import pty

    said = []
    for second in ("something else again", PASSWORD):
        pid, terminal = pty.fork()
        if pid == 0:  # pragma: no cover - another process
            os.execv(sys.executable, [*PROGRAM, "user", "add", "ann", "--role", "owner", "-p", str(made)])  # noqa: S606 - a terminal has no shell here
        shown = _until(terminal, b"characters): ")
        os.write(terminal, f"{PASSWORD}\n".encode())
        shown += _until(terminal, b"again: ")
        os.write(terminal, f"{second}\n".encode())
        shown += _until(terminal, b"")
        os.waitpid(pid, 0)
        said.append(shown.decode())

    assert "differ" in said[0]
    assert "ann may sign in as owner" in said[1]
    assert PASSWORD not in "".join(said)


def _until(terminal: int, wanted: bytes) -> bytes:
    """Read what a terminal shows until the words are there; empty: until its end."""
    shown = b""
    while not wanted or wanted not in shown:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the other side is gone
            return shown
        if not part:
            return shown
        shown += part
    return shown


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--host", "0.0.0.0"), "reached from other machines"),  # noqa: S104 - what is tested
        (("--proxy", "127.0.0.1"), "a proxy makes it reachable"),
        (("--url", "https://flowers.example/"), "is a public address"),
    ],
)
def test_a_server_that_others_reach_does_not_start_without_accounts(
    made: Path, options: tuple[str, ...], why: str
) -> None:
    """It says why, which command makes an account, and what --public would do."""
    refused = run("serve", "-p", str(made), *options, "--no-open")

    assert refused.exit_code == 3
    assert why in refused.stderr
    assert "florilegium user add NAME --role owner" in refused.stderr
    assert "--public" in refused.stderr


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "options", [("--proxy", "example.org"), ("--proxy", "0.0.0.0/0"), ("--url", "flowers"), ("--log", "xml")]
)
def test_options_that_cannot_be_are_refused(made: Path, options: tuple[str, str]) -> None:
    """A proxy is named by its address and is never everybody; an address is one; the log is JSON."""
    refused = run("serve", "-p", str(made), *options, "--no-open")

    assert refused.exit_code == 2
    assert options[0].removeprefix("--") in refused.stderr or repr(options[1]) in refused.stderr


def test_a_models_page_takes_no_options_of_a_project(made: Path) -> None:
    """They would be ignored in silence."""
    refused = run("serve", str(made / "model.onnx"), "--public", "--no-open")

    assert refused.exit_code == 2
    assert "--public: for a project's pages" in refused.stderr


@pytest.mark.usefixtures("own")
def test_public_opens_public_pages_only(made: Path) -> None:
    """Photos are answered; the other pages lead to the login page, which says how to make an account."""
    with started("-p", str(made), "--public") as (_, address):
        said = httpx.post(f"{address}api/predict", files={"photos": ("a.png", painted("rose"))}).json()
        people = httpx.get(f"{address}people", headers={"accept": "text/html"}, follow_redirects=True)

    assert said[0]["label"] == "rose"
    assert people.url.path == "/login"
    assert "florilegium user add" in people.text


@pytest.mark.usefixtures("own", "quick_passwords")
def test_behind_a_proxy_cookies_are_secure_and_addresses_are_the_readers(made: Path) -> None:
    """What the named proxy says of scheme and address is believed; links name the public address."""
    run("user", "add", "ann", "--role", "owner", "--password-stdin", "-p", str(made), given=f"{PASSWORD}\n")
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1", "accept": "text/html"}
    with started("-p", str(made), "--proxy", "127.0.0.1", "--host", "127.0.0.1") as (_, address):
        login = httpx.get(f"{address}login", headers=forwarded)
    with started("-p", str(made)) as (_, address):
        unproxied = httpx.get(f"{address}login", headers=forwarded)

    assert login.headers["set-cookie"].startswith("__Host-")
    assert not unproxied.headers["set-cookie"].startswith("__Host-")


def test_other_commands_and_a_second_server_run_beside_it(made: Path) -> None:
    """The project is not held: `audit` runs while two servers do, and both answer the labelling pages."""
    with started("-p", str(made)) as (_, first), started("-p", str(made)) as (_, second):
        ready = [_ready(f"{address}label/clean") for address in (first, second)]
        done = subprocess.run([*PROGRAM, "audit", "-p", str(made), "--json"], capture_output=True, check=False)

    assert ready == [200, 200]
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("own")
def test_the_log_names_no_path_no_query_and_no_person(made: Path) -> None:
    """A JSON line per request with the route's template; a secret in a path is in no line."""
    with started("-p", str(made), "--log", "json") as (process, address):
        httpx.get(f"{address}invitation/a-secret-token?name=ann", headers={"x-request-id": "abc\tforged"})
        httpx.get(f"{address}healthz", headers={"x-request-id": "0123456789abcdef"})
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
    seen = {line["route"]: line for line in lines if "route" in line}

    assert seen["/invitation/{token}"]["status"] == 404
    assert seen["/healthz"]["id"] == "0123456789abcdef"
    assert set(seen["/healthz"]) == {"time", "method", "route", "status", "ms", "id"}
    assert "secret" not in json.dumps(lines)
    assert "forged" not in json.dumps(lines)


def _ready(address: str) -> int:
    """Ask until the labelling pages are ready."""
    for _ in range(150):
        status = httpx.get(address, headers={"accept": "text/html"}).status_code
        if status != 503:
            return status
        time.sleep(0.2)
    return 503

"""Try what `florilegium export binder|container` writes, as a host would: clean environment, its commands, a photo.

    python -m tools.try_exports binder MODEL PHOTO [FOLDER]
    python -m tools.try_exports container MODEL PHOTO [FOLDER]

Prints one line per step and stops at the first that fails; leaves folder, environment and screenshots in FOLDER. Takes
minutes and needs the package index, so it is no test. Changes nothing outside FOLDER. Run as root, it lets the
container's server be another user, who must reach FOLDER and the Python; name one with: PYTHON=/usr/bin/python3
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

# What repo2docker 2026.4 puts into every image for Python 3.11 before it looks at requirements.txt.
HOSTS_JUPYTER = ("jupyterhub==5.4.0", "jupyter_server==2.17.0", "jupyterlab==4.4.9", "notebook==7.4.7")
READY_S, STOP_S = 90.0, 10.0
SAME = 1e-6  # probabilities that differ by less
NOBODY = 1000  # the user that the Dockerfile names
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHROMIUM = shutil.which("chromium") or "chromium"


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Print what was done and how long it took."""
    began = time.perf_counter()
    yield
    print(f"ok {time.perf_counter() - began:7.1f} s  {what}", flush=True)


def check(fact: object, complaint: object) -> None:
    """Stop where something is not so."""
    if not fact:
        sys.exit(f"FAILED: {complaint}")


class Environment:
    """A clean virtual environment, and programs that see nothing of the one that runs this."""

    def __init__(self, folder: Path, work: Path) -> None:
        self.bin, self.work = folder / "bin", work
        subprocess.run([os.environ.get("PYTHON", sys.executable), "-m", "venv", "--clear", folder], check=True)
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "LANG", "LC_"))}
        self.variables = {**kept, "PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(folder), "PYTHONUNBUFFERED": "1"}

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            [self.bin / command[0], *command[1:]] if (self.bin / command[0]).exists() else command,
            cwd=self.work,
            env={**self.variables, **variables},
            text=True,
            capture_output=True,
            check=False,
        )

    def pip(self, *arguments: str) -> None:
        """Install."""
        done = self.run("python", "-m", "pip", "install", "--quiet", *arguments)
        check(done.returncode == 0, done.stderr)

    @contextlib.contextmanager
    def running(self, *command: str, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """Let a server run for a while."""
        with (
            log.open("wb") as told,
            subprocess.Popen(
                [self.bin / command[0], *command[1:]] if (self.bin / command[0]).exists() else command,
                cwd=self.work,
                env={**self.variables, **variables},
                stdout=told,
                stderr=told,
            ) as server,
        ):
            try:
                yield server
            finally:
                server.terminate()
                try:
                    server.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    server.kill()
                    sys.exit(f"FAILED: {command[0]} did not stop within {STOP_S:.0f} s")


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answering(address: str, server: subprocess.Popen[bytes]) -> httpx.Response:
    """Wait until an address answers."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            response = httpx.get(address, follow_redirects=True, timeout=READY_S)
            if response.status_code < 500:
                return response
        time.sleep(0.2)
    sys.exit(f"FAILED: {address} does not answer (server: {server.poll()})")


def exported(kind: str, model: str, folder: Path, *options: str) -> Path:
    """Export, in the environment that runs this."""
    command = [sys.executable, "-m", "florilegium", "export", kind, model, "-o", str(folder), "--force", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def expected(model: str, photo: Path) -> dict[str, Any]:
    """Give what `florilegium predict` says of the photo."""
    command = [sys.executable, "-m", "florilegium", "predict", model, str(photo), "--json", "--top", "5"]
    answers = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    answer: dict[str, Any] = answers[0]
    return answer


def same(answers: list[dict[str, Any]], wanted: Mapping[str, Any]) -> None:
    """Hold a server's answer against that of `florilegium predict`."""
    (answer,) = answers
    check(answer.get("label") == wanted["label"], f"{answer} is not {wanted}")
    check(abs(answer["probability"] - wanted["probability"]) < SAME, f"{answer} is not {wanted}")


def ask(address: str, photo: Path, wanted: Mapping[str, Any], **more: Any) -> None:
    """Send the photo as the page does, and compare the answer."""
    response = httpx.post(address, files={"photos": (photo.name, photo.read_bytes())}, timeout=60, **more)
    check(response.is_success, response.text)
    same(response.json(), wanted)


@contextlib.contextmanager
def chromium(address: str) -> "Iterator[Page]":
    """Open a page as a reader would; stop where its scripts fail."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 900, "height": 1000})
        page.set_default_timeout(READY_S * 1000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        yield page
        browser.close()
    check(not faults, faults)


def look_at_page(address: str, photo: Path, wanted: Mapping[str, Any], picture: Path) -> None:
    """Choose the photo on the classifier's page and wait for the answer to be shown."""
    with chromium(address) as page:
        page.set_input_files("#photos", photo)
        shown = page.locator(".plate:is([data-state=known], [data-state=unsure], [data-state=strange])")
        shown.wait_for()
        page.screenshot(path=picture)
        check(wanted["label"] in shown.inner_text().lower(), f"{shown.inner_text()!r} is not {wanted['label']}")


def look_at_notebook(address: str, photo: Path, wanted: Mapping[str, Any], picture: Path) -> None:
    """Choose the photo on Voila's page, press the button, and wait for the answer to be shown."""
    with chromium(address) as page:
        with page.expect_file_chooser() as chooser:
            page.locator(".widget-upload").click()
        chooser.value.set_files(photo)
        page.get_by_text("(1)").wait_for()
        page.get_by_role("button", name="Classify").click()
        shown = page.locator("th[scope=row]").first
        shown.wait_for()
        page.get_by_role("img").first.wait_for()
        page.screenshot(path=picture, full_page=True)
        check(shown.inner_text() == wanted["label"], f"{shown.inner_text()!r} is not {wanted['label']}")


def try_binder(model: str, photo: Path, work: Path) -> None:
    """Go the way of repo2docker, jupyter-server-proxy and Voila."""
    wanted = expected(model, photo)
    with step("export"):
        folder = exported("binder", model, work / "binder")
    with step("a clean environment with the Jupyter that the host brings"):
        clean = Environment(work / "venv", folder)
        clean.pip(*HOSTS_JUPYTER)
    with step("pip install -r requirements.txt"):
        clean.pip("-r", "requirements.txt")
    with step("postBuild"):
        done = clean.run("sh", "postBuild")
        check(done.returncode == 0, done.stderr)
    port, token = free_port(), "let-me-in"
    here, key = f"http://127.0.0.1:{port}", f"?token={token}"
    options = [f"--port={port}", f"--IdentityProvider.token={token}", "--no-browser", "--allow-root"]
    with clean.running("jupyter", "notebook", "--ip=127.0.0.1", *options, log=work / "jupyter.log") as server:
        answering(f"{here}/api", server)
        with step("the page, behind Jupyter's proxy, started when it is asked for"):
            response = answering(f"{here}/florilegium/{key}", server)
            check(response.status_code == 200, response.text[:300])
        with step("its answer to the photo is that of florilegium predict"):
            ask(f"{here}/florilegium/api/predict", photo, wanted, headers={"Authorization": f"token {token}"})
        with step("the page in Chromium: photo chosen, answer shown"):
            look_at_page(f"{here}/florilegium/{key}", photo, wanted, work / "page.png")
        with step("the notebook by Voila on the same server: photo chosen, answer shown"):
            look_at_notebook(f"{here}/voila/render/classify.ipynb{key}", photo, wanted, work / "voila.png")
    with step("the notebook by Voila alone"):
        port = free_port()
        options = [f"--port={port}", "--no-browser"]
        with clean.running("voila", "classify.ipynb", *options, log=work / "voila.log") as server:
            answering(f"http://127.0.0.1:{port}/", server)
    with step("nothing runs on"):
        check(not leftovers(work), leftovers(work))


def leftovers(work: Path) -> list[str]:
    """Give the commands of processes that were started from this folder's environment and still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += [line] if str(work) in (line := entry.read_text().replace("\0", " ")) else []
    return [line for line in found if "try_exports" not in line]


def dockerfile(folder: Path) -> dict[str, str]:
    """Give the Dockerfile's instructions; of several of a name the last."""
    text = re.sub(r"^#.*\n", "", (folder / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return dict(line.strip().split(maxsplit=1) for line in text.splitlines() if line.strip())


def try_container(model: str, photo: Path, work: Path) -> None:
    """Do what the Dockerfile says, without Docker: its files, its RUN, its CMD as its user, its health check."""
    wanted = expected(model, photo)
    with step("export"):
        folder = exported("container", model, work / "container")
        said = dockerfile(folder)
    app = work / "app"
    with step("only what .dockerignore lets through"):
        shutil.rmtree(app, ignore_errors=True)
        app.mkdir()
        for line in (folder / ".dockerignore").read_text().splitlines():
            if line.startswith("!"):
                shutil.copy(folder / line[1:], app)
    with step(f"RUN {said['RUN']}"):
        clean = Environment(work / "venv", app)
        done = clean.run(*shlex.split(said["RUN"]))
        check(done.returncode == 0, done.stderr)
    port = free_port()
    health = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    check(clean.run(*health, PORT=str(port)).returncode == 1, "healthy before it is started")
    command = [*confined(), *json.loads(said["CMD"])]
    with clean.running(*command, log=work / "serve.log", PORT=str(port)) as server:
        with step(f"CMD {' '.join(command)}"):
            answering(f"http://127.0.0.1:{port}/healthz", server)
        with step("HEALTHCHECK says that it is well"):
            done = clean.run(*health, PORT=str(port))
            check(done.returncode == 0, done.stderr)
        with step("its answer to the photo is that of florilegium predict"):
            ask(f"http://127.0.0.1:{port}/api/predict", photo, wanted)
        with step("SIGTERM stops it"):
            server.send_signal(signal.SIGTERM)
            stopped = server.wait(STOP_S) in {0, -signal.SIGTERM}
            check(stopped, f"exit code {server.returncode}; see {work / 'serve.log'}")
    with step("nothing runs on"):
        check(not leftovers(work), leftovers(work))


def confined() -> list[str]:
    """Give what comes before a command so that it runs as in `docker run --read-only`, where root may."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs --bounding-set=-all"
    script = f'mount -o remount,ro,bind / && HOME=/nowhere exec {drop} "$@"'  # in a view of the disk of its own
    return ["unshare", "--mount", "sh", "-c", script, "sh"]


def main() -> None:
    """Try one kind of export."""
    if len(sys.argv) not in {4, 5} or sys.argv[1] not in {"binder", "container"}:
        sys.exit(__doc__)
    kind, model, photo = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    work = Path(sys.argv[4] if len(sys.argv) == 5 else tempfile.mkdtemp(prefix="florilegium-export-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    {"binder": try_binder, "container": try_container}[kind](model, photo, work)
    print(f"All of it is in {work}")


if __name__ == "__main__":
    main()

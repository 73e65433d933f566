"""`florilegium lab sgd` and `lab draw`: as a folder, as a page on this machine, and what they refuse."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest
from typer.testing import CliRunner

from florilegium import model as models
from florilegium.cli import lab_pages
from florilegium.cli.commands import app
from florilegium.errors import StorageError
from florilegium.export.lab import site
from florilegium.export.lab.samples import mean_document
from florilegium.export.lab.site import ASSETS, descent_files, sketchpad_files
from florilegium.lab.digits import load
from florilegium.source.builtin import BUILTINS
from tests.lab_page_serving import shown

run = CliRunner()


def test_a_page_becomes_a_folder(tmp_path: Path) -> None:
    """`lab sgd -o` writes a folder, says how to try it, replaces it when asked again, and spares other folders."""
    first = run.invoke(app, ["lab", "sgd", "-o", str(tmp_path / "site"), "--json"])
    again = run.invoke(app, ["lab", "sgd", "-o", str(tmp_path / "site")])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("a")
    refused = run.invoke(app, ["lab", "sgd", "-o", str(tmp_path / "mine"), "--json"])

    assert json.loads(first.stdout)["n_files"] == len(list((tmp_path / "site").iterdir())) - 1  # and the list of them
    assert "python -m http.server -d" in again.stdout
    assert (first.exit_code, again.exit_code, refused.exit_code) == (0, 0, 2)


def test_one_page_does_not_replace_the_other(tmp_path: Path) -> None:
    """Where `lab sgd` was written, `lab draw` is refused: the folder holds another page."""
    run.invoke(app, ["lab", "sgd", "-o", str(tmp_path / "site")])
    refused = run.invoke(app, ["lab", "draw", "-o", str(tmp_path / "site"), "--json"])

    assert refused.exit_code == 2
    assert (tmp_path / "site" / "descent.js").exists()


def test_the_sketchpad_needs_digits() -> None:
    """A model of flowers is refused, with what is expected and what to do."""
    refused = run.invoke(app, ["lab", "draw", "--model", "flowers20", "--json"])

    assert refused.exit_code == 2
    assert "classes are the digits 0 to 9" in refused.stdout + refused.stderr


def test_every_file_that_a_page_names_is_there() -> None:
    """Scripts, styles and data that a page or its scripts name lie in its folder, and no other script does."""
    model = models.open_model(models.find("digits"))
    for files in (descent_files(), sketchpad_files(model, packed=False)):
        named = {"index.html", "licences.txt"}
        for name, content in files.items():
            if name.endswith((".js", ".html")):
                named |= set(
                    re.findall(r"[\"'](?:\./)?([\w.-]+\.(?:js|mjs|css|svg|bin|json|onnx|gz))[\"']", content.decode())
                )
        named.discard("service_worker.js")

        assert set(files) - {"licences.txt"} <= named
        assert named - set(files) <= {"licences.txt"}


def test_a_served_page_may_run_its_own_files_only() -> None:
    """Each answer carries the policy; a browser that has a file gets it only where it changed; no path reads a disk."""
    with shown(descent_files()) as address, httpx.Client(base_url=address) as client:
        page, script = client.get("/"), client.get("/descent.js")
        known = client.get("/descent.js", headers={"If-None-Match": script.headers["etag"]})
        other = client.get("/../pyproject.toml")

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert (page.status_code, known.status_code, other.status_code) == (200, 304, 404)


@pytest.mark.data
def test_the_means_are_those_of_mnist() -> None:
    """means.json is what the code makes of MNIST; its rule is right as often as published, 0.82."""
    kept = json.loads((ASSETS / "means.json").read_text(encoding="utf-8"))

    assert kept == mean_document(load("mnist"))
    assert kept["n_right"] / kept["n"] == pytest.approx(0.8203, abs=0.001)


def test_what_is_embedded_may_be_passed_on() -> None:
    """The digits in the folder are the set whose licence allows it, and the page names authors and licence."""
    html = descent_files()["index.html"].decode()

    assert BUILTINS["digits"].licence.startswith("CC BY 4.0")
    assert "Alpaydin" in html
    assert "CC BY 4.0" in html


def test_a_page_is_served_until_ctrl_c() -> None:
    """`lab sgd` prints its address once the page is there, and Ctrl-C ends it with exit code 0."""
    command = [sys.executable, "-m", "florilegium", "lab", "sgd", "--no-open", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        page = httpx.get(address)
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=20) == 0
    assert "you can watch" in page.text


def test_the_address_is_told_and_opened(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """With --json the address is one document; the browser is asked to open it."""
    opened: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr("webbrowser.open", opened.put)
    monkeypatch.setattr("florilegium.serve.running.run", lambda *_, ready: ready())
    lab_pages.sgd(port=0, as_json=True)
    address = json.loads(capsysbinary.readouterr().out)["url"]

    assert address.startswith("http://127.0.0.1:")
    assert opened.get(timeout=10) == address


def test_a_missing_file_of_the_installation_is_named(tmp_path: Path) -> None:
    """Where a file of the package is gone, its name and what to do are said."""
    with pytest.raises(StorageError, match=r"descent.js: .* Install florilegium again"):
        site._read(tmp_path / "descent.js")


def test_the_sketchpad_becomes_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lab draw -o` writes the model byte by byte and the runtime compressed, so that a first visit fetches 6 MB."""
    monkeypatch.setattr("florilegium.export.static.GZIP_LEVEL", 1)  # a second in place of three
    done = run.invoke(app, ["lab", "draw", "-o", str(tmp_path / "pad"), "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["n_bytes"] < 6e6
    assert (tmp_path / "pad" / "model.onnx").read_bytes() == models.find("digits").read_bytes()
    assert (tmp_path / "pad" / "ort.wasm.gz").read_bytes()[:2] == b"\x1f\x8b"

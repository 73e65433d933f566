"""What lies in the folder of a page without a server, before any browser sees it."""

import hashlib
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from florilegium import model as models
from florilegium.cli.commands import app
from florilegium.errors import ModelFileError, StorageError
from florilegium.export import vendored
from florilegium.export.folder import MARKER
from florilegium.export.static import export_static, static_files
from florilegium.model.opened import ModelFile
from tests.model_making import write_image_model, write_text_model

NOT_KEPT_OFFLINE = {"service_worker.js", "licences.txt"}
VENDOR_MOST = 2_500_000  # bytes that an installation carries for this


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open a small model."""
    return models.open_model(write_image_model(tmp_path_factory.mktemp("model") / "three.onnx"))


@pytest.fixture(scope="module")
def files(model: ModelFile) -> dict[str, bytes]:
    """Make its page."""
    return static_files(model)


def test_the_model_in_the_folder_is_the_model(files: dict[str, bytes], model: ModelFile) -> None:
    """The file that the page runs is the one that was judged, byte by byte."""
    assert files["model.onnx"] == model.path.read_bytes()


def test_equal_models_make_equal_folders(files: dict[str, bytes], model: ModelFile) -> None:
    """No time and no chance is in the folder, so that two exports can be compared."""
    assert static_files(model) == files


def test_a_text_model_is_refused(tmp_path: Path) -> None:
    """Texts are not classified in a page without a server, and the message says how they are."""
    texts = models.open_model(write_text_model(tmp_path / "texts.onnx"))

    with pytest.raises(ModelFileError, match=r"a text model; .* florilegium predict"):
        export_static(texts, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_all_files_are_kept_for_offline_use(files: dict[str, bytes]) -> None:
    """The service worker knows each file that the page needs, by its SHA-256."""
    text = files["service_worker.js"].decode()
    # No match fails the test as well.
    listed = json.loads(re.search(r"const FILES = ({.*?});", text, re.DOTALL)[1])  # type: ignore[index]

    assert listed == {
        name: hashlib.sha256(octets).hexdigest() for name, octets in files.items() if name not in NOT_KEPT_OFFLINE
    }
    assert "{{" not in text


def test_another_model_is_another_version(files: dict[str, bytes], tmp_path: Path) -> None:
    """Browsers notice a new version by the service worker's bytes."""
    other = models.open_model(write_image_model(tmp_path / "three.onnx", head="mlp"))

    assert static_files(other)["service_worker.js"] != files["service_worker.js"]


def test_all_addresses_are_relative(files: dict[str, bytes]) -> None:
    """Neither page, style, scripts nor manifest lead out of the folder: it works below any path."""
    own = [octets.decode() for name, octets in files.items() if Path(name).suffix in (".html", ".css", ".webmanifest")]
    scripts = [octets.decode() for name, octets in files.items() if name.endswith(".js")]
    found = [one for text in own for one in re.findall(r'(?:src|href|url|start_url|scope)["=(: ]+"?([^" )>]+)', text)]
    found += [one for text in scripts for one in re.findall(r'(?:from|import\(|fetch\(|URL\()\s*"([^"]+)"', text)]

    assert len(found) > len(scripts)
    assert [one for one in found if one.startswith("/") or "//" in one] == []


def test_icons_are_as_large_as_the_manifest_says(files: dict[str, bytes]) -> None:
    """Installed, the page has an icon of each size, one of them for any shape."""
    icons = json.loads(files["manifest.webmanifest"])["icons"]
    drawn = {name: octets for name, octets in files.items() if name.endswith(".png")}
    sizes = {name: "{}x{}".format(*Image.open(io.BytesIO(octets)).size) for name, octets in drawn.items()}

    assert sizes | {"icon.svg": "any"} == {icon["src"]: icon["sizes"] for icon in icons}
    assert {icon.get("purpose", "any") for icon in icons} == {"any", "maskable"}


def test_every_file_of_others_comes_with_its_licence(files: dict[str, bytes]) -> None:
    """Who gives the folder away gives the licences of ONNX Runtime and libjpeg-turbo with it."""
    text = files["licences.txt"].decode()

    assert "MIT License" in text
    assert "Microsoft Corporation" in text
    assert "based in part on the work of the Independent JPEG Group" in text


def test_an_installation_carries_little(files: dict[str, bytes]) -> None:
    """What comes from others is packed: 15 MB of it take at most 2.5 MB of the package."""
    assert sum(path.stat().st_size for path in vendored.FOLDER.iterdir()) <= VENDOR_MOST
    assert files["ort.wasm.gz"][:2] == b"\x1f\x8b"


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_installation_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """A file that is not the promised one never reaches a page."""
    shutil.copytree(vendored.FOLDER, tmp_path / "vendor")
    monkeypatch.setattr(vendored, "FOLDER", tmp_path / "vendor")
    path = tmp_path / "vendor" / "ort.mjs.xz"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        shutil.copy(tmp_path / "vendor" / "jpeg.wasm.xz", path)

    with pytest.raises(StorageError, match=r"ort\.mjs: .*Install florilegium again"):
        vendored.vendored("ort.mjs")


def test_the_command_writes_a_folder_and_says_how_to_try_it(model: ModelFile, tmp_path: Path) -> None:
    """`export static` names the folder, its size and the command that serves it; again, it replaces the folder."""
    folder = tmp_path / "my site"
    for _ in range(2):
        done = CliRunner().invoke(app, ["export", "static", str(model.path), "-o", str(folder)])

        assert done.exit_code == 0
        assert "python -m http.server -d '" in " ".join(done.stdout.split())
        assert " MB" in done.stdout


def test_the_command_gives_json(model: ModelFile, tmp_path: Path) -> None:
    """With --json a program reads where the page is, of which model, and how large."""
    folder = tmp_path / "site"
    done = CliRunner().invoke(app, ["export", "static", str(model.path), "-o", str(folder), "--json"])
    said = json.loads(done.stdout)
    written = [path for path in folder.iterdir() if path.name != MARKER]

    assert said["folder"] == str(folder)
    assert said["model_id"] == model.id
    assert (said["n_files"], said["n_bytes"]) == (len(written), sum(path.stat().st_size for path in written))


def test_the_command_refuses_a_folder_of_others(model: ModelFile, tmp_path: Path) -> None:
    """Exit code 2 and one sentence, where the folder holds something else; --force writes beside it."""
    (tmp_path / "thesis.txt").write_text("years of work")
    command = ["export", "static", str(model.path), "-o", str(tmp_path)]
    refused = CliRunner().invoke(app, command)
    forced = CliRunner().invoke(app, [*command, "--force"])

    assert (refused.exit_code, forced.exit_code) == (2, 0)
    assert "thesis.txt" in refused.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"

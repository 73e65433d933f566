"""An export takes this package along as a wheel that installs, with the versions that it runs with."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

import florilegium
from florilegium.errors import StepMissing
from florilegium.export import wheel

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def packed() -> zipfile.ZipFile:
    """Open the wheel."""
    return zipfile.ZipFile(io.BytesIO(wheel.wheel()[1]))


def test_the_wheel_is_named_after_its_version() -> None:
    """The file name says name and version, and that any Python 3 on any machine may install it."""
    name, version, _, tags = parse_wheel_filename(wheel.wheel()[0])

    assert (name, str(version), {str(tag) for tag in tags}) == (
        "florilegium",
        florilegium.__version__,
        {"py3-none-any"},
    )


def test_equal_installations_give_equal_wheels() -> None:
    """Packed twice, the wheel is the same byte by byte: no time of day is in it."""
    assert wheel.wheel() == wheel.wheel()


def test_the_wheel_holds_what_the_build_tool_would_pack(packed: zipfile.ZipFile, tmp_path: Path) -> None:
    """hatchling, which builds the package from its source, packs the very same files."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (built,) = tmp_path.glob("*.whl")
    theirs = zipfile.ZipFile(built)
    wanted = {name for name in theirs.namelist() if not name.endswith(("/RECORD", "/WHEEL", "/METADATA"))}

    assert wanted - set(packed.namelist()) == set()
    assert all(packed.read(name) == theirs.read(name) for name in wanted)


def test_every_file_stands_in_the_record_with_its_checksum(packed: zipfile.ZipFile) -> None:
    """RECORD lists each file with its SHA-256 and size, itself without, as installers check it."""
    (name,) = [n for n in packed.namelist() if n.endswith("/RECORD")]
    rows = {row[0]: row[1:] for row in csv.reader(packed.read(name).decode().splitlines())}

    assert set(rows) == set(packed.namelist())
    assert rows.pop(name) == ["", ""]
    for file, (checksum, size) in rows.items():
        octets = packed.read(file)
        digest = base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).decode().rstrip("=")
        assert (checksum, int(size)) == (f"sha256={digest}", len(octets))


def test_pip_installs_the_wheel(tmp_path: Path) -> None:
    """Without a network pip installs the wheel, and the command that it brings starts."""
    name, octets = wheel.wheel()
    (tmp_path / name).write_bytes(octets)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(tmp_path / "site")]
    subprocess.run([sys.executable, "-m", "pip", *install, str(tmp_path / name)], check=True, cwd=tmp_path)
    code = (
        "import sys; sys.path.insert(0, 'site'); sys.argv[1:] = ['--version']; from florilegium.cli import main; main()"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert said.stdout == f"florilegium {florilegium.__version__}\n"
    assert (tmp_path / "site" / "bin" / "florilegium").exists()


def test_nothing_that_is_needed_is_left_out() -> None:
    """Whatever a pinned package needs here is pinned too, in the version that is installed."""
    pins = {line.partition("==")[0]: line.partition("==")[2] for line in wheel.pins()}
    needed = [Requirement(line) for name in ("florilegium", *pins) for line in metadata.requires(name) or ()]
    here = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]

    assert {canonicalize_name(r.name) for r in here} - set(pins) == set()
    assert all(metadata.version(name).split("+")[0] == version for name, version in pins.items())


def test_other_packages_are_added_as_they_stand() -> None:
    """Requirements that an export adds stand among the pins, by name, and overrule the version installed here."""
    pins = wheel.pins("voila==0.5.13", "Jinja2==3.0.0")

    assert list(pins) == sorted(pins, key=lambda line: line.partition("==")[0].lower())
    assert {"voila==0.5.13", "Jinja2==3.0.0"} <= set(pins)
    assert len([line for line in pins if line.lower().startswith("jinja2=")]) == 1


def test_a_folder_that_is_not_installed_cannot_be_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from a checkout of another version than the installed one, the export says that installing comes first."""
    monkeypatch.setattr(florilegium, "__version__", "99.0")

    with pytest.raises(StepMissing, match="pip install"):
        wheel.wheel()

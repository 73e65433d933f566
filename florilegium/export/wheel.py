"""This package as a wheel, and the versions it runs with here. Path: model -> **export**.

An export must start where no index holds this package. So the wheel is packed from the installation itself, with no
source tree, build tool or network; equal installations give equal bytes. Installs and fetches nothing.
"""

import base64
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import florilegium
from florilegium.errors import StepMissing, StorageError

NAME = "florilegium"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # the one that `pins` were seen to work with
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can state
# What hosts are, whatever machine exports: markers of requirements are read for them.
HOST = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
_WHEEL = "Wheel-Version: 1.0\nGenerator: florilegium\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_KEPT = ("METADATA", "entry_points.txt")  # of what the installation knows about itself; licences too


def wheel() -> tuple[str, bytes]:
    """Give this package's wheel: file name and content, as the binary distribution format asks (PEP 427).

    Raises: StepMissing: the package runs from a folder without being installed.  StorageError: a file cannot be read.
    """
    about = f"{NAME}-{florilegium.__version__}.dist-info"
    try:
        files = _package() | {f"{about}/{name}": octets for name, octets in _about().items()}
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}. Install florilegium again.") from error
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    files[f"{about}/RECORD"] = _record(files, f"{about}/RECORD")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o100644 << 16  # a plain file that all may read
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, octets)
    return f"{NAME}-{florilegium.__version__}-py3-none-any.whl", packed.getvalue()


def pins(*others: str) -> tuple[str, ...]:
    """Give `name==version` of all that this package needs, as it is installed here, by name.

    What is needed and not installed here (a host may need it) is left to pip. `others` are requirements that are added
    as they stand; the versions here give way to theirs.
    Raises: StepMissing: the package runs from a folder without being installed.
    """
    given: dict[str, str] = {canonicalize_name(Requirement(other).name): other for other in others}
    found: dict[str, str] = {name: f"{name}=={version}" for name, version in _needed(_installed().requires or ())}
    return tuple(line for _, line in sorted((found | given).items()))


def _needed(requirements: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Walk through requirements and theirs; give each installed one's name and version once."""
    todo = [(Requirement(line), "") for line in requirements]
    seen: set[tuple[str, str]] = set()
    named: set[str] = set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({**HOST, "extra": extra}):
            continue
        try:
            installed = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        if name not in named:
            named.add(name)
            yield name, Version(installed.version).public  # "+cpu" and the like name builds that indexes lack
        for wanted in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, wanted))
            todo += [(Requirement(line), wanted) for line in installed.requires or ()]


def _installed() -> metadata.Distribution:
    try:
        found = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        found = None
    if found is None or found.version != florilegium.__version__:
        raise StepMissing(
            f"{Path(florilegium.__file__).parent}: runs without being installed, so its requirements are unknown. "
            "Install it first, in its folder: pip install -e ."
        )
    return found


def _package() -> dict[str, bytes]:
    """Give the files of the package itself, by name."""
    folder = Path(florilegium.__file__).parent
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in paths}


def _about() -> dict[str, bytes]:
    """Give what the installation knows about itself: name, version, requirements, commands, licences."""
    found = {}
    for file in _installed().files or ():
        folder, *rest = file.parts
        name = "/".join(rest)
        if folder.endswith(".dist-info") and (name in _KEPT or rest[0] == "licenses"):
            found[name] = Path(file.locate()).read_bytes()
    return dict(sorted(found.items()))


def _record(files: Mapping[str, bytes], own_name: str) -> bytes:
    """List every file with its checksum and size; the list itself has none."""
    lines = []
    for name, octets in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(octets)}\n")
    return "".join([*lines, f"{own_name},,\n"]).encode()

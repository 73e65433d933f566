"""Open an archive that may come from a stranger, and believe nothing that it says. Path: **project** (shell).

Names, kinds, sizes and hashes are looked at before and while files are written, into an empty folder and nowhere else.
"""

import hashlib
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from florilegium.errors import InputError, StorageError
from florilegium.project.backup.manifest import MANIFEST, MAX_FILES, Manifest, read_manifest
from florilegium.types import Progress

CHUNK_BYTES = 1 << 20
MAX_MANIFEST_BYTES = 64 << 20
# What a backup may unpack to: rows get 10 to 60 times smaller, a bomb a thousand times.
FREE_BYTES, MAX_RATIO = 256 << 20, 200
KINDS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1
SECRET = frozenset({".key"})  # of tickets: for the project's owner alone
STEP = "files unpacked"


@contextmanager
def refused(file: Path) -> Iterator[None]:
    """Say of what is wrong with an archive that nothing was restored, and what to do."""
    try:
        yield
    except (
        ValueError,  # ours
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise InputError(
            f"{file}: no backup that can be restored: {error}. Nothing was restored; take another copy of it, one that "
            "florilegium backup wrote."
        ) from error


def unpack(file: Path, into: Path, *, progress: Progress) -> Manifest:
    """Unpack an archive into an empty folder.

    Raises: InputError: it is no archive of ours, is damaged or hostile.  StorageError: it does not fit on the disk.
    """
    try:
        with refused(file), zipfile.ZipFile(file) as archive:
            entries = _entries(archive)
            found = _manifest(archive, entries)
            _refuse_bomb(found, file.stat().st_size)
            _refuse_full(found, into)
            for n_done, name in enumerate(found.files):
                progress(STEP, n_done, len(found.files))
                _unpack(archive, entries[name], into, found)
            progress(STEP, len(found.files), len(found.files))
            return found
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file. Name a backup that florilegium backup wrote.") from error


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Give the entries by name; each name once, each a plain file that can be read."""
    infos = archive.infolist()
    if len(infos) > MAX_FILES:
        raise ValueError(f"it has {len(infos):,} entries; at most {MAX_FILES:,} are taken")
    found = {info.orig_filename: info for info in infos}
    if len(found) != len(infos):
        raise ValueError("it has two entries of one name")
    for name, info in found.items():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.is_dir():
            raise ValueError(f"{name[:80]!r} is a link, a folder or a device")
        if info.compress_type not in KINDS or info.flag_bits & ENCRYPTED:
            raise ValueError(f"{name[:80]!r} is packed in a way that a backup does not use")
    return found


def _manifest(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Manifest:
    if MANIFEST not in entries:
        raise ValueError("it has no manifest")
    with archive.open(entries[MANIFEST]) as packed:
        content = packed.read(MAX_MANIFEST_BYTES + 1)
    if len(content) > MAX_MANIFEST_BYTES:
        raise ValueError("its manifest is too long")
    found = read_manifest(content)
    if differing := found.files.keys() ^ (entries.keys() - {MANIFEST}):
        raise ValueError(f"{min(differing)[:80]!r} stands in the archive or in its manifest, not in both")
    return found


def _refuse_bomb(found: Manifest, n_packed: int) -> None:
    if found.n_bytes > FREE_BYTES + MAX_RATIO * n_packed:
        raise ValueError(f"{n_packed:,} bytes would unpack to {found.n_bytes:,}")


def _refuse_full(found: Manifest, into: Path) -> None:
    n_free = shutil.disk_usage(into).free
    if found.n_bytes > n_free:
        raise StorageError(
            f"{into.parent}: {found.n_bytes:,} bytes are needed, {n_free:,} are free. Make room, or take another disk."
        )


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, found: Manifest) -> None:
    name, entry = info.orig_filename, found.files[info.orig_filename]
    path = into.joinpath(*name.split("/"))  # `check_name` let it through
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, n_bytes = hashlib.sha256(), 0
    with archive.open(info) as packed, path.open("xb") as out:
        if path.suffix in SECRET:
            path.chmod(0o600)
        while chunk := packed.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > entry.n_bytes:
                break
            digest.update(chunk)
            out.write(chunk)
    if n_bytes != entry.n_bytes or digest.hexdigest() != entry.sha256:
        raise ValueError(f"{name[:80]!r} is not what the manifest says")

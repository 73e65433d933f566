"""Backups written anew by somebody who means no good, or by an older release."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from florilegium.project.backup.manifest import MANIFEST

SETTINGS = "project/florilegium.toml"


def rewritten(
    backup: Path,
    to: Path,
    *,
    rows: dict[str, bytes] | None = None,
    add: dict[str, bytes] | None = None,
    honest: bool = True,
    claims: dict[str, Any] | None = None,
) -> Path:
    """Write a backup anew with other rows or more files; `honest`: its manifest fits them, but for what it claims."""
    with zipfile.ZipFile(backup) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(found.pop(MANIFEST))
    if rows is not None:
        found = {name: content for name, content in found.items() if not name.startswith("record/")}
        found |= {f"record/{name}.jsonl": content for name, content in rows.items()}
        manifest["counts"] = {name: content.count(b"\n") for name, content in rows.items()}
    found |= add or {}
    if honest:
        manifest["files"] = {
            name: {"n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in found.items()
        }
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest | (claims or {})))
    return to

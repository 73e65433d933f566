"""Fetch and build what an exported page needs besides our own files: florilegium/export/vendor/.

    python -m tools.vendor LIBJPEG_SOURCES

Needs npm, tools/jpeg/build.sh's compiler, and the sources that it names. What comes out is committed; this script is
run again to move to another version, together with the checksums in florilegium/export/vendored.py that it prints.
"""

import hashlib
import lzma
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from florilegium.export.vendored import ORT_VERSION

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "florilegium" / "export" / "vendor"
ORT_TARBALL = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"  # SHA-256 of what `npm pack` fetches
# Page's name -> in the package. The wasm-only build: no WebGPU, no WebGL, no JSEP.
ORT_FILES = {"ort.mjs": "dist/ort.wasm.bundle.min.mjs", "ort.wasm": "dist/ort-wasm-simd-threaded.wasm"}
JPEG_NOTICES = ("README.ijg", "LICENSE.md")


def main() -> None:
    """Write all of vendor/ and print the checksums of what an export unpacks."""
    sources = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = ort_files(folder)
        subprocess.run([ROOT / "tools" / "jpeg" / "build.sh", sources, folder / "jpeg.wasm"], check=True)
        files["jpeg.wasm"] = (folder / "jpeg.wasm").read_bytes()
        files["licences.txt"] = licences(sources)
    for name, octets in files.items():
        (VENDOR / f"{name}.xz").write_bytes(lzma.compress(octets, preset=9 | lzma.PRESET_EXTREME))
        print(f'"{name}": "{hashlib.sha256(octets).hexdigest()}",  # {len(octets):,} bytes')


def ort_files(folder: Path) -> dict[str, bytes]:
    """Fetch ONNX Runtime Web as npm does, and take the files that run on a processor."""
    subprocess.run(["npm", "pack", "--silent", f"onnxruntime-web@{ORT_VERSION}"], check=True, cwd=folder)
    (tarball,) = folder.glob("*.tgz")
    found = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if found != ORT_TARBALL:
        sys.exit(f"{tarball.name}: SHA-256 {found}, expected {ORT_TARBALL}")
    with tarfile.open(tarball) as packed:
        return {name: member(packed, f"package/{path}") for name, path in ORT_FILES.items()}


def member(packed: tarfile.TarFile, path: str) -> bytes:
    """Give one file of an archive."""
    file = packed.extractfile(path)
    if file is None:
        sys.exit(f"{path} is no file")
    return file.read()


def licences(sources: Path) -> bytes:
    """Join the licences of all that an exported page holds and that is not ours."""
    package = Path(str(distribution("onnxruntime").locate_file("onnxruntime")))
    with tarfile.open(sources) as packed:
        top = packed.getnames()[0].split("/")[0]
        jpeg = [member(packed, f"{top}/{name}").decode() for name in JPEG_NOTICES]
    parts = [
        f"ort.mjs, ort.wasm: ONNX Runtime Web {ORT_VERSION}\n\n" + (package / "LICENSE").read_text(),
        "Third parties in ONNX Runtime\n\n" + (package / "ThirdPartyNotices.txt").read_text(),
        "jpeg.wasm: libjpeg-turbo 3.1.3\nThis software is based in part on the work of the Independent JPEG Group.\n\n"
        + "\n\n".join(jpeg),
    ]
    return ("\n\n" + "=" * 100 + "\n\n").join(parts).encode()


if __name__ == "__main__":
    main()

"""What an exported page holds that is not ours, as it comes with this package. Path: model -> **export**.

Packed by tools/vendor.py and unpacked here, each file compared with its checksum. Fetches nothing.
"""

import hashlib
import lzma
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from florilegium.errors import StorageError

FOLDER = Path(__file__).parent / "vendor"
ORT_VERSION = "1.30.0"  # ONNX Runtime Web
# File of the page -> SHA-256 (hex) of what it must be.
CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "ort.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
        "ort.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
        "jpeg.wasm": "6ab5e1a8126bdff7525317ea52b490af8786e8793e14da8c09b3f6367bb098aa",
        "licences.txt": "f12d45be948be3dc514496855f1be0914c2092918fb283a61abbd493eb3f0c98",
    }
)


def vendored(name: str) -> bytes:
    """Give one of the files named in CHECKSUMS.

    Raises: StorageError: it is missing or damaged; the package must be installed again.
    """
    try:
        octets = lzma.decompress((FOLDER / f"{name}.xz").read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise StorageError(f"{name}: missing or damaged in this installation. Install florilegium again.") from error
    if hashlib.sha256(octets).hexdigest() != CHECKSUMS[name]:
        raise StorageError(f"{name}: not the file that belongs to this version. Install florilegium again.")
    return octets

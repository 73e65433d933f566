"""Whether the memory suffices for what comes next, asked before it is begun. Path: **project** (shell)."""

from collections.abc import Sequence
from pathlib import Path

from florilegium.errors import InputError
from florilegium.features.text import MAX_CHARS

MEMINFO = Path("/proc/meminfo")
# While near copies are looked for: a text has about one piece per character, each takes 8 bytes, twice while the parts
# are joined (998,000 texts of 1,000 characters: 18 GB).
BYTES_PER_CHARACTER = 18
GB = 1e9


def free_bytes(meminfo: Path = MEMINFO) -> int | None:
    """Give how much memory programs can still have; None where the system does not say.

    >>> free_bytes(Path("/no/such/file")) is None
    True
    """
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def check_room_for_texts(texts: Sequence[str], *, free: int | None) -> None:
    """Refuse texts whose comparison would fill the memory, before the system kills what fills it.

    Args: free: bytes; None: not known, so nothing is refused.
    Raises: InputError: more is needed than there is.
    """
    n_characters = sum(min(len(text), MAX_CHARS) for text in texts)
    needed = BYTES_PER_CHARACTER * n_characters
    if free is not None and needed > free:
        raise InputError(
            f"{len(texts):,} texts with {n_characters:,} characters: looking for near copies among them takes about "
            f"{needed / GB:.1f} GB of memory, and {free / GB:.1f} GB are free. Take a part of the table, or shorten "
            "the texts: a classifier of queries needs their first sentences."
        )

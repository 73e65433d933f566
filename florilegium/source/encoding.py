"""Tell a text file's encoding by its mark, then by all of its bytes. Path: **source** -> dataset."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from florilegium.errors import SourceError

CHUNK_BYTES = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "The file is UTF-32."),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "The file is UTF-32."),
    (codecs.BOM_UTF16_LE, "utf-16", "The file is UTF-16."),
    (codecs.BOM_UTF16_BE, "utf-16", "The file is UTF-16."),
)
SHARE_NUL = 0.3  # of every second byte: Western text in UTF-16 has nearly all of them zero, any other text none
NO_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # the five bytes that Windows-1252 leaves empty
NO_FILES = {"unicode-escape", "raw-unicode-escape", "punycode", "idna"}  # how Python writes words, not files
_NO_UTF8 = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to open a text file."""

    name: str
    notes: tuple[str, ...] = ()  # what was guessed, to be told


def encoding_of(path: Path, *, wanted: str | None) -> Encoding:
    """Tell how to open a text file; undecodable bytes are to be replaced, never to stop the reading.

    Raises: SourceError: the wanted encoding does not exist.
    """
    if wanted is not None:
        return Encoding(_existing(wanted, path))
    with path.open("rb") as file:
        head = file.read(1 << 16)
    for mark, name, note in MARKS:
        if head.startswith(mark):
            return Encoding(name, (note,) if note else ())
    for name, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        every_second = head[start::2]
        if (
            every_second
            and every_second.count(0) > SHARE_NUL * len(every_second)
            and head[1 - start :: 2].count(0) == 0
        ):
            return Encoding(name, ("The file is UTF-16 without a byte-order mark.",))
    return _by_content(path)


def _existing(name: str, path: Path) -> str:
    try:
        b"a text".decode(name, "replace")  # codecs.lookup alone knows base64 too, which is no encoding of text
        found = codecs.lookup(name).name.replace("_", "-")
    except (LookupError, ValueError):
        found = ""
    if not found or found in NO_FILES:
        raise SourceError(f"{path}: there is no text encoding {name!r}. Use a name such as utf-8, cp1252 or utf-16.")
    return name


def _by_content(path: Path) -> Encoding:
    """Decide between UTF-8, UTF-8 with a few damaged bytes, Windows-1252 and Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    n_good = n_bad = 0
    in_cp1252 = True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(chunk)
            n_bad_here = len(_NO_UTF8.findall(text))
            n_bad += n_bad_here
            n_good += len(text) - len(text.encode("ascii", "ignore")) - n_bad_here
            in_cp1252 = in_cp1252 and not NO_CP1252.search(chunk)
    if decoder.getstate()[0]:
        n_bad += 1
    if n_bad == 0:
        return Encoding("utf-8")
    if n_good > n_bad:
        return Encoding("utf-8", (f"{n_bad:,} bytes are no UTF-8; each became the sign \ufffd.",))
    name, called = ("cp1252", "Windows-1252") if in_cp1252 else ("latin-1", "Latin-1")
    cure = "If that is wrong, write source.encoding into florilegium.toml."
    return Encoding(name, (f"The file is not UTF-8; it is read as {called}. {cure}",))

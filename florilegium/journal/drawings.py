"""Say whether a picture of a journal can be shown, and why not. Path: folder -> **drawings** -> site.

An SVG is a program as much as a picture: one with a script, a handler or an address of elsewhere is not copied.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

FORMATS = {
    ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".gif": b"GIF8",
    ".webp": b"RIFF",
}
SVG = ".svg"
MAX_BYTES = 20_000_000  # of one picture; a phone's photo has 2 to 12 MB
UNSAFE_ELEMENTS = frozenset({"script", "foreignObject", "iframe", "embed", "object", "handler", "set", "animate"})


def why_not(folder: Path, place: str) -> str | None:
    """Give None where a picture can be shown, else why not and what to do.

    Args: folder: the journal's.  place: below it, with / between parts and no `..`.
    """
    path = folder / place
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return "a link that leads out of the journal's folder; copy the picture itself into pictures/"
        if not path.is_file():
            return "no such file; put it there or take the line out"
        if path.stat().st_size > MAX_BYTES:
            return f"{path.stat().st_size:,} bytes; make it smaller than {MAX_BYTES:,}"
        return _wrong_inside(path)
    except OSError as error:
        return f"{error.strerror}; check that you may read it"


def _wrong_inside(path: Path) -> str | None:
    kind = path.suffix.lower()
    if kind == SVG:
        return _unsafe(path.read_bytes())
    if kind not in FORMATS:
        return f"not one of {', '.join([*FORMATS, SVG])}; save it as one of these"
    with path.open("rb") as file:
        begins = file.read(len(FORMATS[kind]))
    return None if begins == FORMATS[kind] else f"no {kind[1:]} inside; save it again"


def _unsafe(content: bytes) -> str | None:
    """Say what an SVG holds that no picture needs."""
    try:
        text = content.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text or "@import" in text:
            return "an SVG with a DOCTYPE or an @import; export it as plain SVG"
        root = ET.fromstring(text.removeprefix("\ufeff"))  # noqa: S314 - entities, the one danger, were refused just above
    except (ET.ParseError, ValueError) as error:
        return f"no SVG inside ({error}); save it again"
    for element in root.iter():
        if str(element.tag).rpartition("}")[2] in UNSAFE_ELEMENTS:
            return "an SVG that holds more than a drawing (script or the like); save it as PNG"
        for name, value in element.attrib.items():
            local, words = name.rpartition("}")[2].lower(), value.strip().lower()
            if local.startswith("on") or (
                local == "href" and not words.startswith(("#", "data:image/png", "data:image/jpeg"))
            ):
                return "an SVG that does something or loads something; save it as PNG"
    return None

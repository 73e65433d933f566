"""Training examples that a model file shows as its reasons. Path: features -> **model**.

A model names the three most similar ones beside each answer. A thumbnail of one goes into the file only where its
licence clearly allows to pass it on: what is unstated, or stated about something else, is no permission.
"""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image

from florilegium.types import Octets

THUMBNAIL_SIDE = 80  # px of the longer side: three fit beside one another on a phone
THUMBNAIL_QUALITY = 50  # WebP: about 1.5 kB for a photo
TINY_SIDE = 32  # px: pictures up to this size (digits) are kept as they are, without loss
MAX_THUMBNAIL_BYTES = 4_096  # one that is larger is left out
MAX_THUMBNAILS_BYTES = 1 << 20  # of all thumbnails in a file
MAX_FIELD_CHARS = 4_096  # per text of an exemplar: as long as a path may be
MAX_EXEMPLARS = 100_000  # that a file may hold

# Licences of a picture that allow anybody to pass on a smaller copy. Those of the second kind ask for a credit.
# Left out on purpose: -NC and -ND, software licences, and the terms of photo sites, each of which forbids some use.
_FREE = r"cc0([ -]1\.0)?|cc[ -]zero|public[ -]domain|pdm([ -]1\.0)?|cc[ -]pdm([ -]1\.0)?|pddl([ -]1\.0)?"
_CREDITED = r"cc[ -]by([ -]sa)?([ -][1-4]\.[05])?"
_KINDS = re.compile(rf"(?P<free>{_FREE})|(?P<credited>{_CREDITED})")
_SAID = re.compile(r"(?P<kind>[^(;,]+?)\s*(\((?P<about>[^()]*)\))?")
# Words after a licence's name that take back what it says.
_DOUBT = re.compile(
    r"\b(not|no|non|un\w+|repository|readme|maybe|may|some|perhaps|probably|presumably|except|only)\b|\?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One training item that answers may point to."""

    name: str  # as in the data set: a relative path, below which a server finds the user's own file
    label: str
    origin: str | None = None  # who or where it comes from
    licence: str | None = None  # as its source states it
    thumbnail: str | None = None  # small WebP picture, base64; None: no licence to pass it on

    @property
    def data_url(self) -> str | None:
        """Give the thumbnail as an address that a page can show, or None."""
        return None if self.thumbnail is None else f"data:image/webp;base64,{self.thumbnail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A training item that resembles what was asked about."""

    exemplar: Exemplar
    similarity: float  # -1..1: the cosine of the angle between both


def may_be_passed_on(licence: str | None, *, origin: str | None = None) -> bool:
    """Tell whether a licence clearly allows anybody to pass on a small copy of a picture.

    Args: licence: as the source states it of the picture.  origin: whom to credit, where the licence asks for it.

    >>> may_be_passed_on("CC0-1.0"), may_be_passed_on("CC BY 4.0 (Ann Lee)"), may_be_passed_on("CC-BY-NC-4.0")
    (True, True, False)
    >>> may_be_passed_on("MIT (repository licence; the photo itself is not credited)")
    False
    """
    said = _SAID.fullmatch(" ".join((licence or "").casefold().split()))
    kind = _KINDS.fullmatch(said["kind"]) if said else None
    if said is None or kind is None or _DOUBT.search(said["about"] or ""):
        return False
    return kind["free"] is not None or bool(said["about"] or origin)


def thumbnail(pixels: Octets) -> str | None:
    """Give a small WebP picture of pixels (h, w, 3) in base64; None where it would be too large."""
    image, file = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR)
    tiny = max(pixels.shape[:2]) <= TINY_SIDE
    image.save(file, "WEBP", quality=THUMBNAIL_QUALITY, method=6, lossless=tiny)
    content = file.getvalue()
    return base64.b64encode(content).decode("ascii") if len(content) <= MAX_THUMBNAIL_BYTES else None


def exemplar_dict(exemplar: Exemplar) -> dict[str, Any]:
    """Give an exemplar for a file's metadata; what it lacks is left out."""
    return {key: value for key, value in asdict(exemplar).items() if value is not None}


def exemplar_of(document: Mapping[str, Any]) -> Exemplar:
    """Read an exemplar that `fault_of` found sound."""
    return Exemplar(**document)


def fault_of(document: object) -> str:
    """Say what is wrong with an exemplar that a file holds; nothing: it is sound."""
    fields = set(Exemplar.__dataclass_fields__)
    if not isinstance(document, dict) or not {"name", "label"} <= document.keys() <= fields:
        return f"expected a table with name and label, and of {', '.join(sorted(fields))} only"
    if not all(isinstance(v, str) and len(v) <= MAX_FIELD_CHARS for k, v in document.items() if k != "thumbnail"):
        return f"expected texts of at most {MAX_FIELD_CHARS:,} characters"
    return "" if _is_webp(document.get("thumbnail")) else "its thumbnail is no small WebP picture"


def _is_webp(thumbnail: object) -> bool:
    """Tell whether this is a small WebP picture in base64, or nothing: it goes into pages as it stands."""
    if thumbnail is None:
        return True
    if not isinstance(thumbnail, str) or len(thumbnail) > 2 * MAX_THUMBNAIL_BYTES:
        return False
    try:
        content = base64.b64decode(thumbnail, validate=True)
    except (binascii.Error, ValueError):
        return False
    return content.startswith(b"RIFF") and content[8:12] == b"WEBP"

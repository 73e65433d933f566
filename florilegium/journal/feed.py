"""The Atom feed (RFC 4287) of a journal. Path: markup -> **feed** -> site. Same chapters, same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree as ET

ATOM = "http://www.w3.org/2005/Atom"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
ENTRIES_MOST = 20  # the newest; readers keep the older ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One chapter in the feed."""

    address: str  # of its page, beside the feed
    name: str
    title: str
    at: datetime  # aware
    summary: str
    html: str
    tags: tuple[str, ...] = ()


def atom(entries: Sequence[Entry], *, title: str, author: str, address: str, identity: str, began: datetime) -> bytes:
    """Give the feed; the newest entry first.

    Args: address: where the site lives, with a slash at its end; empty: links stay relative.
        identity: names the feed for good.  began: the moment of a feed without entries.
    """
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed", {XML_BASE: address} if address else {})
    newest = sorted(entries, key=lambda entry: (entry.at, entry.name), reverse=True)[:ENTRIES_MOST]
    _add(root, "title", title)
    _add(root, "id", identity)
    _add(root, "updated", _stamp(newest[0].at if newest else began))
    _add(_add(root, "author"), "name", author or title)
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{address}feed.xml")
    _add(root, "link", rel="alternate", type="text/html", href=address or "index.html")
    _add(root, "generator", "Florilegium")
    for entry in newest:
        _entry(root, entry, address=address, identity=identity)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(root: ET.Element, entry: Entry, *, address: str, identity: str) -> None:
    element = _add(root, "entry")
    _add(element, "title", entry.title)
    _add(element, "id", uuid5(_namespace(identity), entry.name).urn)
    _add(element, "published", _stamp(entry.at))
    _add(element, "updated", _stamp(entry.at))
    _add(element, "link", rel="alternate", type="text/html", href=f"{address}{entry.address}")
    for tag in entry.tags:
        _add(element, "category", term=tag)
    _add(element, "summary", entry.summary)
    _add(element, "content", entry.html, type="html")


def _namespace(identity: str) -> UUID:
    """Give the feed's own namespace, so that a chapter keeps its name when the site moves."""
    try:
        return UUID(identity.removeprefix("urn:uuid:"))
    except ValueError:
        return uuid5(NAMESPACE_URL, identity)


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

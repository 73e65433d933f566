"""Put the journal's site together: plain files, for any web host or none. Path: markup -> **site** -> cli, serve.

No page holds a script or a style inside, and none asks another host for anything. Drafts are left out, and so is what
only drafts lead to. Writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader
from mdurl import encode

from florilegium.evaluation.words import counted
from florilegium.journal import drawings, feed, search
from florilegium.journal.chapter import Chapter, long_date
from florilegium.journal.folder import Journal, JournalSettings
from florilegium.journal.markup import Rendered, page_name, render
from florilegium.report.render import cleaned, strict_environment

ASSETS = Path(__file__).parent / "assets"
FILES = ("style.css", "theme.js", "search.js", "icon.svg")
# For a page without a host that would send it as a header. 'self' is the folder's own files, also without a server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One chapter with its page."""

    chapter: Chapter
    page: Rendered
    address: str
    day: str  # in words
    tags: tuple[tuple[str, str], ...]  # name and address


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All files of a site, and what was left out of it."""

    files: Mapping[str, bytes]
    n_chapters: int
    drafts: tuple[str, ...]  # names of files
    warnings: tuple[str, ...]  # file, line, what, cure


def build(journal: Journal, *, preview: bool = False, version: str = "") -> Site:
    """Make the site of a journal.

    Args: preview: with drafts, and with what the preview's pages need.  version: of the files that were read, which
        those pages compare with the newest one.
    """
    drafts = tuple(f"{c.name}.md" for c in journal.chapters if c.head.draft)
    shown = [c for c in journal.chapters if preview or not c.head.draft]
    names = frozenset(c.name for c in shown)
    leaves = [_leaf(chapter, journal.folder, names) for chapter in shown]
    pages = _pages(journal, leaves, preview=preview, version=version)
    files = {name: (ASSETS / name).read_bytes() for name in (*FILES, *(("preview.js",) if preview else ()))}
    files |= {name: html.encode("utf-8", "replace") for name, html in pages.items()}
    files["search-index.js"] = search.script([_searched(leaf) for leaf in leaves]).encode("utf-8", "replace")
    files["feed.xml"] = _feed(journal, leaves)
    for place in {place for leaf in leaves for place in leaf.page.pictures}:
        files[place] = (journal.folder / place).read_bytes()
    warnings = tuple(warning for leaf in leaves for warning in leaf.page.warnings)
    return Site(files=dict(sorted(files.items())), n_chapters=len(leaves), drafts=drafts, warnings=warnings)


def _leaf(chapter: Chapter, folder: Path, names: frozenset[str]) -> Leaf:
    return Leaf(
        chapter=chapter,
        page=render(chapter, names=names, has_picture=lambda place: drawings.why_not(folder, place)),
        address=page_name(chapter.name),
        day=long_date(chapter.head.date),
        tags=tuple((tag, tag_page(tag)) for tag in chapter.head.tags),
    )


def tag_page(tag: str) -> str:
    """Give the address of a tag's page.

    >>> tag_page("Machine learning"), tag_page("C++")
    ('tag-machine-learning.html', 'tag-c%2B%2B.html')
    """
    return encode(tag_file(tag)).replace("+", "%2B")


def tag_file(tag: str) -> str:
    """Give the file of a tag's page: tags that differ in case only are one."""
    kept = "".join("-" if letter in ' /\\?#:*"<>|%' else letter for letter in tag.casefold())
    return f"tag-{kept}.html"


def _pages(journal: Journal, leaves: Sequence[Leaf], *, preview: bool, version: str) -> dict[str, str]:
    """Give every page's HTML by file name."""
    newest = list(reversed(leaves))
    led_by: dict[str, list[Leaf]] = {}
    for leaf in newest:
        for name in leaf.page.links:
            if name != leaf.chapter.name:
                led_by.setdefault(name, []).append(leaf)
    tags: dict[str, tuple[str, list[Leaf]]] = {}
    for leaf in newest:
        for tag, _ in leaf.tags:
            tags.setdefault(tag_file(tag), (tag, []))[1].append(leaf)
    ordered = sorted(((tag, tag_page(tag), members) for tag, members in tags.values()), key=lambda t: t[0].casefold())
    shared = {
        "settings": journal.settings,
        "preview": preview,
        "version": version,
        "policy": POLICY,
        "faults": journal.faults,
    }
    pages = {
        "index.html": _render("index.html", years=_years(newest), tags=ordered, **shared),
        "tags.html": _render("tags.html", tags=ordered, **shared),
        "search.html": _render("search.html", **shared),
    }
    for file, (tag, members) in tags.items():
        pages[file] = _render("tag.html", tag=tag, leaves=members, **shared)
    for place, leaf in enumerate(leaves):
        pages[f"{leaf.chapter.name}.html"] = _render(
            "chapter.html",
            leaf=leaf,
            earlier=leaves[place - 1] if place else None,
            later=leaves[place + 1] if place + 1 < len(leaves) else None,
            back=led_by.get(leaf.chapter.name, []),
            **shared,
        )
    return pages


def trouble(message: str, faults: tuple[str, ...] = (), *, version: str = "") -> str:
    """Give the preview's page that says why there is no site at the moment."""
    return _render(
        "trouble.html",
        message=message,
        settings=JournalSettings(),
        preview=True,
        version=version,
        policy=POLICY,
        faults=faults,
    )


def _years(newest: Sequence[Leaf]) -> list[tuple[int, list[Leaf]]]:
    years: dict[int, list[Leaf]] = {}
    for leaf in newest:
        years.setdefault(leaf.chapter.head.date.year, []).append(leaf)
    return list(years.items())


def _searched(leaf: Leaf) -> search.Page:
    return search.Page(
        address=leaf.address,
        title=leaf.chapter.title,
        day=leaf.day,
        summary=leaf.page.summary,
        text=leaf.page.text,
        tags=leaf.chapter.head.tags,
    )


def _feed(journal: Journal, leaves: Sequence[Leaf]) -> bytes:
    settings = journal.settings
    address = settings.address.rstrip("/") + "/" if settings.address else ""
    return feed.atom(
        [
            feed.Entry(
                address=leaf.address,
                name=leaf.chapter.name,
                title=str(cleaned(leaf.chapter.title)),
                at=_moment(leaf.chapter, journal),
                summary=leaf.page.summary,
                html=str(cleaned(str(leaf.page.html))),
                tags=leaf.chapter.head.tags,
            )
            for leaf in leaves
            if not leaf.chapter.head.draft
        ],
        title=settings.title,
        author=settings.author,
        address=address,
        identity=settings.id or address or "urn:florilegium:journal",
        began=datetime.fromisoformat("1970-01-01T00:00:00+00:00"),
    )


def _moment(chapter: Chapter, journal: Journal) -> datetime:
    """Give when a chapter was written; one without a moment counts from noon of its day, by the learner's clock."""
    noon = datetime.combine(chapter.head.date, time(12), tzinfo=journal.settings.tz)
    return chapter.head.until or noon.astimezone(journal.settings.tz)


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = strict_environment(PackageLoader("florilegium.journal"))
    environment.filters["counted"] = counted
    return environment

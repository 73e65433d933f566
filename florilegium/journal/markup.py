"""Turn a chapter's Markdown into HTML that can command nothing. Path: chapter -> **markup** -> site.

Raw HTML stays text. Links to other chapters are turned to their pages, pictures to copies; what leads nowhere is told
with file and line. Opens no file.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from mdurl import decode, encode

from florilegium.journal.chapter import Chapter, digest
from florilegium.report.render import cleaned

ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # an address that leads off the site
DRAFTED = '<p class="machine">Drafted by a machine; no person has edited this paragraph yet.</p>\n'


@dataclass(slots=True)
class Rendered:
    """A chapter as HTML, with what a site needs to know of it."""

    html: Markup
    links: tuple[str, ...]  # names of the chapters that it leads to
    pictures: tuple[str, ...]  # paths below the journal's folder, with / between parts
    text: str  # without any markup, for the search
    summary: str  # its first paragraph
    n_drafted: int  # paragraphs that are still as a machine wrote them
    warnings: tuple[str, ...]  # file, line, what, cure


@dataclass(slots=True)
class _Work:
    """What is found on the way through one chapter."""

    chapter: Chapter
    names: frozenset[str]
    has_picture: Callable[[str], str | None]
    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def warn(self, token: Token, what: str) -> None:
        line = self.chapter.line + (token.map[0] if token.map else 0)
        self.warnings.append(f"{self.chapter.name}.md:{line}: {what}")


def render(chapter: Chapter, *, names: frozenset[str], has_picture: Callable[[str], str | None]) -> Rendered:
    """Render a chapter.

    Args: names: of all chapters that may be linked to.
        has_picture: gives None where a picture can be shown, else why it cannot, in words.
    """
    parser, work = _parser(), _Work(chapter, names, has_picture)
    body = str(cleaned(chapter.body))
    tokens = parser.parse(body, {})
    tokens = _without_empty_sections(tokens)
    n_drafted = _mark_drafted(tokens, body, chapter)
    _lower(tokens)
    for token in tokens:
        if token.type == "inline":
            token.children = [each for child in token.children or [] for each in _turned(child, token, work)]
    html = parser.renderer.render(tokens, parser.options, {})
    return Rendered(
        html=Markup(html),  # noqa: S704 - markdown-it escapes all text, and its raw HTML is switched off
        links=tuple(dict.fromkeys(work.links)),
        pictures=tuple(dict.fromkeys(work.pictures)),
        text=" ".join(_words(tokens)),
        summary=_summary(tokens),
        n_drafted=n_drafted,
        warnings=tuple(work.warnings),
    )


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False).use(tasklists_plugin, label=True).use(anchors_plugin, max_level=4)
    parser.add_render_rule("footnote_block_open", _footnotes_open)
    parser.add_render_rule("footnote_caption", _caption)
    return parser


def _caption(_: object, tokens: Sequence[Token], place: int, *__: object) -> str:
    """Write a footnote's number, the same each time that it is referred to."""
    return f"[{tokens[place].meta['id'] + 1}]"


def _footnotes_open(*_: object) -> str:
    return (
        '<section class="footnotes" aria-labelledby="footnotes"><h2 id="footnotes">Where the numbers come from</h2>\n'
        "<ol>\n"
    )


def _without_empty_sections(tokens: list[Token]) -> list[Token]:
    """Leave out headings of the second level that nothing follows: prompts that were not answered."""
    kept: list[Token] = []
    i = 0
    while i < len(tokens):
        if tokens[i].type == "heading_open" and tokens[i].tag == "h2" and tokens[i].level == 0:
            after = i + 3
            if after >= len(tokens) or tokens[after].type == "footnote_block_open" or tokens[after].tag in ("h1", "h2"):
                i = after
                continue
        kept.append(tokens[i])
        i += 1
    return kept


def _lower(tokens: list[Token]) -> None:
    """Set all headings one level lower where the chapter uses the first one, which is its title's."""
    headings = [t for t in tokens if t.type in ("heading_open", "heading_close")]
    if any(t.tag == "h1" for t in headings):
        for token in headings:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _mark_drafted(tokens: list[Token], body: str, chapter: Chapter) -> int:
    """Say above each paragraph whether it is still as a machine wrote it."""
    if not chapter.head.drafted:
        return 0
    known, lines = set(chapter.head.drafted), body.splitlines()
    found = [
        place
        for place, token in enumerate(tokens)
        if token.type == "paragraph_open" and token.map and digest("\n".join(lines[slice(*token.map)])) in known
    ]
    for place in reversed(found):
        tokens[place].attrJoin("class", "drafted")
        note = Token("html_block", "", 0, content=DRAFTED)
        tokens.insert(place, note)
    return len(found)


def _turned(token: Token, parent: Token, work: _Work) -> Iterator[Token]:
    """Turn links and pictures to where they lead on the site."""
    if token.type == "link_open":
        token.attrSet("href", _link(str(token.attrGet("href") or ""), parent, work))
        if "://" in str(token.attrGet("href")):
            token.attrSet("rel", "noopener noreferrer")
    if token.type != "image":
        yield token
        return
    why = _picture(token, work)
    if why is None:
        token.attrSet("loading", "lazy")
        token.attrSet("decoding", "async")
        yield token
        return
    work.warn(parent, why)
    missing = Token("text", "", 0, content=f"[picture not shown: {token.content or token.attrGet('src')}]")
    yield missing


def _link(address: str, parent: Token, work: _Work) -> str:
    path, hash_sign, fragment = address.partition("#")
    if ELSEWHERE.match(address) or not path:
        return address
    target = PurePosixPath(decode(path))
    anchor = hash_sign + fragment
    if target.suffix in (".md", ".html") and len(target.parts) == 1:
        if target.stem in work.names:
            work.links.append(target.stem)
            return f"{page_name(target.stem)}{anchor}"
        work.warn(parent, f"link to {address!r}: no such chapter, or a draft; correct the name")
        return address
    work.warn(parent, f"link to {address!r}: not a part of the site; link to a chapter or to a web address")
    return address


def page_name(name: str) -> str:
    """Give the address of a chapter's page, beside the others."""
    return f"{encode(name)}.html"


def _picture(token: Token, work: _Work) -> str | None:
    """Say why a picture cannot be shown; None where it can."""
    source = str(token.attrGet("src") or "")
    if ELSEWHERE.match(source):
        return f"picture {source[:80]!r}: loaded from elsewhere; save it in the journal's folder and name that file"
    place = PurePosixPath(decode(source))
    if place.is_absolute() or ".." in place.parts or not place.parts:
        return f"picture {source[:80]!r}: outside the journal's folder; copy it into pictures/"
    why = work.has_picture(place.as_posix())
    if why is None:
        work.pictures.append(place.as_posix())
        return None
    return f"picture {source[:80]!r}: {why}"


def _words(tokens: list[Token]) -> Iterator[str]:
    """Give all texts that a reader sees, footnotes left out."""
    for token in tokens:
        if token.type == "footnote_block_open":
            return
        if token.type == "inline":
            yield "".join(_visible(token))
        elif token.type in ("fence", "code_block"):
            yield token.content


def _visible(token: Token) -> Iterator[str]:
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type == "image":
            yield child.content


def _summary(tokens: list[Token], most: int = 200) -> str:
    """Give the first words that are no heading."""
    heading = False
    for token in tokens:
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        if token.type == "inline" and not heading:
            text = " ".join("".join(_visible(token)).split())
            if text:
                return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + "…"
    return ""

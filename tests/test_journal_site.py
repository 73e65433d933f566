"""The journal's site: links, drafts, pictures, feed, search; and chapters that are broken or hostile."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import pytest

from florilegium.errors import InputError
from florilegium.export.folder import write_folder
from florilegium.journal import read_journal, sound
from florilegium.journal.site import Site, build
from tests.journal_making import write_chapter

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c626001000000ffff03000006000557bfabd40000000049454e44ae426082"
)


def site_of(folder: Path, *, preview: bool = False) -> Site:
    """Build the site of a journal in which every chapter can be read."""
    return build(sound(read_journal(folder)), preview=preview)


def html(site: Site, name: str) -> str:
    """Give one page."""
    return site.files[name].decode("utf-8")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Give a journal of two chapters that lead to each other, one draft, and a picture."""
    folder = tmp_path / "journal"
    write_chapter(
        folder,
        "2026-11-01",
        "## Progress\n\nSee [later](2026-11-08.md#what-i-read) and [x](2026-11-15.md).",
        front="tags: [flowers, Über uns]\n",
    )
    write_chapter(
        folder,
        "2026-11-08",
        "## What I read\n\nA café paper.\n\n![a dot](pictures/dot.png)",
        front="title: Second\ntags: flowers\n",
    )
    write_chapter(folder, "2026-11-15", "A secret plan.", front="draft: true\ntags: [hidden]\n")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "dot.png").write_bytes(PIXEL)
    return folder


def test_chapters_lead_to_each_other_and_back(journal: Path) -> None:
    """A link to a chapter's file becomes one to its page, and that page names where it is linked from."""
    site = site_of(journal)

    assert '<a href="2026-11-08.html#what-i-read">later</a>' in html(site, "2026-11-01.html")
    assert '<h2 id="what-i-read">' in html(site, "2026-11-08.html")
    back = html(site, "2026-11-08.html").partition("Chapters that lead here")[2]
    assert '<a href="2026-11-01.html">1 November 2026</a>' in back
    assert 'rel="prev" href="2026-11-01.html"' in html(site, "2026-11-08.html")


def test_drafts_are_kept_out_of_everything(journal: Path) -> None:
    """No page, feed or index of the site holds a word of a draft; a link to one is told with file and line."""
    site = site_of(journal)

    assert all(b"secret" not in content and b"hidden" not in name.encode() for name, content in site.files.items())
    assert "2026-11-15.html" not in site.files
    assert site.drafts == ("2026-11-15.md",)
    assert site.warnings == ("2026-11-01.md:8: link to '2026-11-15.md': no such chapter, or a draft; correct the name",)


def test_the_preview_shows_drafts(journal: Path) -> None:
    """Who writes sees the draft, marked as one, and its script for following."""
    page = html(site_of(journal, preview=True), "2026-11-15.html")

    assert "A secret plan." in page
    assert '<span class="badge">draft</span>' in page
    assert "preview.js" in page
    assert "secret" not in html(site_of(journal, preview=True), "feed.xml")


def test_tags_have_pages(journal: Path) -> None:
    """Every tag has a page with its chapters, the newest first."""
    page = html(site_of(journal), "tag-flowers.html")

    assert page.index("Second") < page.index("1 November 2026")
    assert 'href="tag-%C3%BCber-uns.html"' in html(site_of(journal), "tags.html")
    assert "tag-über-uns.html" in site_of(journal).files


def test_an_outside_reader_understands_the_feed(journal: Path) -> None:
    """An outside parser finds the chapters, the newest first, with absolute links, lasting names and whole texts."""
    (journal / "journal.toml").write_text(
        'title = "Notes & <more>"\nauthor = "Ann"\nzone = "Europe/Berlin"\naddress = "https://me.example/j"\n'
        'id = "urn:uuid:00000000-0000-4000-8000-000000000001"\n',
        encoding="utf-8",
    )
    feed = feedparser.parse(site_of(journal).files["feed.xml"])
    again = feedparser.parse(site_of(journal).files["feed.xml"])

    assert not feed.bozo
    assert (feed.feed.title, feed.feed.author) == ("Notes & <more>", "Ann")
    assert [entry.title for entry in feed.entries] == ["Second", "1 November 2026"]
    assert feed.entries[0].link == "https://me.example/j/2026-11-08.html"
    assert feed.entries[0].updated == "2026-11-08T12:00:00+01:00"
    assert "A café paper." in feed.entries[0].content[0].value
    assert feed.entries[0].id == again.entries[0].id != feed.entries[1].id
    assert feed.entries[0].id.startswith("urn:uuid:")


def test_the_index_finds_beginnings_of_words(journal: Path) -> None:
    """The index is one script that sets one value; its words are sorted and without accents."""
    script = site_of(journal).files["search-index.js"].decode("utf-8")
    found = re.fullmatch(r"self\.journalIndex = (.*);\n", script, re.DOTALL)
    assert found is not None
    index = json.loads(found[1])
    words = index["words"].split(" ")

    assert words == sorted(words)
    assert index["found"][words.index("cafe")] == [1, 1]
    assert index["found"][words.index("flowers")] == [0, 5, 1, 5]
    assert index["pages"][1][:3] == ["2026-11-08.html", "Second", "8 November 2026"]


class Elements(HTMLParser):
    """The elements of a page, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.found.append((tag, dict(attrs)))


HOSTILE = """\
<script>alert(1)</script>

<img src=x onerror=alert(1)> [click](javascript:alert(1)) [data](data:text/html,<script>1</script>)

![x](javascript:alert(1)) ![y](https://tracker.example/p.png) ![z](../../etc/passwd.png) ![w](/etc/passwd)

`</script>` [ok](https://example.org "a\\" onclick=\\"alert(1)")

| a | b |
|---|---|
| <b>x</b> | &lt; |
"""


def test_nothing_in_a_chapter_commands(tmp_path: Path) -> None:
    """Script, HTML and addresses that would run stay text; pictures of elsewhere are named and not loaded."""
    folder = tmp_path / "journal"
    write_chapter(folder, "2026-11-01", HOSTILE, front='title: "</title><script>alert(2)</script>"\ntags: ["<b>"]\n')
    site = site_of(folder)
    page = html(site, "2026-11-01.html")
    seen = Elements()
    seen.feed(page)

    assert "alert(1)" in page
    assert [attributes for name, attributes in seen.found if name == "script"] == [{"src": "theme.js"}]
    assert {name for name, _ in seen.found} & {"img", "iframe", "b", "style"} == set()
    assert [n for _, attributes in seen.found for n in attributes if n.startswith("on") or n == "style"] == []
    addresses = [attributes["href"] or "" for _, attributes in seen.found if "href" in attributes]
    assert [a for a in addresses if ":" in a] == ["https://example.org"]
    assert [re.sub(r"^.*?: ", "", warning)[:40] for warning in site.warnings] == [
        "picture 'https://tracker.example/p.png':",
        "picture '../../etc/passwd.png': outside ",
        "picture '/etc/passwd': outside the journ",
    ]
    assert b"</script>" not in site.files["search-index.js"]
    assert not feedparser.parse(site.files["feed.xml"]).bozo


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.png", None, "no such file"),
        ("text.png", b"hello", "no png inside"),
        ("film.mp4", b"hello", "not one of .png"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "more than a drawing"),
        ("b.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "does something"),
        ("c.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "DOCTYPE"),
        ("d.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><a href='javascript:1'/></svg>", "does something"),
        ("e.svg", b"no picture", "no SVG inside"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_told(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    """The page shows the picture's description in its place, and the build names file, line and cure."""
    folder = tmp_path / "journal"
    write_chapter(folder, "2026-11-01", f"![a drawing]({name})")
    if content is not None:
        (folder / name).write_bytes(content)
    site = site_of(folder)

    assert name not in site.files
    assert said in site.warnings[0]
    assert site.warnings[0].startswith("2026-11-01.md:5: ")
    assert "[picture not shown: a drawing]" in html(site, "2026-11-01.html")


def test_a_link_out_of_the_folder_is_no_picture(tmp_path: Path) -> None:
    """A symbolic link does not carry a file from elsewhere into the site."""
    folder = tmp_path / "journal"
    (tmp_path / "secret.png").write_bytes(PIXEL)
    write_chapter(folder, "2026-11-01", "![a](s.png)")
    (folder / "s.png").symlink_to(tmp_path / "secret.png")

    assert "s.png" not in site_of(folder).files
    assert "leads out of the journal's folder" in site_of(folder).warnings[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "a.md:1: front matter is missing or has no end"),
        ("---\ndate: 2026-11-01\n", "a.md:1: front matter is missing or has no end"),
        ("---\ntitle: x\n---\n", "a.md:1: field 'date' is missing; add a line such as 'date: 2026-11-30'"),
        ("---\ntitle: x\ndate: 30.11.2026\n---\n", "a.md:3: field 'date': '30.11.2026' is no date; write year, month"),
        ("---\ndate: 2026-11-01\ndraft: perhaps\n---\n", "a.md:3: field 'draft': 'perhaps'; write true or false"),
        ("---\ndate: 2026-11-01\ntag: x\n---\n", "a.md:3: field 'tag': no such field; write 'tags'"),
        ("---\ndate: 2026-11-01\ntags: {a: b}\n---\n", "a.md:3: field 'tags': holds more than single values"),
        ("---\ndate: [a, b]\n---\n", "a.md:2: field 'date': a list; expected one value"),
        ("---\ndate: 2026-11-01\ndate: 2026-11-02\n---\n", "a.md:3: field 'date': stands twice, first in line 2"),
        (
            "---\ndate: 2026-11-01\nuntil: 2026-11-01T10:00\n---\n",
            "a.md:3: field 'until': '2026-11-01T10:00' is no mom",
        ),
        (
            "---\ndate: 2026-11-01\nrecord: [flowers runs=x]\n---\n",
            "a.md:3: field 'record': 'flowers runs=x' is not what",
        ),
        ("---\ntitle: 'x\ndate: 2026-11-01\n---\n", "a.md:"),
        ("---\n- a\n---\n", "a.md:2: front matter has no fields"),
        ("---\n" + "[" * 9000 + "\n---\n", "a.md:2: front matter is not YAML"),
        ("---\n" + "a: b\n" * 9000 + "---\n", "a.md:1: front matter of 45,000 characters"),
        ("---\ndate: !!python/object/apply:os.system [x]\n---\n", "a.md:2: field 'date'"),
    ],
)
def test_broken_front_matter_is_told_with_line_and_cure(tmp_path: Path, text: str, said: str) -> None:
    """A build names every broken chapter at once, with file, line, field and cure, and builds nothing."""
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    (tmp_path / "b.md").write_text("none", encoding="utf-8")

    with pytest.raises(InputError, match=re.escape(said)) as caught:
        site_of(tmp_path)
    assert "b.md:1:" in str(caught.value)


def test_other_tools_fields_are_left_alone(tmp_path: Path) -> None:
    """Fields that other journals use, comments and old-fashioned line ends disturb nobody."""
    text = "---\r\n# mine\r\nlayout: post\r\ndate: 2026-11-01 # Sunday\r\ntags:\r\n  - a\r\n  - b\r\n---\r\nHello\r\n"
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (chapter,) = sound(read_journal(tmp_path)).chapters

    assert chapter.head.tags == ("a", "b")
    assert "<p>Hello</p>" in html(site_of(tmp_path), "a.html")


def test_names_of_the_sites_own_pages_are_taken(tmp_path: Path) -> None:
    """A chapter cannot take the place of the index, the search or a tag's page."""
    write_chapter(tmp_path, "index", "x")

    assert read_journal(tmp_path).faults[0].startswith("index.md:1: a page of the site has this name")


def test_the_same_journal_gives_the_same_bytes(journal: Path, tmp_path: Path) -> None:
    """Nothing in a site depends on when it was built."""
    write_folder(tmp_path / "site", site_of(journal).files, kind="journal")

    assert {n: (tmp_path / "site" / n).read_bytes() for n in site_of(journal).files} == dict(site_of(journal).files)


def test_boxes_footnotes_and_headings_keep_their_order(tmp_path: Path) -> None:
    """A list of steps becomes named boxes; headings of the first level go below the title; prompts stay unseen."""
    write_chapter(
        tmp_path,
        "2026-11-01",
        "# Top\n\n[//]: # (A prompt)\n\n- [x] done\n- [ ] open[^a]\n\n## Empty\n\n[^a]: from there",
    )
    page = html(site_of(tmp_path), "2026-11-01.html")

    assert page.count("<h1") == 1
    assert '<h2 id="top">Top</h2>' in page
    assert "A prompt" not in page
    assert ">Empty<" not in page
    assert re.search(r'<label><input class="task-list-item-checkbox" checked="checked" disabled="disabled"', page)
    assert "Where the numbers come from" in page


def test_the_feed_is_well_formed_with_any_character(tmp_path: Path) -> None:
    """Control characters and halves of pairs, which XML forbids, do not break the feed."""
    write_chapter(tmp_path, "2026-11-01", "bell \x07 and \u2028 end")

    assert ET.fromstring(site_of(tmp_path).files["feed.xml"]) is not None  # noqa: S314 - our own file


def test_our_own_journal_can_be_built() -> None:
    """The journal in docs/ has a published chapter, and nothing in it leads nowhere."""
    site = site_of(Path(__file__).parents[1] / "docs" / "journal")

    assert site.n_chapters >= 1
    assert site.warnings == ()

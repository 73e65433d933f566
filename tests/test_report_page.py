"""The report as a file: one page, whole, self-contained, and true to its values."""

import base64
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from florilegium import evaluation
from florilegium.evaluation.sentences import ranged
from florilegium.report import Account, build, thumbnail
from florilegium.report.build import PICTURE_BYTES
from florilegium.report.glossary import MEANINGS
from florilegium.report.render import own
from tests.test_report_account import account, answers, before_verdict

VOID = {"meta", "input", "img", "br", "wbr", "line", "rect", "circle"}  # the last three stand alone in our SVG
SIZE_MOST = 3_000_000
FLOWERS = [f"flower {i:02d}" for i in range(20)]
HOSTILE = (
    "<script>document.title='broken in'</script>",
    '"><img src=x onerror="document.title=\'broken in\'">',
    "\u202egnp.אבג {{ 7*7 }} 🌷",
    "x" * 5000,
    "café\udce9\x00 ]]> --><style>*{display:none}</style>",
)


class Page(HTMLParser):
    """All tags in order with their attributes, and the text of each `id`, `dfn`, `td` and `th`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an opening tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that stands alone."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Check that what was opened last is closed."""
        assert self.open.pop() == tag, f"</{tag}> closes something else at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        """Note text that a reader sees."""
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append((self.open[-1], data))
            self.text += data

    def values(self, attribute: str) -> list[str]:
        """Give all values of one attribute."""
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]

    def named(self, tag: str) -> list[dict[str, str]]:
        """Give the attributes of all tags of one name."""
        return [attributes for name, attributes in self.tags if name == tag]


def hostile() -> Account:
    """Make up an account in which everything that comes from data attacks the page."""
    whole = account(60, HOSTILE)
    assert whole.test is not None
    names = tuple(f"{HOSTILE[i % 5]}/{i}" for i in range(60))
    return replace(
        whole,
        title=HOSTILE[0],
        model_name=HOSTILE[1],
        model_id=HOSTILE[2],
        test=replace(whole.test, names=names),
        pictures={names[0]: b"<svg onload=alert(1)>", names[1]: thumbnail(np.zeros((8, 8), dtype=np.uint8))},
        texts={names[2]: HOSTILE[1], names[4]: HOSTILE[4]},
        provenance={HOSTILE[1]: HOSTILE[0]},
        notes=HOSTILE,
        next_steps=HOSTILE,
        findings=(replace(whole.findings[0], message=HOSTILE[0], fix=HOSTILE[1], items=names[:3]),),
    )


EXAMPLES: dict[str, Callable[[], Account]] = {
    "whole": account,
    "before the verdict": lambda: before_verdict(account()),
    "two classes": lambda: account(classes=("yes", "no")),
    "one item": lambda: account(1, ("yes", "no"), pictures=False),
    "20 classes": lambda: account(400, FLOWERS),
    "77 classes": lambda: account(770, [f"intent {i}" for i in range(77)], pictures=False),
    "nothing else known": lambda: replace(
        before_verdict(account()),
        findings=(),
        audited=False,
        baselines=(),
        candidates=(),
        provenance={},
        notes=(),
        pictures={},
    ),
    "hostile": hostile,
}
examples = pytest.mark.parametrize("make", EXAMPLES.values(), ids=EXAMPLES.keys())


@examples
def test_the_page_is_well_formed(make: Callable[[], Account]) -> None:
    """Every tag is closed in order, every id is there once, and everything that is pointed to exists."""
    page = Page(build(make()))
    ids = Counter(page.values("id"))
    targets = [href.removeprefix("#") for href in page.values("href")] + page.values("aria-labelledby")

    assert page.open == []
    assert [name for name, n in ids.items() if n > 1] == []
    assert set(targets) - set(ids) == set()


@examples
def test_the_page_needs_nothing_from_outside(make: Callable[[], Account]) -> None:
    """No link, picture, font, style or script comes from anywhere else, and the browser is told so."""
    html = build(make())
    page = Page(html)

    assert all(src.startswith("data:image/") for src in page.values("src"))
    assert all(href.startswith("#") for href in page.values("href"))
    assert {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "form", "base"} == set()
    assert "url(" not in own("style.css")
    assert "@import" not in own("style.css")
    assert len(html.encode()) < SIZE_MOST


@examples
def test_the_page_can_be_heard(make: Callable[[], Account]) -> None:
    """Pictures have a text, tables a caption, header cells a direction, and headings skip no level."""
    page = Page(build(make()))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]

    assert all(image["alt"] for image in page.named("img"))
    assert len(page.named("caption")) == len(page.named("table"))
    assert all(head.get("scope") in {"row", "col"} for head in page.named("th"))
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in page.tags}


@examples
def test_each_term_is_explained_where_it_first_appears(make: Callable[[], Account]) -> None:
    """No term is marked twice, and the meaning of each marked one is on the page."""
    page = Page(build(make()))
    marked = [text for tag, text in page.texts if tag == "dfn"]
    explained = [text for tag, text in page.texts if tag == "dt"]

    assert len(marked) == len(set(marked))
    assert len([name for name in explained if name in MEANINGS]) + 3 >= len(
        marked
    )  # three stand in the verdict's table
    assert all(MEANINGS[name] in page.text for name in explained if name in MEANINGS)


def test_the_only_script_is_ours() -> None:
    """The policy in the page allows one script, by its hash, and nothing from the network."""
    html = build(hostile())
    (policy,) = (meta["content"] for meta in Page(html).named("meta") if "http-equiv" in meta)
    (script,) = re.findall("<script>(.*?)</script>", html, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert script == own("script.js")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert f"script-src 'sha256-{allowed}'" in policy


def test_hostile_names_are_shown_as_text() -> None:
    """Markup in names becomes text, no attribute is added, and the page is UTF-8 without control characters."""
    html = build(hostile())
    page = Page(html)

    html.encode("utf-8")
    assert HOSTILE[0] in page.text
    assert "{{ 7*7 }}" in page.text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert len(page.named("script")) == len(page.named("style")) == 1
    assert "\x00" not in html


def test_the_verdict_comes_first_and_leads_with_the_lower_figure() -> None:
    """Nothing but title and navigation stands before the sentence, which begins with the sources never seen."""
    whole = account()
    assert whole.verdict is not None
    assert whole.verdict.new_sources is not None
    text = Page(build(whole)).text
    assert "\u00a0% (" in text  # the number and its sign stay on one line
    text = text.replace("\u00a0", " ")
    sentence = whole.verdict.sentence.split(". ")[0]

    assert sentence.startswith(f"Expect {ranged(whole.verdict.new_sources)}")
    assert text.index(sentence) < text.index(ranged(whole.verdict.model)) < text.index("Against simple rules")


def test_before_the_verdict_the_page_says_so() -> None:
    """Without a verdict the page leads with the lower cross-validated figure and says that the seal is closed."""
    whole = before_verdict(account())
    assert whole.folds is not None
    lower = evaluation.score("new", whole.folds.right & (whole.folds.groups % 3 > 0), whole.folds.groups)
    text = Page(build(whole)).text
    led = Page(build(replace(whole, new_sources=lower))).text

    assert f"Not judged yet: {whole.folds.right.sum():,} of {len(whole.folds):,} right in cross-validation" in text
    assert f"{lower.n_right:,} of {lower.n:,} right on sources never seen" in led
    assert "The sealed test set has not been looked at" in text
    assert "the seal has never been opened" in text


def test_a_new_model_after_a_verdict_says_that_the_seal_was_opened() -> None:
    """A model without a verdict does not hide that earlier ones were judged on the same test set."""
    text = Page(build(replace(before_verdict(account()), openings=account().openings))).text

    assert "has been opened 2 times, but this model has no verdict yet" in text
    assert "never been opened" not in text


def test_without_figures_for_new_sources_the_test_set_leads() -> None:
    """Where sources never seen were not tried, the verdict's own sentence is all that is said, and the gap is named."""
    whole = account()
    assert whole.verdict is not None
    verdict = replace(whole.verdict, new_sources=None, sentence="Better: so it is.")
    text = Page(build(replace(whole, verdict=verdict))).text

    assert "Better: so it is." in text
    assert "not known: nothing says where the items come from" in text
    assert "Two questions" not in Page(build(replace(whole, verdict=replace(verdict, same_sources=None)))).text


def test_the_ladder_holds_the_values() -> None:
    """Model and all simple rules stand on the ladder, the highest first, each with its own figure and range."""
    whole = account()
    assert whole.verdict is not None
    text = Page(build(whole)).text
    ladder = text[text.index("Right answers on the 120") : text.index("What is taken for what")]
    scores = sorted((whole.verdict.model, *whole.verdict.baselines), key=lambda score: -score.accuracy)
    places = [ladder.index(ranged(score)) for score in scores]

    assert places == sorted(places)
    assert all(name in ladder for name in ("linear head on pixels", "majority class", "pixel similarity"))


def test_the_matrix_holds_scikit_learns_counts() -> None:
    """Each number in the table is the one that scikit-learn counts, and empty cells are empty."""
    whole = account(400, FLOWERS)
    html = build(whole)
    found = {
        (int(truth), int(said)): int(n)
        for truth, said, n in re.findall(r'<a data-cell href="#t(\d+)s(\d+)" aria-label="[^"]*">(\d+)</a>', html)
    }
    counts = confusion_matrix(whole.shown.truth, whole.shown.said)

    assert found == {(int(t), int(s)): int(counts[t, s]) for t, s in np.argwhere(counts)}


@pytest.mark.parametrize("classes", [("a", "b"), FLOWERS, [f"c{i}" for i in range(77)]])
def test_every_test_item_can_be_reached(classes: list[str]) -> None:
    """Each test item stands in the list of exactly one cell, whether or not the table shows that cell."""
    whole = account(400, classes, pictures=len(classes) < 50)
    html = build(whole)
    cells = re.findall(r'<span id="t\d+s\d+"></span>(.*?)</details>', html, re.DOTALL)
    inside = [name for cell in cells for name in re.findall(r"item/(?:<wbr>)?(\d{5})</bdi>", cell)]

    assert sorted(inside) == [f"{row:05d}" for row in range(400)]


def test_texts_are_shown_as_texts() -> None:
    """The items of a text data set are quoted, cut where they are very long, with their own direction."""
    whole = account(100, ("lost card", "new card"), pictures=False)
    assert whole.test is not None
    texts = {name: f"Where is my card, number {name}?" for name in whole.test.names} | {"item/00001": "long " * 999}
    page = Page(build(replace(whole, texts=texts)))

    assert "Where is my card, number item/00000?" in page.text
    assert "long " * 999 not in page.text
    assert "long…" in page.text
    assert {quote["dir"] for quote in page.named("blockquote")} == {"auto"}


def test_the_record_is_there() -> None:
    """Seed, versions, ledger, tried models, notes, findings, sources and licences all stand on the page."""
    text = Page(build(account())).text

    for said in (
        "41",
        "2.4.6",
        "none recorded",
        "2026-03-01 12:30 UTC",
        "1.2",
        "The column 'species' was taken for the label.",
        "2 items look wrongly labelled.",
        "Ada's camera",
        "CC BY 4.0",
        "abc123",
        "m-1",
    ):
        assert said in text, said


def test_a_set_that_nobody_checked_is_not_called_clean() -> None:
    """No findings because nothing was checked, and no findings because all is well, read differently."""
    whole = replace(account(), findings=())

    assert "held nothing doubtful" in Page(build(whole)).text
    assert "Nobody has checked the data yet" in Page(build(replace(whole, audited=False))).text


def test_the_same_account_gives_the_same_page() -> None:
    """Nothing on the page depends on chance or on the clock."""
    assert build(account()) == build(account())


def test_photos_keep_to_the_budget() -> None:
    """600 photos that hardly compress leave the page under 3 MB; the rest are listed by name."""
    noise = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    whole = account(600, FLOWERS)
    page_of = build(replace(whole, pictures=dict.fromkeys(whole.shown.names, thumbnail(noise))))
    pictures = sum(len(address) for address in set(Page(page_of).values("src")))

    assert len(page_of.encode()) < SIZE_MOST
    assert pictures < PICTURE_BYTES
    assert "Without picture: " in Page(page_of).text


def test_ten_thousand_classes_are_cut_on_purpose() -> None:
    """With 10,000 classes the page shows what is confused most, says what it leaves out, and stays light."""
    classes = [f"class {i}" for i in range(10_000)]
    folds = answers(2000, classes)
    whole = account()
    data = replace(whole.data, classes=tuple((name, 1) for name in classes), n=10_000)
    html = build(replace(before_verdict(whole), folds=folds, data=data, pictures={}))
    text = Page(html).text

    assert "Of 10,000 classes the table shows the 30" in text
    assert "Of 10,000 classes the table shows the 200" in text
    assert "9988 more" in text
    assert len(html.encode()) < SIZE_MOST


def test_a_page_takes_less_than_a_second() -> None:
    """20 classes with 400 pictured test items are built well within the second that a rerun can spare."""
    whole = account(400, FLOWERS)
    build(whole)
    began = time.process_time()  # of this process alone: a busy machine cannot fail it
    build(whole)

    assert time.process_time() - began < 1.0

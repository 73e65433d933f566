"""The page of biases: what it says first, what it never leaves empty, and that data cannot break it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from florilegium.bias import ERRORS, KINDS, Axis, Outcome
from florilegium.report.bias import build_bias, page_of, summary_of
from florilegium.report.bias_card import NOWHERE, Use
from florilegium.report.bias_chapters import probability
from florilegium.report.bias_pictures import ROWS_MOST, Figure, picture
from florilegium.report.notebook import biases_html
from florilegium.report.scales import Scale, ranged, written
from tests.bias_making import PUBLISHED, account, findings, result

HOSTILE = (
    "<script>document.title='broken in'</script>",
    '"><img src=x onerror="document.title=\'broken in\'">',
    "\u202egnp.אבג {{ 7*7 }} 🌷",
    "x" * 5000,
    "café\udce9\x00 ]]> --><style>*{display:none}</style>",
)


def test_the_gap_in_errors_leads() -> None:
    """The page begins with the surest gap in error rates, before any other kind of bias."""
    page = page_of(account())

    assert page.lead.startswith("Where no was true, 44.8 % of African-American were told yes, and 23.5 % of Caucasian")
    assert "historical" in page.rest


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_an_empty_box(kind: str) -> None:
    """Each of the six has a chapter that says what was found or why it cannot be told, even where nothing is known."""
    chapters = {chapter.key: chapter for chapter in page_of(account(findings())).chapters}

    assert chapters[kind].state == "unmeasured"
    assert "Give it: --more" in chapters[kind].why_not
    assert chapters[kind].short


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([Outcome.NOT_SHOWN, Outcome.FOUND], "gap"),
        ([Outcome.TOO_FEW, Outcome.NOT_SHOWN], "none"),
        ([Outcome.NOT_MEASURABLE, Outcome.TOO_FEW], "few"),
        ([Outcome.NOT_MEASURABLE], "unmeasured"),
    ],
)
def test_the_plainest_outcome_names_a_chapter(outcomes: list[Outcome], state: str) -> None:
    """One gap makes the chapter a gap; "none shown" needs a comparison that could have shown one."""
    results = [result(bias="historical", outcome=outcome, hypothesis=str(i)) for i, outcome in enumerate(outcomes)]

    assert page_of(account(findings(*results))).chapters[0].state == state


def test_one_test_seen_twice_is_said_once() -> None:
    """A ratio and a difference of the same rates are one statement, but two lines of the table."""
    twice = [
        result(bias="historical", hypothesis="base rate", sentence="As a ratio."),
        result(bias="historical", hypothesis="base rate", sentence="As a difference.", axis=Axis.DIFFERENCE),
    ]
    chapter = page_of(account(findings(*twice))).chapters[0]

    assert [statement.sentence for statement in chapter.statements] == ["As a ratio."]
    assert len(chapter.others) == 2


def test_the_published_rates_stand_in_the_table() -> None:
    """False alarms of 44.85 % and 23.45 %, as ProPublica published them, are drawn and listed."""
    block = page_of(account()).rates[0]
    shown = {track.label: track.figure for track in block.pictures[1].tracks}

    assert block.pictures[1].caption.startswith("False alarms")
    assert shown == {"African-American": "44.8 %", "Caucasian": "23.5 %"}
    assert [cell.figure for cell in block.rows[0].cells] == ["3,696", "51.4 %", "44.8 %", "28.0 %"]


def test_small_groups_are_named_and_not_drawn() -> None:
    """A group that is too few has no dot, and stands below the pictures by name and number."""
    block = page_of(account(findings(result(), names=(*PUBLISHED, "Asian")))).rates[0]

    assert block.few == "Asian (3)"
    assert all(track.label != "Asian" for drawn in block.pictures for track in drawn.tracks)
    assert block.rows[-1].cells[-1].figure == "–"


def test_the_gap_is_what_stands_out() -> None:
    """The group of which a gap was found is drawn in the colour of the gap, in that rate only."""
    block = page_of(account()).rates[0]
    strong = [(drawn.caption[:5], track.label) for drawn in block.pictures for track in drawn.tracks if track.strong]

    assert strong == [("False", "African-American")]


def test_a_missing_address_is_said_aloud() -> None:
    """Without a place to object the model card says so in words; with one it gives it."""
    assert NOWHERE in build_bias(account())
    assert "appeals@example.org" in build_bias(replace(account(), use=Use(recourse="appeals@example.org")))


def test_the_card_bears_the_headings_of_the_hub() -> None:
    """The headings are those of Hugging Face's model card."""
    headings = [heading for heading, _ in page_of(account()).card]

    assert headings[:4] == [
        "Uses: Direct Use",
        "Uses: Out-of-Scope Use",
        "Bias, Risks, and Limitations",
        "Recommendations",
    ]


def test_every_group_may_be_hostile() -> None:
    """Markup, halves of characters and long names in every place leave the page whole and without foreign tags."""
    evil = [result(groups=(name, HOSTILE[0]), column=name, sentence=name, advice=name) for name in HOSTILE]
    told = account(findings(*evil, names=(*PUBLISHED, *HOSTILE)), title=HOSTILE[1])
    html = build_bias(replace(told, notes=HOSTILE, use=Use(*[], intended=HOSTILE[0]), subject=HOSTILE[4]))

    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<style>") == 1
    assert "{{" not in html.replace("{{ 7*7 }}", "")
    html.encode("utf-8")


def test_ten_thousand_groups_make_a_light_page() -> None:
    """With 10,000 groups the page stays below a megabyte and says how many lines it leaves out."""
    html = build_bias(account(findings(result(), names=(*PUBLISHED, *(f"group {i}" for i in range(10_000))))))

    assert len(html) < 1_000_000
    assert "9,802 more" in html or "9802 more" in html


def test_the_page_needs_nothing_else() -> None:
    """No script, no address of another place, and a policy that forbids both."""
    html = build_bias(account())

    assert "default-src 'none'" in html
    assert re.findall(r"(?:src|href)=\"(?!#)", html) == []


def test_equal_accounts_give_equal_pages() -> None:
    """The page is a function of its account."""
    assert build_bias(account()) == build_bias(account())


def test_a_summary_has_six_lines() -> None:
    """The summary for the report has the first sentence and one line per kind; a notebook shows the same."""
    found = summary_of(account())

    assert [each["key"] for each in found["six"]] == list(KINDS)
    assert found["lead"] in biases_html(account()).replace("&#39;", "'")


def test_nothing_shown_is_not_nothing_there() -> None:
    """Without a gap the page says that none was shown; without a comparison that there are too few."""
    quiet = findings(result(outcome=Outcome.NOT_SHOWN), result(bias="historical", outcome=Outcome.NOT_SHOWN))

    assert page_of(account(quiet)).lead == "No gap between groups was shown."
    assert page_of(account(findings(result(bias=ERRORS, outcome=Outcome.TOO_FEW)))).lead.startswith("Too few to tell")


def test_no_gap_stands_in_the_middle() -> None:
    """A ratio of 1 and a difference of 0 are drawn in the middle; 2 and 1/2 equally far from it."""
    ratios = Scale.of(Axis.RATIO, [2.0])

    assert Scale.of(Axis.DIFFERENCE, [0.07]).place(0.0) == 0.5
    assert ratios.place(1.0) == 0.5
    assert ratios.place(2.0) + ratios.place(0.5) == pytest.approx(1.0)


@pytest.mark.parametrize("axis", list(Axis))
def test_what_is_beyond_the_axis_stands_at_its_end(axis: Axis) -> None:
    """No figure is drawn outside of the picture, however large."""
    scale = Scale.of(axis, [0.4])

    assert scale.place(1e9) == 1.0
    assert scale.place(-1e9) == 0.0
    assert all(0 <= place <= 1 for place, _ in scale.ticks)


def test_figures_without_an_end_are_said_in_words() -> None:
    """A ratio whose lower rate is 0 has no end; what is not known is said to be so."""
    assert written(Axis.RATIO, float("inf")) == "without end"
    assert written(Axis.SHARE, None) == "not known"
    assert ranged(Axis.SHARE, None, 0.5) == ""


def test_a_picture_keeps_the_rows_that_matter() -> None:
    """Of more rows than fit, gaps stay, in the given order."""
    figures = [Figure(label=str(i), value=0.5, strong=i == 40) for i in range(50)]
    drawn = picture("many", Axis.SHARE, figures)

    assert len(drawn.tracks) == ROWS_MOST
    assert drawn.tracks[-1].label == "40"
    assert drawn.n_more == 50 - ROWS_MOST


def test_small_probabilities_are_not_written_as_none() -> None:
    """A p-value is never written as 0."""
    assert probability(1e-300) == "< 0.001"


@pytest.mark.chromium
@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
def test_the_page_fits_its_reader(browser: Browser, tmp_path: Path, width: int) -> None:
    """On a desk and on a phone nothing runs out of the page, nothing complains, and hostile names break nothing."""
    evil = findings(result(), result(bias="historical", column=HOSTILE[3]), names=(*PUBLISHED, *HOSTILE))
    path = tmp_path / "bias.html"
    path.write_text(build_bias(account(evil)), encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(path.as_uri())

    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.title() == "compas.csv: six kinds of bias"
    assert said == []
    tab.close()


@pytest.mark.chromium
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_kept_out(browser: Browser, tmp_path: Path, colours: str) -> None:
    """Axe finds no barrier in the page, light or dark: contrast, headings, names of tables."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()

    path = tmp_path / "bias.html"
    path.write_text(build_bias(account()), encoding="utf-8")
    tab = browser.new_page(color_scheme="dark" if colours == "dark" else "light")
    tab.goto(path.as_uri())
    found = axe.run(tab).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    tab.close()

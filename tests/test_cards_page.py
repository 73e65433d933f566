"""The study page as a learner meets it: keys, touch, no scripts, two tabs, light and dark."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

import florilegium
from florilegium.cards import Kind
from florilegium.cards.schedule import Rating
from florilegium.project.carding import DeckWish
from florilegium.project.studying import Study
from florilegium.serve.study import create_study
from florilegium.store import CardRecord
from tests.card_making import Clock, basic, study_for_days, study_of
from tests.card_project_making import make_project
from tests.page_serving import serving

DESK: ViewportSize = {"width": 1100, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 780}
HOSTILE = "<script>alert(1)</script>" + "w" * 200


@contextmanager
def page_of(study: Study) -> Iterator[str]:
    """Serve a learner's cards; give the address."""
    with closing(study.record), serving(create_study(study)) as address:
        yield address


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a project with pictures and a model's answers."""
    return make_project(tmp_path_factory.mktemp("page"))


@pytest.fixture
def flowers(made: Path, tmp_path: Path) -> Iterator[tuple[str, Study]]:
    """Serve the cards of a copy of that project."""
    shutil.copytree(made, tmp_path / "flowers")
    with florilegium.load(tmp_path / "flowers") as project:
        study = Study(CardRecord(project.store.url), who="ada", clock=Clock(), project=project)
        study.prepare(DeckWish(shared=False))
        with page_of(study) as address:
            yield address, study


def opened(context: BrowserContext, address: str) -> Page:
    """Open the page; a fault in a script fails the test."""
    tab = context.new_page()

    def fail(error: Any) -> None:
        raise AssertionError(error)

    tab.on("pageerror", fail)
    tab.goto(address)
    return tab


@pytest.mark.chromium
def test_a_card_is_studied_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    """Space shows the answer, 4 grades it, u brings the card back; each is in the record at once."""
    study = study_of(tmp_path, map(basic, range(3)), clock=Clock())
    with page_of(study) as address:
        context = browser.new_context(viewport=DESK)
        tab = opened(context, address)
        expect(tab.get_by_role("heading", level=1)).to_have_text("question 0")
        expect(tab.get_by_text("answer 0")).to_be_hidden()
        tab.keyboard.press("4")  # not before the answer was seen
        tab.keyboard.press(" ")
        expect(tab.get_by_text("answer 0")).to_be_visible()
        tab.keyboard.press("4")
        expect(tab.get_by_role("heading", level=1)).to_have_text("question 1")
        tab.wait_for_load_state()  # the page's own keys are listened to from then on
        graded = [(r.guid, r.rating, r.source) for r in study.record.reviews("ada")]
        tab.keyboard.press("u")
        expect(tab.get_by_role("heading", level=1)).to_have_text("question 0")
        expect(tab.get_by_role("status").first).to_have_text("Taken back. Here is the card again.")

        assert graded == [("note0", Rating.EASY, "page")]
        assert study.record.reviews("ada") == ()
        context.close()


@pytest.mark.chromium
def test_without_scripts_everything_works(browser: Browser, tmp_path: Path) -> None:
    """The answer unfolds and a button grades it, by plain HTML."""
    study = study_of(tmp_path, map(basic, range(3)), clock=Clock())
    with page_of(study) as address:
        context = browser.new_context(viewport=PHONE, java_script_enabled=False)
        tab = opened(context, address)
        tab.get_by_text("Show the answer").click()
        tab.get_by_role("button", name="Good").click()

        expect(tab.get_by_role("heading", level=1)).to_have_text("question 1")
        assert [r.rating for r in study.record.reviews("ada")] == [Rating.GOOD]
        context.close()


@pytest.mark.chromium
def test_a_picture_is_named_before_it_is_looked_up(browser: Browser, flowers: tuple[str, Study]) -> None:
    """The name is taken, judged, fixed once the answer is seen, and kept with the time it took."""
    address, study = flowers
    context = browser.new_context(viewport=DESK)
    tab = opened(context, address)
    expect(tab.get_by_alt_text("the picture to name")).to_be_visible()
    assert tab.evaluate("document.querySelector('.pictures img').naturalWidth") > 100
    tab.get_by_label("Name it before you look").fill("peony 2")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Not peony 2.")).to_be_visible()
    assert tab.get_by_label("Name it before you look").get_attribute("readonly") is not None
    tab.keyboard.press("1")
    expect(tab.get_by_text("1 answered today")).to_be_visible()

    (review,) = study.record.reviews("ada")
    assert (review.said, review.rating) == ("peony 2", Rating.AGAIN)
    assert review.seconds is not None
    assert 0 < review.seconds < 60
    context.close()


@pytest.mark.chromium
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_barrier_and_nothing_runs_over_the_edge(
    browser: Browser, flowers: tuple[str, Study], colours: Any, size: Any
) -> None:
    """Question, answer, progress with its charts, the last word: no barrier, no sideways scrolling."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    address, study = flowers
    clock = study.clock
    assert isinstance(clock, Clock)
    context = browser.new_context(viewport=size, color_scheme=colours, bypass_csp=True)
    tab = opened(context, address)
    found: list[Any] = []
    widths = set()

    def look() -> None:
        tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        found.extend(
            (tab.url, each["id"], each["nodes"][0]["html"][:200]) for each in axe.run(tab).response["violations"]
        )
        widths.add(tab.evaluate("document.documentElement.scrollWidth"))

    look()
    tab.goto(f"{address}progress")
    look()
    study_for_days(study, clock, n_days=8, per_day=6)
    for path in ("", "progress", "nowhere"):
        tab.goto(f"{address}{path}")
        look()
    study.choose(new_per_day=0)
    clock.turn(days=-300)
    tab.goto(address)
    expect(tab.get_by_text("clock is behind")).to_be_visible()
    look()

    assert found == []
    assert widths == {size["width"]}
    context.close()


@pytest.mark.chromium
def test_what_a_card_says_is_never_run(browser: Browser, tmp_path: Path) -> None:
    """A card with a script and a word without end is shown as text, inside the page."""
    note = basic(0, fields={"front": HOSTILE, "back": HOSTILE, "more": HOSTILE, "rights": HOSTILE})
    study = study_of(tmp_path, [note], clock=Clock())
    with page_of(study) as address:
        context = browser.new_context(viewport=PHONE)
        tab = opened(context, address)
        tab.keyboard.press(" ")

        expect(tab.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        assert tab.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert tab.locator("main script").count() == 0
        context.close()


# Without a browser


def test_an_answer_from_another_tab_is_not_counted_twice(tmp_path: Path) -> None:
    """The second form for one showing changes nothing and says so."""
    study = study_of(tmp_path, [basic(0), basic(1)], clock=Clock())
    with page_of(study) as address, httpx.Client(base_url=address) as client:
        form = {"card": "1", "seen": "0", "rating": "3"}
        first, second = (client.post("answer", data=form) for _ in range(2))

        assert (first.headers["location"], second.headers["location"]) == ("/", "/?said=elsewhere")
        assert "nothing was recorded" in client.get("?said=elsewhere").text
        assert len(study.record.reviews("ada")) == 1


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("answer", {"card": "1", "seen": "0", "rating": "5"}, 422),
        ("answer", {"card": "999", "seen": "0", "rating": "3"}, 422),
        ("answer", {"card": "9" * 23, "seen": "0", "rating": "3"}, 422),
        ("answer", {"card": "1", "seen": "9" * 23, "rating": "3"}, 422),
        ("answer", {"card": "x"}, 422),
        ("answer", {"card": "1", "seen": "0", "rating": "3", "said": "w" * 300}, 422),
        ("answer", {"card": "1", "seen": "0", "rating": "3", "seconds": "nan"}, 422),
        ("choices", {"new_per_day": "-4", "retention": "0.9"}, 422),
        ("choices", {"new_per_day": "4", "retention": "nan"}, 422),
        ("nowhere", {}, 404),
    ],
)
def test_a_form_that_does_not_fit_is_refused_in_words(
    tmp_path: Path, path: str, form: dict[str, str], status: int
) -> None:
    """Nothing is recorded; a reader gets a page, a program JSON."""
    study = study_of(tmp_path, [basic(0)], clock=Clock())
    with page_of(study) as address, httpx.Client(base_url=address) as client:
        as_page = client.post(path, data=form, headers={"accept": "text/html"})
        as_json = client.post(path, data=form)

        assert (as_page.status_code, as_json.status_code) == (status, status)
        assert "That did not work" in as_page.text
        assert as_json.json()["error"]["message"]
        assert study.record.reviews("ada") == ()


def test_nobody_from_elsewhere_can_answer_or_read(tmp_path: Path) -> None:
    """A form of another site and a request under another name are refused."""
    study = study_of(tmp_path, [basic(0)], clock=Clock())
    with page_of(study) as address, httpx.Client(base_url=address) as client:
        form = {"card": "1", "seen": "0", "rating": "3"}
        foreign = client.post("answer", data=form, headers={"origin": "https://evil.example"})
        renamed = client.get("", headers={"host": "evil.example"})
        policy = client.get("").headers["content-security-policy"]

        assert (foreign.status_code, renamed.status_code) == (403, 421)
        assert "script-src 'self'" in policy
        assert study.record.reviews("ada") == ()


def test_a_picture_is_asked_for_by_its_name_only(flowers: tuple[str, Study]) -> None:
    """A known picture is sent, a path or an unknown name is not."""
    address, study = flowers
    shown = study.next()
    assert shown is not None
    (name,) = shown.card.note.pictures
    with httpx.Client(base_url=address) as client:
        there = client.get(f"picture/{name}")
        elsewhere = [client.get(f"picture/{each}").status_code for each in ("x.jpg", "..%2F..%2Fflorilegium.db")]

    assert there.headers["content-type"] == "image/jpeg"
    assert there.content.startswith(b"\xff\xd8")
    assert elsewhere == [404, 404]


def test_a_cloze_and_a_text_are_shown_without_markup_of_their_own(tmp_path: Path) -> None:
    """The hidden word is not in the question, and a text example stands as a quotation."""
    cloze = basic(0, kind=Kind.CLOZE, fields={"text": "a {{c1::secret::hint}} here", "more": "", "rights": "CC0"})
    study = study_of(tmp_path, [cloze], clock=Clock())
    with page_of(study) as address:
        html = httpx.get(address).text

    assert ">a [hint] here</h1>" in html
    assert html.index("secret") > html.index("Show the answer")


def test_when_nothing_is_left_it_says_when_the_next_card_comes(tmp_path: Path) -> None:
    """After the last card the page names the day of the next one."""
    study = study_of(tmp_path, [basic(0)], clock=Clock())
    with page_of(study) as address:
        shown = study.next()
        assert shown is not None
        study.answer(shown, Rating.EASY, source="page")  # comes again in eight days
        html = httpx.get(address).text

    assert "Done for today" in html
    assert "1 card will come on 08 December." in html

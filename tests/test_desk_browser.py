"""The labelling pages as people use them: by keyboard alone, on a phone, with the server gone for a while."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from florilegium.project.desk import Desk
from florilegium.serve.desk import create_desk
from florilegium.store import Said
from tests.desk_making import COLOURS, desk_at, trained_project, unlabelled_project
from tests.page_serving import DESK, PHONE, serving

pytestmark = pytest.mark.chromium
PAGES = ("clean", "clean?view=grid", "label", "decide", "meter", "play")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a trained project with wrong labels, and the true colours."""
    folder = tmp_path_factory.mktemp("desk")
    return folder / "project", trained_project(folder)


@pytest.fixture
def desk(made: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Desk]:
    """Sit down at a copy of it, where chance mixes nothing in."""
    with desk_at(made[0], tmp_path / "p", again_share=0.0, control_share=0.0, blind_share=0.0) as desk:
        yield desk


@pytest.fixture
def tab(browser: Browser, desk: Desk) -> Iterator[Page]:
    """Open the clean page; whatever the browser complains of fails the test."""
    with serving(create_desk(desk)) as address:
        context = browser.new_context(viewport=DESK, base_url=address)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/clean")
        expect(page.locator("html")).to_have_class(re.compile("script"))
        yield page
        assert [line for line in said if "404" not in line and "500" not in line and "ERR_" not in line] == []
        context.close()


def test_cleaning_by_keyboard_alone(tab: Page, desk: Desk) -> None:
    """Keep, take the model's word, type another class, cannot tell, take out, and undo all of it: no mouse."""
    names = []
    for keys in (["k"], ["s"], ["/", "Blue", "Enter"], ["u"], ["d"]):
        names.append(tab.locator(".facts bdi").first.inner_text())
        for key in keys:
            if len(key) > 1 and key != "Enter":
                tab.keyboard.type(key)
                expect(tab.locator("#options [role=option]").first).to_be_visible()
            else:
                tab.keyboard.press(key)
        expect(tab.locator("#said")).to_contain_text(names[-1])
        tab.keyboard.press("Escape")
    said = [j.verdict for j in desk.memory.standing]
    for name in reversed(names):
        tab.keyboard.press("z")
        expect(tab.locator("#said")).to_contain_text(f"Took back: {name}")

    assert said[0] is Said.KEEP
    assert said[3:] == [Said.UNSURE, Said.REMOVE]
    assert desk.memory.standing == []


def test_the_beginning_of_a_class_is_asked_about(tab: Page, desk: Desk) -> None:
    """Enter after "blu" records nothing: it says which class is meant, and a second one takes it; nor does no name."""
    tab.keyboard.press("/")
    tab.keyboard.press("Enter")
    expect(tab.locator("#notice")).to_contain_text("Type a class first")
    tab.keyboard.type("blu")
    tab.keyboard.press("Enter")
    expect(tab.locator("#notice")).to_contain_text("Enter again says “blue”")
    n_before = len(desk.memory.standing)
    tab.keyboard.press("Enter")
    expect(tab.locator("#said")).to_contain_text("blue")

    assert n_before == 0
    assert [j.label for j in desk.memory.standing] == ["blue"]


def test_no_key_is_lost_and_none_meets_what_nobody_saw(tab: Page, desk: Desk) -> None:
    """While an answer is on its way a second key is told, not used for the next item; undo waits for its turn."""
    waiting: list[Any] = []
    tab.route("**/judge", lambda route: waiting.append(route))  # noqa: PLW0108 - a bound method is refused
    tab.keyboard.press("k")
    tab.keyboard.press("d")
    expect(tab.locator("#said")).to_contain_text("this key was not used")
    tab.keyboard.press("z")
    waiting[0].continue_()
    expect(tab.locator("#said")).to_contain_text("Took back")

    assert len(waiting) == 1
    assert desk.memory.standing == []


def test_a_fault_of_the_server_is_told_as_it_is(tab: Page) -> None:
    """What the server says of a full disk is shown; it is no silence, and it is not sent again and again."""
    fault = {"error": {"kind": "StorageError", "message": "No space is left on the disk."}}
    tab.route("**/judge", lambda route: route.fulfill(status=500, json=fault))
    with tab.expect_response("**/judge"):
        tab.keyboard.press("k")
    expect(tab.locator("#notice")).to_have_text("No space is left on the disk.")


def test_keys_can_be_switched_off_and_dead_ones_say_so(
    browser: Browser, made: tuple[Path, Any], tmp_path: Path
) -> None:
    """An item asked again has no label to keep: K says so, a number answers; the box of the keys list silences both."""
    with desk_at(made[0], tmp_path / "p", again_share=0.9, blind_share=0.0) as desk:
        with serving(create_desk(desk)) as address:
            page = browser.new_page(base_url=address)
            page.goto("/clean")
            expect(page.locator("h1")).to_have_text("What is this?")
            page.keyboard.press("k")
            expect(page.locator("#said")).to_contain_text("none in sight")
            page.locator("summary").click()
            page.get_by_label("Keys of one sign off").check()
            page.reload()
            page.keyboard.press("1")
            page.locator("summary").click()
            page.get_by_label("Keys of one sign off").uncheck()
            assert desk.memory.standing == []
            page.keyboard.press("1")
            expect(page.locator("#said")).to_contain_text("is ")
            expect(page.locator("h1")).to_be_attached()
            page.close()
        assert [j.task for j in desk.memory.standing] == ["again"]


def test_a_key_held_down_answers_once(tab: Page, desk: Desk) -> None:
    """A key that repeats while it is held down does not run through the list."""
    for _ in range(5):
        tab.keyboard.down("k")
    tab.keyboard.up("k")
    expect(tab.locator("#said")).not_to_be_empty()
    tab.wait_for_timeout(150)

    assert len(desk.memory.standing) == 1


def test_the_grid_by_keyboard(tab: Page, desk: Desk) -> None:
    """Arrows move, a key answers and steps on, and what is left is kept by one button."""
    tab.keyboard.press("g")
    expect(tab.locator("form.tile").first).to_be_focused()
    n = tab.locator("form.tile").count()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("d")
    expect(tab.locator(".tile.is-done")).to_have_count(1)
    tab.keyboard.press("k")
    expect(tab.locator(".tile.is-done")).to_have_count(2)
    tab.keyboard.press("z")
    expect(tab.locator("#said")).to_contain_text("Took back: ")
    expect(tab.locator("form.tile:focus")).to_have_count(1)
    assert len(desk.memory.standing) == 1
    tab.keyboard.press("k")
    expect(tab.locator(".tile.is-done")).to_have_count(2)
    tab.get_by_role("button", name="Keep the rest").click()
    expect(tab.locator(".tile.is-done")).to_have_count(n)

    verdicts = [j.verdict for j in desk.memory.standing]
    assert verdicts.count(Said.REMOVE) == 1
    assert verdicts.count(Said.KEEP) == n - 1


def test_a_key_in_the_grid_answers_its_own_tile(tab: Page, desk: Desk) -> None:
    """S on a tile about which the model says nothing else changes no other tile; buttons say in words what they do."""
    tab.goto("/clean?view=grid")
    lone = tab.locator("form.tile:not(:has([data-key=s]))").first
    lone.focus()
    tab.keyboard.press("s")
    expect(tab.locator("#said")).to_contain_text("nothing to take here")
    label = lone.locator("strong").inner_text()
    names = [button.get_attribute("value") for button in lone.get_by_role("button", name=f"Keep {label}").all()]

    assert desk.memory.standing == []
    assert names == ["keep"]


def test_a_click_survives_a_server_that_is_away(tab: Page, desk: Desk) -> None:
    """While no answer comes the page says so and sends again; then the click is recorded once."""
    away = {"now": True}
    tab.route("**/judge", lambda route: route.abort() if away["now"] else route.continue_())
    tab.keyboard.press("k")
    expect(tab.locator("#notice")).to_contain_text("kept and sent again")
    n_while_away = len(desk.memory.standing)
    away["now"] = False
    expect(tab.locator("#notice")).to_be_hidden(timeout=5000)

    assert n_while_away == 0
    assert len(desk.memory.standing) == 1


def test_colours_are_remembered_and_names_are_sent(tab: Page, desk: Desk) -> None:
    """The chosen colours hold after a reload; a name typed into the head of the page signs what follows."""
    tab.locator("label[title=Dark]").click()
    tab.fill("#who", "Ann")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    tab.locator("main").press("k")
    expect(tab.locator("#said")).not_to_be_empty()

    assert desk.memory.standing[0].who == "Ann"


def test_labelling_from_nothing_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """New classes are typed, and confirmed by a second Enter; then they have keys of their own."""
    truth = unlabelled_project(tmp_path, n=40)
    with desk_at(tmp_path / "project", tmp_path / "project", again_share=0.0, blind_share=0.0) as desk:
        with serving(create_desk(desk)) as address:
            page = browser.new_page(base_url=address)
            page.goto("/")
            for i in range(12):
                name = page.locator(".facts bdi").first.inner_text()
                keys = {each.inner_text(): each for each in page.locator(".classes button bdi").all()}
                if truth[name] in keys:
                    page.keyboard.press(str(list(keys).index(truth[name]) + 1))
                else:
                    page.keyboard.press("/")
                    page.keyboard.type(truth[name])
                    page.keyboard.press("Enter")
                    if keys:  # the first class needs no second Enter
                        expect(page.locator("#notice")).to_contain_text("Enter again")
                        page.keyboard.press("Enter")
                expect(page.locator("#said")).to_contain_text(name, timeout=5000)
                assert len(desk.memory.standing) == i + 1
            page.close()
        assert desk.memory.classes == tuple(sorted(COLOURS))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_runs_over_the_edge(tab: Page, size: Any) -> None:
    """No page scrolls sideways on a desk or a phone."""
    tab.set_viewport_size(size)
    for path in PAGES:
        tab.goto(f"/{path}")

        assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"], path


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_kept_out(tab: Page, colours: str) -> None:
    """Axe finds no barrier on any page, light or dark, also in the middle of a game."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    tab.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    found = []
    for path in PAGES:
        tab.goto(f"/{path}")
        found += [(path, v["id"], v["nodes"][0]["html"][:120]) for v in axe.run(tab).response["violations"]]
    tab.get_by_role("button", name="Play").click()
    expect(tab.locator(".classes button").first).to_be_visible()
    found += [("game", v["id"], v["nodes"][0]["html"][:120]) for v in axe.run(tab).response["violations"]]

    assert found == []

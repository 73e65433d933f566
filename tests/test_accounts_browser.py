"""Accounts in a real browser: by keyboard, on a phone, without https, and with names that would do harm."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from florilegium.project.accounts import Role
from florilegium.serve.accounts.gate import LOGIN
from tests.accounts_making import NAMES, PASSWORD, add_everybody, hash_quickly
from tests.accounts_whole import make_project, whole_of
from tests.page_serving import DESK, PHONE, serving
from tests.site_serving import CHROMIUM_CHOICES, chromium_path

pytestmark = pytest.mark.chromium
EVIL = "<img src=x onerror=document.title='owned'>\"'"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Give the app of a project with people of all roles, and one whose name is markup."""
    folder = make_project(tmp_path_factory.mktemp("whole"))
    with pytest.MonkeyPatch.context() as patch, whole_of(folder) as app:
        hash_quickly(patch)
        add_everybody(app.state.gate.accounts)
        app.state.gate.accounts.add(EVIL, PASSWORD, role=Role.OWNER)
        yield app


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    """Serve it."""
    with serving(app) as address:
        yield address


def complaints(page: Page) -> list[str]:
    """Gather what the browser complains of from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def let_in(context: BrowserContext, app: FastAPI, name: str, address: str) -> None:
    """Give a browser somebody's session."""
    signed = app.state.gate.accounts.sign_in(name, PASSWORD)
    context.add_cookies([{"name": LOGIN, "value": signed.token, "url": address}])


def test_the_whole_way_by_keyboard(browser: Browser, app: FastAPI, address: str) -> None:
    """Sign in, invite, accept, label one item, sign out: no mouse, and the record says the account's name."""
    context = browser.new_context(viewport=DESK, base_url=address)
    page = context.new_page()
    said = complaints(page)
    page.goto("/people")
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("People")
    page.get_by_label("Name").focus()
    page.keyboard.type("Nora")
    page.keyboard.press("Enter")
    link = page.get_by_label("The link").input_value()

    guest = browser.new_context(viewport=PHONE, base_url=address).new_page()
    said_to_guest = complaints(guest)
    guest.goto(link)
    guest.get_by_label("New password").focus()
    guest.keyboard.type(PASSWORD)
    guest.keyboard.press("Tab")
    guest.keyboard.type(PASSWORD)
    guest.keyboard.press("Enter")
    expect(guest.locator(".me")).to_contain_text("Nora")
    guest.goto("/label/clean")
    expect(guest.locator("html")).to_have_class(re.compile("script"))
    item = guest.locator(".facts bdi").first.inner_text()
    guest.keyboard.press("k")
    expect(guest.locator("#said")).to_contain_text(item)
    kept = app.state.whole.project.store.label_events()[-1]
    guest.get_by_role("button", name="Sign out").click()
    expect(guest.locator("h1")).to_have_text("Sign in")

    assert (kept.name, kept.who) == (item, "Nora")
    # What the page was still asking for when its session ended is refused, as it should be.
    assert said + [line for line in said_to_guest if "401" not in line] == []


def test_a_name_of_markup_runs_nowhere(browser: Browser, app: FastAPI, address: str) -> None:
    """On no page does a name become markup; the page's policy is never even asked."""
    context = browser.new_context(viewport=DESK, base_url=address)
    let_in(context, app, EVIL, address)
    page = context.new_page()
    said = complaints(page)
    for path in ("/people", "/home", "/password", "/label/clean", "/label/meter", "/label/play"):
        page.goto(path)
        expect(page.locator(".me bdi")).to_have_text(EVIL)

        assert page.locator("img[src=x]").count() == 0
        assert "owned" not in page.title()
    assert said == []
    context.close()


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_the_pages_have_no_barriers(
    browser: Browser, app: FastAPI, address: str, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    """axe-core finds nothing serious, and nothing is wider than the screen."""
    context = browser.new_context(viewport=size, color_scheme=scheme, base_url=address)
    page = context.new_page()
    token = app.state.gate.accounts.invite("Bea", role=Role.LABELLER).token
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    serious = []
    for path in ("/login", f"/invitation/{token}", "/home", "/people", "/password", "/label/clean", "/nothing"):
        if path == "/home":
            let_in(context, app, NAMES[Role.OWNER], address)
        page.goto(path)
        found = axe.run(page).response["violations"]
        serious += [(path, each["id"]) for each in found if each["impact"] in ("serious", "critical")]

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert serious == []
    context.close()


def test_signing_in_works_in_a_network_without_https(browser: Browser, address: str) -> None:
    """There a browser says less of where a form comes from; its own page's form is taken all the same."""
    choices = [*CHROMIUM_CHOICES, "--host-resolver-rules=MAP flowers.test 127.0.0.1"]
    started = browser.browser_type.launch(executable_path=chromium_path(), args=choices)
    page = started.new_page()
    page.goto(address.replace("127.0.0.1", "flowers.test") + "login")
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".me")).to_contain_text("rita")
    started.close()

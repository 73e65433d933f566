"""The monitor's served page and the figures for Prometheus: who may read them, and what a browser makes of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families

from florilegium.project import Project
from florilegium.project.accounts import Role
from florilegium.serve.whole import create_whole
from tests.accounts_making import HERE, NAMES, add_everybody, quick_passwords, signed_in  # noqa: F401 - a fixture
from tests.monitor_store import fill
from tests.recourse_making import Moving, make_project

WIDTHS = (390, 1200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a trained project and fill it with live answers."""
    made = make_project(tmp_path_factory.mktemp("pages"))
    with Project(made, clock=Moving()) as project:
        fill(project, n=200)
    return made


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Iterator[Project]:
    """Open a copy."""
    shutil.copytree(folder, tmp_path / "project")
    with Project(tmp_path / "project", clock=Moving()) as project:
        yield project


def browser_at(project: Project, host: str = "127.0.0.1") -> TestClient:
    """Give a program at an address of a machine."""
    return TestClient(create_whole(project, is_here=True), base_url=HERE, client=(host, 5000))


def test_the_page_is_drawn_on_the_server(project: Project) -> None:
    """The page needs no script, allows none, and is drawn again only where something was recorded."""
    client = browser_at(project)
    first, again = client.get("/monitor"), client.get("/monitor")

    assert first.status_code == 200
    assert "default-src 'none'" in first.headers["content-security-policy"]
    assert "unsafe-inline" not in first.headers["content-security-policy"]
    assert "<script" not in first.text
    assert "style=" not in first.text
    assert first.text == again.text
    assert client.get("/monitor?since=never").status_code == 422
    assert client.get("/monitor?since=2026-11-25").status_code == 200


@pytest.mark.usefixtures("quick_passwords")
def test_the_page_is_for_reviewers(project: Project) -> None:
    """A labeller and nobody are refused, reviewers and owners see it; figures are for this machine and for owners."""
    app = create_whole(project, is_here=True)
    accounts = project.user()
    add_everybody(accounts)
    statuses = {role: signed_in(app, accounts, NAMES[role]).get("/monitor").status_code for role in Role}
    figures = {role: signed_in(app, accounts, NAMES[role]).get("/metrics").status_code for role in Role}
    nobody = TestClient(app, base_url=HERE, follow_redirects=False)

    assert statuses == {Role.LABELLER: 403, Role.REVIEWER: 200, Role.OWNER: 200}
    assert figures == {Role.LABELLER: 403, Role.REVIEWER: 403, Role.OWNER: 200}
    assert nobody.get("/monitor").status_code in {303, 401}
    assert nobody.get("/metrics").status_code in {303, 401}
    assert TestClient(app, base_url=HERE, client=("127.0.0.1", 1)).get("/metrics").status_code == 200
    proxied = TestClient(app, base_url=HERE, client=("127.0.0.1", 1), follow_redirects=False)
    assert proxied.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"}).status_code in {303, 401}
    elsewhere = TestClient(app, base_url="http://evil.example", client=("127.0.0.1", 1), follow_redirects=False)
    assert elsewhere.get("/metrics").status_code != 200


def test_figures_are_those_of_the_record(project: Project) -> None:
    """Prometheus' own parser reads the same counts that the store holds, and no hash, ticket or name."""
    client = browser_at(project)
    client.get("/monitor")
    text = client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    answers = sum(sample.value for sample in families["florilegium_predictions"].samples)
    cases = sum(sample.value for sample in families["florilegium_cases"].samples)
    timed = {sample.labels["route"] for sample in families["florilegium_request_seconds"].samples}

    assert answers == project.store.live.count() == 200
    assert cases == len(project.store.cases.all())
    assert families["florilegium_audits_answered"].samples[0].value > 10
    assert families["florilegium_queue_depth"].samples[0].value > 0
    assert "/monitor" in timed
    assert not any(word in text for word in ("ann", "north", "0000000000"))


def test_labels_stay_few(project: Project) -> None:
    """A thousand paths that nobody has are one route; two apps do not share a registry."""
    client = browser_at(project)
    for i in range(50):
        client.get(f"/nothing/{i}")
    text = client.get("/metrics").text

    assert "/nothing" not in text
    assert 'route="(other)"' in text
    assert browser_at(project).get("/metrics").text.count('route="(other)"') < text.count('route="(other)"')


@pytest.mark.chromium
def test_the_page_can_be_read_by_all(project: Project, browser: Browser) -> None:
    """On phone and desk nothing is wider than the window, axe finds no serious barrier, and nothing is blocked."""
    rich = project.monitor().path
    assert rich is not None
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(rich.as_uri())
    barriers = Axe().run(page).response["violations"]

    assert [each["id"] for each in barriers if each["impact"] in {"serious", "critical"}] == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg rect").count() > 50
    assert said == []
    page.close()

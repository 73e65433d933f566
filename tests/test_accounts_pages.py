"""Signing in and out, invitations, the owner's page: as people use them, and as attackers try."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from florilegium.project.accounts import Accounts, LastOwner, Role
from florilegium.serve.accounts.gate import KNOWN, LOGIN
from tests.accounts_making import (
    ELSEWHERE,
    HERE,
    PASSWORD,
    Clock,
    accounts_at,
    add_everybody,
    quick_passwords,  # noqa: F401 - a fixture
    signed_in,
)
from tests.accounts_whole import make_project, whole_of

pytestmark = pytest.mark.usefixtures("quick_passwords")
NEW = "another four words here"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project once."""
    return make_project(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def app(made: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FastAPI]:
    """Give the app, with a record of its own and people of all roles."""
    monkeypatch.setenv("FLORILEGIUM_DATABASE", f"sqlite:///{tmp_path / 'own.db'}")
    with whole_of(made, clock=clock, desk=False) as app:
        add_everybody(app.state.gate.accounts)
        yield app


@pytest.fixture
def accounts(app: FastAPI) -> Accounts:
    """Give the accounts of the app."""
    found: Accounts = app.state.gate.accounts
    return found


def browser(app: FastAPI, base_url: str = HERE, *, address: str = "192.0.2.1") -> TestClient:
    """Give a browser at an address."""
    client = TestClient(app, base_url=base_url, follow_redirects=False, client=(address, 50_000))
    client.headers["accept"] = "text/html"
    return client


def post(client: TestClient, path: str, *, page: str = "/login", **fields: str) -> Any:
    """Load a page and send its form."""
    token = re.search(r'name="csrf" content="(\w+)"', client.get(page).text)
    assert token is not None
    return client.post(path, data={"csrf": token[1], **fields})


def try_password(client: TestClient, name: str, password: str, **fields: str) -> Any:
    """Send the form of the login page."""
    return post(client, "/login", name=name, password=password, **fields)


def test_signing_in_leads_where_one_wanted_to_go(app: FastAPI) -> None:
    """A page that needs an account leads to the login page and from there back; then the bar says who one is."""
    client = browser(app)
    sent = client.get("/people?a=b")
    login = client.get(sent.headers["location"])
    goal = re.search(r'name="next" value="([^"]*)"', login.text)
    assert goal is not None
    done = try_password(client, "Olga", PASSWORD, next=goal[1])

    assert (sent.status_code, done.status_code) == (303, 303)
    assert done.headers["location"] == "/people?a=b"
    assert "<bdi>olga</bdi>" in client.get("/people").text


def test_signing_in_leads_to_no_other_site(app: FastAPI) -> None:
    """Whatever the address says, one lands on a page of ours."""
    goals = ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]
    goals += ["/a\r\nX: y", "/\t/evil", "", "evil"]
    for goal in goals:
        client = browser(app, address=f"192.0.2.{len(goal)}")
        page = client.get("/login", params={"next": goal})
        done = try_password(client, "olga", PASSWORD, next=goal)
        app.state.gate.accounts.set_password("olga", PASSWORD)

        assert 'name="next"' not in page.text
        assert done.headers["location"] == "/home", goal


def test_a_session_is_new_at_every_login(app: FastAPI) -> None:
    """A cookie that was planted before, or was another person's, is worth nothing after."""
    client = browser(app)
    planted = "planted-by-somebody-who-waits-here"
    client.cookies.set(LOGIN, planted, domain="127.0.0.1")
    try_password(client, "rita", PASSWORD)
    first = client.cookies[LOGIN]
    post(client, "/login", page="/home", name="olga", password=PASSWORD)
    thief = browser(app)
    thief.cookies.set(LOGIN, first)

    assert len({planted, first, client.cookies[LOGIN]}) == 3
    assert client.get("/people").status_code == 200
    assert thief.get("/home").status_code == 303  # the browser's old session ended when somebody else signed in


def test_signing_out_ends_the_session_on_the_server(app: FastAPI, accounts: Accounts) -> None:
    """A cookie that was copied before is worth nothing after."""
    client = signed_in(app, accounts, "rita")
    client.follow_redirects = False
    copied = client.cookies[LOGIN]
    done = post(client, "/logout", page="/home")
    thief = browser(app)
    thief.cookies.set(LOGIN, copied)

    assert done.headers["location"] == "/login"
    assert thief.get("/home").status_code == 303


def test_an_unknown_name_and_a_wrong_password_read_the_same(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither words, nor status, nor the work done tell whether a name exists; a closed account is no exception."""
    from florilegium.project.accounts import passwords

    app.state.gate.accounts.remove("lars")
    compared: list[str] = []
    hasher = passwords._hasher()

    class Counting:
        """Counts comparisons."""

        def verify(self, kept: str, password: str) -> bool:
            """Compare as before."""
            compared.append(kept)
            return bool(hasher.verify(kept, password))

        hash = staticmethod(hasher.hash)
        check_needs_rehash = staticmethod(hasher.check_needs_rehash)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    answers = [try_password(browser(app), name, "no such password") for name in ("nobody", "olga", "lars")]
    cleaned = {re.sub(r'(content|value)="[^"]*"', "", answer.text) for answer in answers}

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len(cleaned) == 1
    assert len(compared) == 3


def test_guessing_is_slowed_and_says_when_to_come_back(app: FastAPI, accounts: Accounts) -> None:
    """Ten tries for one name, whoever sends them; the person's own browser is not held up by a stranger's tries."""
    own = browser(app, address="192.0.2.9")
    try_password(own, "rita", PASSWORD)
    statuses = [try_password(browser(app, address=f"192.0.2.{i}"), "rita", "guess number one") for i in range(20, 32)]
    late = statuses[-1]
    right_but_late = try_password(browser(app, address="192.0.2.77"), "rita", PASSWORD)
    post(own, "/logout", page="/home")
    back = try_password(own, "rita", PASSWORD)

    assert [answer.status_code for answer in statuses] == [401] * 9 + [429] * 3  # her own first login counts too
    assert 0 < int(late.headers["retry-after"]) <= 600
    assert "Wait" in late.text
    assert right_but_late.status_code == 429
    assert back.status_code == 303
    assert accounts.exist()


def test_a_forged_known_browser_counts_as_a_stranger(app: FastAPI) -> None:
    """The cookie that lifts the limit cannot be made up, nor be used for another person."""
    own = browser(app, address="192.0.2.9")
    try_password(own, "lars", PASSWORD)
    stolen = own.cookies[KNOWN]
    statuses = []
    for value in (stolen, "x.y", ".", f"{stolen}0"):
        for i in range(3):
            client = browser(app, address=f"198.51.100.{i}")
            client.cookies.set(KNOWN, value)
            statuses.append(try_password(client, "olga", "guess number one").status_code)

    assert statuses == [401] * 10 + [429] * 2


def test_one_address_cannot_try_all_names(app: FastAPI) -> None:
    """Sixty tries from one address, over any names; another address is not held up."""
    client = browser(app)
    token = re.search(r'name="csrf" content="(\w+)"', client.get("/login").text)
    assert token is not None
    statuses = [
        client.post("/login", data={"csrf": token[1], "name": f"n{i}", "password": "x"}).status_code for i in range(61)
    ]

    assert statuses == [401] * 60 + [429]
    assert try_password(browser(app, address="192.0.2.2"), "olga", PASSWORD).status_code == 303


def twice(password: str) -> dict[str, str]:
    """Give the fields of a form that asks for a new password."""
    return {"password": password, "again": password}


def link_in(page: Any) -> str:
    """Give the path of the link that the owner's page shows."""
    found = re.search(r'id="link" value="[^"]*(/invitation/[^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_an_invitation_works_once(app: FastAPI, accounts: Accounts) -> None:
    """The owner makes a link, the guest sets a password and is signed in; the link is worth nothing after that."""
    owner, guest, thief = signed_in(app, accounts, "olga"), browser(app), browser(app)
    path = link_in(post(owner, "/people/invite", page="/people", name="Nora", role="reviewer"))
    weak = post(guest, path, page=path, **twice("nora"))
    differs = post(guest, path, page=path, **{**twice(NEW), "again": PASSWORD})
    done = post(guest, path, page=path, **twice(NEW))
    late = thief.get(path)

    assert "at least 12" in weak.text
    assert "differ" in differs.text
    assert done.headers["location"] == "/home"
    assert "Nora" in guest.get("/home").text
    assert late.status_code == 404
    assert post(thief, path, password=PASSWORD, again=PASSWORD).status_code == 404
    assert [a.role for a in accounts.list() if a.name == "Nora"] == [Role.REVIEWER]


def test_a_link_ends_after_a_week_and_when_a_newer_one_is_made(app: FastAPI, accounts: Accounts, clock: Clock) -> None:
    """Old links, replaced ones and ones that were taken back lead nowhere."""
    first, second = (accounts.invite("Nora", role=Role.LABELLER).token for _ in range(2))
    client = browser(app)
    replaced, good = (client.get(f"/invitation/{token}").status_code for token in (first, second))
    clock.now += timedelta(days=7)
    old = client.get(f"/invitation/{second}").status_code
    third = accounts.invite("Nora", role=Role.LABELLER).token
    accounts.withdraw("nora")

    assert (replaced, good, old) == (404, 200, 404)
    assert client.get(f"/invitation/{third}").status_code == 404


def test_a_reset_takes_the_old_password_at_once(app: FastAPI, accounts: Accounts) -> None:
    """Sessions end, the old password is wrong, and the link sets a new one."""
    owner, rita = signed_in(app, accounts, "olga"), signed_in(app, accounts, "rita")
    rita.follow_redirects = False
    path = link_in(post(owner, "/people/reset", page="/people", name="rita"))
    out, wrong = rita.get("/home").status_code, try_password(browser(app), "rita", PASSWORD).status_code
    done = post(browser(app), path, page=path, password=NEW, again=NEW)

    assert (out, wrong, done.status_code) == (401, 401, 303)
    assert accounts.sign_in("rita", NEW) is not None


def test_changing_ones_password_signs_out_everywhere_else(app: FastAPI, accounts: Accounts) -> None:
    """The old one has to be right and the new one strong; other sessions end, this one goes on under a new cookie."""
    here, there = (signed_in(app, accounts, "lars") for _ in range(2))
    here.follow_redirects = there.follow_redirects = False
    before = here.cookies[LOGIN]
    wrong = post(here, "/password", page="/home", old="not this one", password=NEW, again=NEW)
    weak = post(here, "/password", page="/home", old=PASSWORD, **twice("larslarslars"))
    done = post(here, "/password", page="/home", old=PASSWORD, password=NEW, again=NEW)

    assert (wrong.status_code, weak.status_code, done.status_code) == (422, 422, 303)
    assert here.get("/home", headers={"cookie": f"{LOGIN}={before}"}).status_code == 401
    assert there.get("/home").status_code == 401
    assert accounts.sign_in("lars", PASSWORD) is None


def test_the_last_owner_stays(app: FastAPI, accounts: Accounts) -> None:
    """Neither the page nor the store closes or demotes the only owner; with a second one it can be done."""
    owner = signed_in(app, accounts, "olga")
    closed = post(owner, "/people/remove", page="/people", name="olga")
    demoted = post(owner, "/people/role", page="/people", name="olga", role="labeller")
    with pytest.raises(LastOwner):
        accounts.remove("Olga")
    accounts.set_role("rita", Role.OWNER)
    accounts.remove("olga")

    assert (closed.status_code, demoted.status_code) == (409, 409)
    assert "only owner" in closed.text
    assert owner.get("/people").status_code == 401


def test_names_that_could_do_harm_are_refused(clock: Clock, tmp_path: Path) -> None:
    """Line breaks, signs that are not seen or turn the writing, and the name of the source itself."""
    names = [
        "a\r\nSet-Cookie: x=y",
        "a\x00b",
        "",
        "  ",
        "\u202eevil",
        "import",
        "x" * 61,
        "\ufdfa" * 60,
        "a\u200bb",
        "a  b ",
    ]
    with accounts_at(tmp_path, clock) as accounts:
        for name in names:
            with pytest.raises(Exception, match="name"):
                accounts.add(name, PASSWORD, role=Role.OWNER)
            with pytest.raises(Exception, match="name"):
                accounts.invite(name, role=Role.OWNER)

        assert not accounts.exist()


def test_a_name_is_text_wherever_it_is_shown(app: FastAPI, accounts: Accounts) -> None:
    """Markup in a name is escaped on every page, in attributes too."""
    evil = "<img src=x onerror=alert(1)>\"'"
    accounts.add(evil, PASSWORD, role=Role.OWNER)
    client = signed_in(app, accounts, evil)
    pages = [client.get(path).text for path in ("/people", "/home", "/password")]

    assert [page for page in pages if "<img" in page] == []
    assert "&lt;img" in pages[0]


def test_over_https_every_cookie_is_marked(app: FastAPI) -> None:
    """Behind a proxy with TLS all cookies are Secure, HttpOnly, for this host and all its paths alone."""
    app.state.gate.url = f"{ELSEWHERE}/"
    client = browser(app, ELSEWHERE)
    client.get("/login")
    cookies = try_password(client, "olga", PASSWORD).headers.get_list("set-cookie")

    assert len(cookies) >= 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_the_store_holds_no_secret_in_clear(app: FastAPI, accounts: Accounts, tmp_path: Path) -> None:
    """Neither a password, nor a cookie, nor a link can be read in the database's file."""
    client = browser(app)
    try_password(client, "olga", PASSWORD)
    token = accounts.invite("Nora", role=Role.LABELLER).token
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))

    assert [word for word in (PASSWORD, client.cookies[LOGIN], token) if word.encode() in kept] == []
    assert b"$argon2id$" in kept


def test_without_accounts_the_login_page_says_how_to_begin(
    made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A public server without accounts answers its public pages and names the command."""
    monkeypatch.setenv("FLORILEGIUM_DATABASE", f"sqlite:///{tmp_path / 'empty.db'}")
    with whole_of(made, is_here=False, desk=False) as app:
        client = browser(app, "http://flowers.example")

        assert client.get("/").status_code == 200
        assert client.get("/people").status_code == 303
        assert "florilegium user add" in client.get("/login").text

"""Every route of a project's server, and who may use it. A new route fails these tests until it has a row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from florilegium.project.accounts import Role
from tests.accounts_making import HERE, NAMES, add_everybody, hash_quickly, signed_in
from tests.accounts_whole import every_route, make_project, whole_of

PUBLIC = None
# Who may: the least role that is enough, or everybody.
TABLE: dict[Role | None, str] = {
    PUBLIC: """
        GET /                      POST /                     POST /api/predict          GET /api/card
        GET /healthz               GET /readyz                GET /docs                  GET /openapi.json
        GET /login                 POST /login                POST /logout
        GET /invitation/{token}    POST /invitation/{token}
        GET /style.css             GET /theme.js              GET /app.js                GET /icon.svg
        GET /icon-192.png          GET /engine.js             GET /staff.css             GET /staff.js
        GET /theme_choice.js       GET /contest.js            GET /recourse.css          GET /recourse.js
        GET /resend.js             GET /keys.js               GET /sending.js
        GET /appeal/{ticket}       POST /appeal/{ticket}      POST /api/appeals          GET /api/appeals/{link}
        GET /case/{link}           GET /case/{link}/erase     GET /case/{link}/data      POST /case/{link}/{act}
        GET /label/desk.css        GET /label/desk.js         GET /label/keys.js         GET /label/combobox.js
        GET /label/grid.js         GET /label/sending.js      GET /label/style.css       GET /label/theme.js
        GET /label/icon.svg
    """,
    Role.LABELLER: """
        GET /home                  GET /report                GET /audit                 GET /bias
        GET /password              POST /password
        GET /label/                GET /label/clean           GET /label/label           GET /label/decide
        GET /label/third           POST /label/judge          POST /label/undo           POST /label/who
        GET /label/tally           GET /label/classes         GET /label/meter           GET /label/numbers.json
        GET /label/item/{row}/{size}
        GET /label/play            POST /label/play/start     POST /label/play/guess     POST /label/play/stop
    """,
    Role.REVIEWER: """
        GET /review                              GET /review/{number:int}
        GET /review/{number:int}/picture         GET /review/{number:int}/near/{i:int}
        POST /review/{number:int}/take           POST /review/{number:int}/blind
        POST /review/{number:int}/decide         POST /review/{number:int}/back
        POST /review/{number:int}/ask            POST /review/{number:int}/second
    """,
    Role.OWNER: """
        GET /people                POST /people/invite        POST /people/reset         POST /people/withdraw
        POST /people/role          POST /people/remove
        GET /review/doubts         GET /review/trail          GET /review/trail.json
    """,
}
ROWS = {
    (words[i], words[i + 1]): role
    for role, text in TABLE.items()
    for words in [text.split()]
    for i in range(0, len(words), 2)
}
# Programs ask these without having loaded a page; they change nothing that belongs to somebody.
# Whoever has a ticket may use it: it stands in the address, and no page of another site knows it.
WITHOUT_TOKEN = {
    ("POST", "/"),
    ("POST", "/api/predict"),
    ("POST", "/api/appeals"),
    ("POST", "/appeal/{ticket}"),
    ("POST", "/case/{link}/{act}"),
}
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project once."""
    return make_project(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[FastAPI]:
    """Give its app, with people of all roles."""
    with pytest.MonkeyPatch.context() as patch:
        hash_quickly(patch)
        with whole_of(folder) as app:
            add_everybody(app.state.gate.accounts)
            yield app


def browser_as(app: FastAPI, role: Role | None) -> TestClient:
    """Give a browser in which somebody of a role has signed in, or nobody."""
    if role is None:
        return TestClient(app, base_url=HERE, follow_redirects=False)
    client = signed_in(app, app.state.gate.accounts, NAMES[role])
    client.follow_redirects = False
    return client


def asked(client: TestClient, method: str, path: str, **headers: str) -> int:
    """Ask for a route with an empty form; give the status."""
    names = {"row": 0, "size": "small", "ticket": "none", "link": "none", "act": "tell", "number": 1, "i": 0}
    path = path.replace(":int", "").format(token="nobody-has-this", **names)  # noqa: S106 - no password
    return client.request(method, path, headers=headers).status_code


def token_of(client: TestClient) -> str:
    """Give the token that stands in a page."""
    return (
        client.get("/login" if client.get("/home").status_code != 200 else "/home")
        .text.split('name="csrf" content="')[1]
        .split('"')[0]
    )


def test_every_route_has_a_row(app: FastAPI) -> None:
    """What the server answers and what the table says are the same routes."""
    assert set(every_route(app)) == set(ROWS)


@pytest.mark.parametrize("role", [PUBLIC, *Role], ids=["nobody", *Role])
def test_every_route_lets_in_whom_it_should_and_nobody_else(app: FastAPI, role: Role | None) -> None:
    """Each route times each role: let in where the table says so, refused with 401 or 403 where not."""
    wrong = []
    for (method, path), needed in ROWS.items():
        client = browser_as(app, role)  # a new one: some routes sign out
        status = asked(client, method, path, **{"x-csrf-token": token_of(client)})
        is_in = status not in REFUSED
        should = needed is PUBLIC or (role is not None and role.may(needed))
        if is_in is not should or status == 500:
            wrong.append((method, path, status))

    assert wrong == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": "wrong"},
        {"origin": "https://evil.example", "good": "yes"},
        {"sec-fetch-site": "cross-site", "good": "yes"},
        {"sec-fetch-site": "same-site", "good": "yes"},
    ],
    ids=["missing", "wrong", "origin", "cross-site", "same-site"],
)
def test_nothing_is_changed_by_a_page_that_is_not_ours(app: FastAPI, headers: dict[str, str]) -> None:
    """Every route that changes something refuses an owner's browser without the token, and with it from elsewhere."""
    client = browser_as(app, Role.OWNER)
    is_foreign = "good" in headers
    given = {name: value for name, value in headers.items() if name != "good"}
    if is_foreign:
        given["x-csrf-token"] = token_of(client)
    changing = [row for row in ROWS if row[0] == "POST" and (is_foreign or row not in WITHOUT_TOKEN)]

    assert [row for row in changing if asked(client, *row, **given) != 403] == []

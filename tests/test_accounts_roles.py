"""Every route says who may use it; the gate holds them to it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import HTMLResponse, Response

from florilegium.project.accounts import Accounts, Role
from florilegium.serve.accounts import Gate, Person, Visits, csrf_of, labeller, owner, public, public_form, reviewer
from florilegium.serve.accounts.gate import LOGIN
from florilegium.serve.accounts.roles import HEADER
from florilegium.serve.edge import translate_errors
from tests.accounts_making import (
    ELSEWHERE,
    HERE,
    NAMES,
    PASSWORD,
    Clock,
    accounts_at,
    add_everybody,
    quick_passwords,  # noqa: F401 - a fixture
    signed_in,
)

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    """Give the accounts of an empty project."""
    with accounts_at(tmp_path, clock) as accounts:
        yield accounts


def app_of(gate: Gate) -> FastAPI:
    """Make an app with a route per role, one that forgot to say, and one that gives the token away."""
    app = FastAPI()
    app.add_middleware(Visits, gate=gate)
    translate_errors(app)
    for name, role in (("labeller", labeller), ("reviewer", reviewer), ("owner", owner), ("form", public_form)):

        async def answer(person: Annotated[Person, Depends(role)]) -> str:
            return person.name

        app.add_api_route(f"/{name}", answer, methods=["GET", "POST"])

    @app.get("/forgotten")
    def forgotten() -> str:
        return "secret"

    @app.get("/public", dependencies=[Depends(public)])
    def token(request: Request) -> Response:
        return HTMLResponse(csrf_of(request))

    return app


def browser(gate: Gate, base_url: str = HERE) -> TestClient:
    """Give a browser without cookies before the app."""
    return TestClient(app_of(gate), base_url=base_url)


def as_(role: Role, accounts: Accounts) -> TestClient:
    """Give a browser in which somebody of a role has signed in, in a project with people of all roles."""
    if not accounts.exist():
        add_everybody(accounts)
    return signed_in(app_of(Gate(accounts=accounts, is_here=True)), accounts, NAMES[role])


def test_a_route_that_forgot_to_say_who_may_use_it_answers_nobody(accounts: Accounts) -> None:
    """Nothing is open by mistake: the owner of the machine gets an error as well."""
    answer = browser(Gate(accounts=accounts, is_here=True)).get("/forgotten")

    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_at_this_machine_without_accounts_everything_is_allowed(accounts: Accounts) -> None:
    """Nobody has to sign in; what changes something still needs the token that our pages carry."""
    client = browser(Gate(accounts=accounts, is_here=True))
    token = client.get("/public").text

    assert client.get("/owner").json() == "owner"
    assert client.post("/owner").status_code == 403
    assert client.post("/owner", headers={HEADER: token}).json() == "owner"
    assert client.post("/owner", data={"csrf": token}).json() == "owner"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"x-forwarded-for": "192.0.2.1"}, 401),
    ],
    ids=["rebinding", "origin", "fetch", "proxy"],
)
def test_at_this_machine_nobody_else_is_let_in(accounts: Accounts, headers: dict[str, str], status: int) -> None:
    """Another name for this machine, a page of another site and whoever came through a proxy are refused."""
    client = browser(Gate(accounts=accounts, is_here=True))
    token = client.get("/public").text

    assert client.post("/owner", headers={HEADER: token, **headers}).status_code == status


def test_the_first_account_closes_the_door(accounts: Accounts) -> None:
    """As soon as there is an account, sitting at this machine is not enough."""
    client = browser(Gate(accounts=accounts, is_here=True))
    before = client.get("/labeller").status_code
    accounts.add("ann", PASSWORD, role=Role.OWNER)

    assert before == 200
    assert client.get("/labeller").status_code == 401
    assert client.get("/public").status_code == 200


def test_elsewhere_without_accounts_only_public_routes_answer(accounts: Accounts) -> None:
    """A server that others reach lets nobody in whom it does not know."""
    client = browser(Gate(accounts=accounts, is_here=False), "http://example.org")

    assert client.get("/public").status_code == 200
    assert [client.get(f"/{role}").status_code for role in Role] == [401, 401, 401]


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_those_below_may(accounts: Accounts, role: Role) -> None:
    """A labeller labels, a reviewer reviews and labels, an owner does all."""
    client = as_(role, accounts)

    allowed = [client.get(f"/{needed}").status_code == 200 for needed in Role]
    assert allowed == [role.may(needed) for needed in Role]


@pytest.mark.parametrize("given", [None, "", "wrong", "é\u20ac", "other"])
def test_without_the_sessions_own_token_nothing_is_changed(accounts: Accounts, given: str | None) -> None:
    """A form without the token, with a wrong one or with that of another session is refused."""
    client = as_(Role.OWNER, accounts)
    if given == "other":
        given = as_(Role.OWNER, accounts).get("/public").text
    token = client.get("/public").text
    data = {} if given is None else {"csrf": given}

    assert client.post("/owner", data=data).status_code == 403
    assert client.post("/owner", data={"csrf": token}).status_code == 200


def test_a_session_ends_after_a_week_or_half_a_day_without_a_click(accounts: Accounts, clock: Clock) -> None:
    """Who clicks stays signed in for seven days, who does not for twelve hours."""
    clicking, idle = as_(Role.OWNER, accounts), as_(Role.OWNER, accounts)
    seen = []
    for _ in range(29):
        seen.append((clicking.get("/owner").status_code, clock.now))
        clock.now += timedelta(hours=6)

    n_good = sum(status == 200 for status, _ in seen)
    assert n_good == 28  # 0, 6, ..., 162 hours; at 168 hours the week is over
    assert idle.get("/owner").status_code == 401


def test_whoever_is_removed_is_out_at_once(accounts: Accounts) -> None:
    """Closing an account ends its sessions; a changed role holds at the next click."""
    client = as_(Role.REVIEWER, accounts)
    before = client.get("/reviewer").status_code
    accounts.set_role("rita", Role.LABELLER)
    lowered = client.get("/reviewer").status_code
    accounts.remove("RITA")

    assert (before, lowered, client.get("/labeller").status_code) == (200, 403, 401)


def test_over_https_cookies_are_for_this_host_alone(accounts: Accounts) -> None:
    """`Secure`, `HttpOnly`, `SameSite` and the prefix that no neighbour can set; a cookie without it is not read."""
    add_everybody(accounts)
    app = app_of(Gate(accounts=accounts, is_here=False, url="https://flowers.example/"))
    client = signed_in(app, accounts, "olga", base_url=ELSEWHERE)
    fresh = TestClient(app, base_url=ELSEWHERE)
    cookie = fresh.get("/public").headers["set-cookie"]
    planted = TestClient(app, base_url=ELSEWHERE)
    planted.cookies.set(LOGIN, client.cookies[f"__Host-{LOGIN}"])

    assert cookie.startswith("__Host-florilegium_visit=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert client.get("/owner").status_code == 200
    assert planted.get("/owner").status_code == 401

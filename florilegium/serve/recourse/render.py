"""Fill the templates of recourse. Path: **serve**. Everything that comes from data is escaped.

Pages for everybody have a frame of their own, without the bar of those who work on the project; the private ones are
kept by nobody and listed nowhere.
"""

from functools import cache
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from florilegium.project.accounts import Role
from florilegium.serve.accounts import Person, known
from florilegium.serve.environment import page_environment
from florilegium.serve.recourse import words
from florilegium.serve.staff import at, frame_values

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
HERE = "/review"  # the entry of the bar
TABS = (
    ("queue", "Queue", "/review"),
    ("doubts", "Doubts", "/review/doubts"),
    ("trail", "Audit trail", "/review/trail"),
)


def public_page(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Give a page for whoever has its address."""
    html = environment().get_template(f"recourse/{template}").render(at=at(request), title=title, **values)
    return HTMLResponse(html, status, headers=PRIVATE)


def review_page(
    request: Request, template: str, *, tab: str = "queue", status: int = 200, **values: Any
) -> HTMLResponse:
    """Give a page for reviewers; what is for owners only is a tab for owners only."""
    shown = {"tab": tab, "tabs": tabs_for(known(request)), "notice": "", "said": "", **values}
    html = environment().get_template(f"recourse/{template}").render(**frame_values(request, here=HERE), **shown)
    return HTMLResponse(html, status, headers=PRIVATE)


def tabs_for(person: Person) -> tuple[tuple[str, str, str], ...]:
    """Give the tabs that a person may open."""
    return TABS if person.may(Role.OWNER) else TABS[:1]


@cache
def environment() -> Environment:
    """Give the templates with the filters that they use."""
    return page_environment(day=words.day, clock=words.clock, seconds=words.seconds)

"""The frame of all pages for people who work on a project. Path: **serve**. Everything that comes from data is escaped.

    return staff_page(request, "people/people.html", here="/people", accounts=accounts)

The template extends `staff/_frame.html` and fills the blocks `heading` and `body`. It is given `person`, `csrf` (the
hidden field that every posted form holds) and `at` (what stands before every path, where a proxy serves us below one).
"""

from functools import cache
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from florilegium.serve.accounts import csrf_field, csrf_of, known, visit_of
from florilegium.serve.environment import page_environment
from florilegium.serve.staff.navigation import entries_for

HOME = "/home"


def staff_page(request: Request, template: str, *, here: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """Give a page in the frame.

    Args: here: the path of the navigation's entry that the page belongs to.  values: what the template needs besides.
    """
    return HTMLResponse(staff_html(request, template, here=here, **values), status)


def staff_html(request: Request, template: str, *, here: str = "", **values: Any) -> str:
    """Give the text of a page in the frame."""
    return environment().get_template(template).render(**frame_values(request, here=here), **values)


def frame_values(request: Request, *, here: str = "") -> dict[str, Any]:
    """Give what the frame itself needs, for pages that have an environment of their own."""
    person, visit = known(request), visit_of(request)
    return {
        "person": person,
        "entries": () if visit is None else entries_for(person, visit.gate.paths),
        "here": here,
        "at": at(request),
        "csrf": csrf_field(request),
        "csrf_token": csrf_of(request),
        "project": "Florilegium" if visit is None else visit.gate.title,
    }


def at(request: Request) -> str:
    """Give what stands before every path of ours: empty, or the path below which a proxy serves us."""
    return str(request.scope.get("app_root_path", request.scope.get("root_path", ""))).rstrip("/")


@cache
def environment() -> Environment:
    """Give the templates with the filters that they use."""
    return page_environment()

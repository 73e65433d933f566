"""Fill the templates of the labelling pages. Path: **serve**. Everything that comes from data is escaped."""

from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment

from florilegium.project.desk import Desk
from florilegium.project.desk.draw import MOST_CHARS
from florilegium.serve.accounts import csrf_field, visit_of
from florilegium.serve.desk.people import who_is
from florilegium.serve.environment import page_environment
from florilegium.serve.staff import frame_values
from florilegium.source.base import Texts

TABS = (
    ("clean", "Clean", "are the labels right?"),
    ("label", "Label", "what has none yet"),
    ("decide", "Decide", "where people differ"),
    ("meter", "Meter", "what it brought"),
    ("play", "Play", "you against the model"),
)


def page(request: Request, template: str, *, tab: str, **values: Any) -> str:
    """Give a page: the frame with its tabs, and a template in it."""
    frame = frame_values(request) if visit_of(request) is not None else None
    title = desk_of(request).project.folder.name
    return fragment(template, tabs=TABS, tab=tab, title=title, frame=frame, **seen_by(request), **values)


def fragment(template: str, **values: Any) -> str:
    """Fill one template; a value that it needs and does not get is an error."""
    return environment().get_template(f"desk/{template}").render(**values)


def desk_of(request: Request) -> Desk:
    """Give the desk that the app serves."""
    desk: Desk = request.app.state.desk
    return desk


def seen_by(request: Request) -> dict[str, Any]:
    """Give what every template needs to know of the reader."""
    desk = desk_of(request)
    thing = "text" if holds_texts(desk) else "picture"
    return {
        "who": who_is(request),
        "classes": desk.memory.classes,
        "control_share": desk.wish.control_share,
        "thing": thing,
        "things": f"{thing}s",
        "text_of": desk.drawer.text if thing == "text" else None,
        "pieces_of": desk.pieces,
        "base": base_of(request),
        "csrf": csrf_field(request),
    }


def base_of(request: Request) -> str:
    """Give what stands before every path of these pages: empty, or where they hang in a larger server."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def holds_texts(desk: Desk) -> bool:
    """Tell whether the items are texts, which have no pictures."""
    return isinstance(desk.holdings.dataset.contents, Texts)


def text_of(desk: Desk, row: int) -> str | None:
    """Give what a text item says, as its card shows it; None: it is a picture."""
    contents = desk.holdings.dataset.contents
    return contents.strings[row][:MOST_CHARS] if isinstance(contents, Texts) else None


@cache
def environment() -> Environment:
    """Give the templates with the filters that they use."""
    return page_environment()

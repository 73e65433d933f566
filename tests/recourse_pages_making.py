"""A project's server with all pages of recourse, and what people do on them, for the tests of those pages."""

import dataclasses
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from florilegium import settings as settings_file
from florilegium.project import Project
from florilegium.project.recourse import Recourse
from florilegium.serve.limits import Limits
from florilegium.serve.whole import create_whole
from tests.recourse_making import Moving, key, picture

HERE = "http://127.0.0.1:8000"
WRITTEN = "It looks blue to me."
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&{{ 7*7 }}\u202etxt"


@contextmanager
def project_at(made: Path, at: Path, *, database: str = "", **changed: Any) -> Iterator[Recourse]:
    """Open a copy of a made project; `database`: an SQLAlchemy address in place of its own file."""
    shutil.copytree(made, at)
    chosen: dict[str, Any] = {"audit_share": 0.0, "second_review_share": 0.0, "database": database, **changed}
    settings_file.write(dataclasses.replace(settings_file.read(at), **chosen), at)
    with Project(at, clock=Moving()) as project:
        yield project.recourse()


@contextmanager
def pages_of(recourse: Recourse, *, limits: Limits | None = None) -> Iterator[TestClient]:
    """Give a client that speaks to the project's pages as a browser of this machine does."""
    with TestClient(create_whole(recourse.project, is_here=True, limits=limits), base_url=HERE) as client:
        client.headers["accept"] = "text/html"
        yield client


def ticket_of(client: TestClient, content: bytes, **fields: str) -> str:
    """Ask about a photo; give the answer's ticket."""
    parts: list[Any] = [(name, (None, value)) for name, value in fields.items()]
    answer = client.post("/api/predict", files=[*parts, ("photos", ("a.png", content))])
    assert answer.status_code == 200
    return str(answer.json()[0]["ticket"])


def form(**changed: str) -> dict[str, str]:
    """Fill the form of an appeal."""
    return {
        "reason": WRITTEN,
        "right": "unknown",
        "suggestion": "",
        "consent": "none",
        "contact": "",
        "key": key(),
    } | changed


def send(client: TestClient, address: str, fields: Mapping[str, str], content: bytes | None = None) -> Any:
    """Send a form as a browser does, and do not follow where it leads."""
    parts: list[Any] = [(name, (None, value)) for name, value in fields.items()]
    photo = [] if content is None else [("photo", ("a.png", content))]
    return client.post(address, files=[*parts, *photo], follow_redirects=False)


def contested(client: TestClient, colour: str = "red", *, seed: int = 99, **changed: str) -> str:
    """Contest an answer about a picture of a colour; give the private link's secret part."""
    content = picture(colour, seed=seed)
    given = form(**{"consent": "review", **changed})
    answer = send(
        client, f"/appeal/{ticket_of(client, content)}", given, content if given["consent"] != "none" else None
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2].partition("?")[0]


def hidden(html: str, action: str) -> dict[str, str]:
    """Give the hidden fields of the form that a page sends to an address."""
    (found,) = re.findall(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', html, flags=re.DOTALL)[:1]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found))


def step(client: TestClient, page: str, action: str, **fields: str) -> Any:
    """Open a page and send one of its forms, with what the page hides in it."""
    shown = client.get(page)
    assert shown.status_code == 200, shown.text
    return client.post(action, data={**hidden(shown.text, action), **fields}, follow_redirects=False)


def reviewed(client: TestClient, number: int, label: str, *, ruling: str, **fields: str) -> None:
    """Take a case from the queue, judge it blind and decide, all by the pages' forms."""
    at = f"/review/{number}"
    assert step(client, "/review", f"{at}/take").status_code == 303
    assert step(client, at, f"{at}/blind", choice=f"is:{label}").status_code == 303
    given = {"ruling": ruling, "label": label, "reason": "its colour is plain to see", "do": "decide", **fields}
    decided = step(client, at, f"{at}/decide", **given)
    assert decided.status_code == 303, decided.text

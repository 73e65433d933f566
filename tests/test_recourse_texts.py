"""Texts are answered, contested and judged on the same pages as photos."""

import re
from pathlib import Path

import pytest

import florilegium
from tests.recourse_pages_making import (
    WRITTEN,
    form,
    pages_of,
    project_at,
    send,
    step,
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project of texts."""
    folder = tmp_path_factory.mktemp("texts")
    rows = [
        f'"{said} {i}",{label}'
        for i in range(20)
        for said, label in (
            ("where is my card, it has not come", "arrival"),
            ("I was charged twice for cash", "charge"),
        )
    ]
    (folder / "queries.csv").write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with florilegium.new(folder / "project", folder / "queries.csv") as project:
        project.train()
    return folder / "project"


def test_texts_are_contested_and_judged_like_photos(texts: Path, tmp_path: Path) -> None:
    """A text comes again from the form, whatever a browser did to its line ends; the reviewer reads it blind."""
    said = "where is it?\nmy card is <b>late</b>"
    with project_at(texts, tmp_path / "p") as recourse, pages_of(recourse) as client:
        answer = client.post("/api/predict", json={"texts": [said], "columns": {"language": "en"}}).json()[0]
        given = form(consent="review", text=said.replace("\n", "\r\n"))
        sent = send(client, f"/appeal/{answer['ticket']}", given)
        step(client, "/review", "/review/1/take")
        blind = client.get("/review/1").text
        file = step(client, "/review/1", "/review/1/blind", choice="is:charge")
        page = client.get("/review/1").text
        recorded = recourse.answer(answer["ticket"])

    assert (sent.status_code, file.status_code) == (303, 303)
    assert "my card is &lt;b&gt;late&lt;/b&gt;" in blind
    assert WRITTEN not in blind
    assert WRITTEN in page
    assert recorded.metadata == {"language": "en"}


def test_a_reviewer_sees_what_decided_only_after_the_blind_step(texts: Path, tmp_path: Path) -> None:
    """Marked words and similar training texts tell the answer: they come with the file, never with the blind page."""
    said = "where is my card, it has not come at all"
    with project_at(texts, tmp_path / "p") as recourse, pages_of(recourse) as client:
        answer = client.post("/api/predict", json={"texts": [said]}).json()[0]
        send(client, f"/appeal/{answer['ticket']}", form(consent="review", text=said))
        step(client, "/review", "/review/1/take")
        blind = client.get("/review/1").text
        step(client, "/review/1", "/review/1/blind", choice="is:charge")
        page = client.get("/review/1").text

    assert "<mark" not in blind
    assert "most like it" not in blind
    assert re.search(r'<mark class="w[123]">card,', page)
    assert "Training texts most like it" in page
    assert re.search(r"<blockquote tabindex=\"0\">where is my card, it has not come \d+</blockquote>", page)

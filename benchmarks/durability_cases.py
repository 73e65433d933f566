"""Appeals and their reviews under kills: people who contest answers, people who decide, and what the record must hold.

Beside the labels of `durability`, these are the writes whose loss would hurt somebody: an appeal that was promised a
deadline, and the steps of its review. They are the requests that the pages and the JSON interface take.
"""

import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.durability import Client, Labels, Told, Write, Writer, between
from florilegium.appeals import Origin, Step
from florilegium.project import Project
from florilegium.project.own import APPEALS, AUDITS
from florilegium.store import CaseFile

CLASSES = Labels.CLASSES
PAUSE_S = 0.02  # between two appeals of one person: reviewers should find the end of the queue now and then


class Appeals:
    """Answers that are asked for, and contested with the photo kept; every second may be learned from."""

    def work(self, client: Client) -> None:
        """Ask, contest, and look at the private page."""
        rng, n = np.random.default_rng(sum(client.who.encode())), 0
        while not client.stop.wait(PAUSE_S):
            n += 1
            photo = _photo(rng)
            asked = Write(
                key=f"ask-{client.who}-{n}", path="/api/predict", form={"key": f"ask-{client.who}-{n}"}, photo=photo
            )
            answer = client.send(asked, part="photos")
            if answer is None:
                continue
            ticket = client.told.given[asked.key] = answer.json()[0]["ticket"]
            key, consent = f"appeal-{client.who}-{n}", "learn" if n % 2 else "review"
            form = {"ticket": ticket, "reason": "It is another colour.", "consent": consent, "key": key}
            contested = client.send(Write(key=key, path="/api/appeals", form=form, photo=photo), part="photo")
            if contested is not None:
                client.told.given[key] = contested.json()["link"]

    def faults(self, project: Project, told: Sequence[Told]) -> list[str]:
        """Compare what was promised with the record, and the record with itself."""
        store = project.store
        given = {key: value for each in told for key, value in each.given.items()}
        asked = {key: ticket for key, ticket in given.items() if key.startswith("ask-")}
        contested = {key: link for key, link in given.items() if key.startswith("appeal-")}
        n_asked = len({key for each in told for key in each.sent if key.startswith("ask-")})
        n_contested = len({key for each in told for key in each.sent if key.startswith("appeal-")})
        files = store.cases.all()
        appeals = [file for file in files if file.case.origin is Origin.APPEAL]
        found = {key: store.cases.by_ticket(link) for key, link in contested.items()}
        checks: dict[str, list[Any]] = {
            "answers acknowledged and not there": [k for k, t in asked.items() if store.live.by_ticket(t) is None],
            "answers there more often than sent": [store.live.count()] if store.live.count() > n_asked else [],
            "appeals acknowledged and not there": [key for key, file in found.items() if file is None],
            "two appeals with one case": _twice(file.case.id for file in found.values() if file is not None),
            "two cases about one answer": _twice(file.case.prediction_id for file in appeals),
            "appeals there more often than sent": [len(appeals)] if len(appeals) > n_contested else [],
            **_of_events(files),
            **_of_lessons(project, files),
        }
        return [f"{what}: {wrong[:3]} ({len(wrong)})" for what, wrong in checks.items() if wrong]


class Reviews:
    """Cases that are taken, judged blind and decided, by the forms of the pages."""

    def work(self, client: Client) -> None:
        """Decide one case after the other."""
        while not client.stop.wait(PAUSE_S):
            queue = client.ask("GET", "/review")
            numbers = re.findall(r"/review/(\d+)/take", queue.text) if queue is not None else []
            if queue is None or not numbers:
                continue
            mine = [each for each in numbers if int(each) % client.n_like_me == client.place]  # no two want the same
            if mine:
                self._review(client, mine[0], queue.text)

    def _review(self, client: Client, number: str, queue: str) -> None:
        page = f"/review/{number}"
        taken = Write(key=f"take {number} {client.who}", path=f"{page}/take", form=_hidden(queue, f"{page}/take"))
        if client.send(taken) is None:
            return
        label = CLASSES[int(number) % len(CLASSES)]
        if not _step(client, page, "blind", {"choice": f"is:{label}"}):
            return
        opened = client.ask("GET", page)
        if opened is None:
            return
        said = between(opened.text, "<dt>The classifier</dt><dd>", "</dd>") or ""
        is_right = not said.startswith("did not know") and between(said, "<bdi>", "</bdi>") == label
        ruling = {"ruling": "rejected"} if is_right else {"ruling": "upheld", "label": label}
        _step(client, page, "decide", {**ruling, "reason": f"It is {label}."}, opened.text)

    def faults(self, project: Project, told: Sequence[Told]) -> list[str]:
        """Look for every step that was acknowledged; the record itself is looked at with the appeals."""
        files = project.store.cases.all()
        kept = {event.key for file in files for event in file.events}
        kept |= {f"take {f.case.id} {e.who}" for f in files for e in f.events if e.step is Step.TAKEN}
        steps = {key: said.split("|") for each in told for key, said in each.given.items()}
        keyed = project.recourse().keyed
        missing = [
            key
            for each in told
            for key in each.acknowledged
            if (keyed.key(*steps[key], key) if key in steps else key) not in kept
        ]
        twice = [f.case.id for f in files if _twice((e.step, e.who) for e in f.events if e.step in REVIEWED)]
        checks: dict[str, Sequence[object]] = {"steps acknowledged and not there": missing, "steps there twice": twice}
        return [f"{what}: {wrong[:3]} ({len(wrong)})" for what, wrong in checks.items() if wrong]


REVIEWED = (Step.TAKEN, Step.JUDGED_BLIND, Step.DECIDED)  # once per person, since nobody puts a case back here
WRITERS: tuple[Writer, ...] = (Labels(), Appeals(), Reviews())


def _of_events(files: Sequence[CaseFile]) -> dict[str, list[Any]]:
    return {
        "cases whose state is not what the events say": [
            file.case.id for file in files if file.case.state != file.standing.state.value
        ],
        "cases whose deadline is not what the events say": [
            file.case.id for file in files if file.case.deadline_at != file.standing.deadline_at
        ],
        "cases with a hole in their events": [
            file.case.id for file in files if [e.n for e in file.events] != list(range(1, len(file.events) + 1))
        ],
        "events with one key": _twice(event.key for file in files for event in file.events),
    }


def _of_lessons(project: Project, files: Sequence[CaseFile]) -> dict[str, list[Any]]:
    steps = [event.details for file in files for event in file.events if event.step is Step.LEARNED]
    learned = Counter((str(each["item"]), each["label"]) for each in steps)
    events = project.store.label_events()
    labels = Counter((each.name, each.label) for each in events if each.name.startswith((APPEALS, AUDITS)))
    waiting = [
        file.case.id
        for file in files
        if file.standing.state.value == "upheld" and file.case.consent.value == "learn" and not file.standing.is_learned
    ]
    return {
        "lessons without their label event, or the reverse": [*(learned - labels), *(labels - learned)],
        "upheld and not learned": waiting,
    }


def _step(client: Client, page: str, act: str, fields: dict[str, str], html: str = "") -> bool:
    if not html:
        shown = client.ask("GET", page)
        if shown is None:
            return False
        html = shown.text
    form = _hidden(html, f"{page}/{act}")
    number, step = page.rpartition("/")[2], Step.JUDGED_BLIND if act == "blind" else Step.DECIDED
    client.told.given[form["key"]] = f"{number}|{step}|{client.who}"  # of these the record's own key is made
    return client.send(Write(key=form["key"], path=f"{page}/{act}", form={**form, **fields})) is not None


def _hidden(html: str, action: str) -> dict[str, str]:
    found = between(html, f'action="{action}"', "</form>") or ""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found))


def _twice(values: Any) -> list[Any]:  # noqa: ANN401 - numbers, keys or pairs
    return [value for value, n in Counter(values).items() if n > 1]


def _photo(rng: np.random.Generator) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()

"""Prepare the draft of a reply to an appellant from the record of a case. Path: **project** (shell) -> serve.

Every number comes from the case and is looked up there again. What the appellant wrote goes in as quoted material,
never as an instruction, and personal data is masked before anything leaves this machine. A person edits and sends.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from florilegium.endpoint import Endpoint
from florilegium.errors import StateError
from florilegium.evaluation.words import percent
from florilegium.journal.checking import Fact, Record
from florilegium.journal.draft import DraftKind, Tone
from florilegium.journal.numbers import Unit
from florilegium.project import drafting
from florilegium.project.drafting import DraftWish, Prepared
from florilegium.project.recourse.reviewing import OpenFile

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

MOST_QUOTED = 600  # characters of an appellant's words


def prepare_reply(
    recourse: "Recourse",
    case: int,
    who: str,
    *,
    reason: str,
    label: str | None,
    tone: Tone = Tone.PLAIN,
    endpoint: Endpoint | None = None,
) -> Prepared:
    """Put a reply's notes together, for `project.drafting.carry_out`.

    Args: who: the reviewer, who has the case before them and judged it blind.  reason: their notes so far, or "".
        label: what they say it is; None: none of the classes.  endpoint: None: by the template.
    Raises: BlindFirst, StateError: as `Recourse.open_file`.
    """
    opened = recourse.open_file(case, who)
    if opened.file.standing.is_forgotten:
        raise StateError(f"Case {case}: what was personal has been erased; there is nobody to reply to.")
    wish = DraftWish(
        points=notes(opened, reason=reason, label=label),
        kind=DraftKind.REPLY,
        tone=tone,
        endpoint=endpoint,
        names=tuple(dict.fromkeys((who, *drafting.names_of(recourse.project)))),
        record=record(opened),
        trust_notes=False,
    )
    return drafting.prepare(wish)


def notes(opened: OpenFile, *, reason: str, label: str | None) -> tuple[str, ...]:
    """Give the notes: outcome, reason, what the model said and how sure it was, and what the appellant wrote."""
    answer, prediction = opened.answer, opened.prediction
    stands = label == answer
    said = f"the classifier answered {answer}" if answer is not None else "the classifier did not know"
    how_sure = "" if prediction.probability is None else f", {percent(prediction.probability)} sure"
    points = [
        "the answer stands" if stands else f"the answer was wrong; it is {label or 'none of the classes'}",
        f"{said}{how_sure}",
    ]
    if reason.strip():
        points.append(reason.strip())
    if opened.review.blind_label is not None:
        points.append(f"a person who did not know the answer said {opened.review.blind_label}")
    if words := " ".join(opened.file.case.reason.split())[:MOST_QUOTED]:
        points.append(f"you wrote: “{words.replace('“', '').replace('”', '')}”")
    return tuple(points)


def record(opened: OpenFile) -> Record:
    """Give the figures of a case that a reply may say."""
    case, standing, prediction = opened.file.case, opened.standing, opened.prediction
    where = f"case {case.id}"
    facts = [
        _day(case.at, f"{where}, opened"),
        _day(standing.deadline_at, f"{where}, deadline"),
        Fact(value=float(case.id), unit=Unit.PLAIN, where=where, near=("case",)),
    ]
    if prediction.probability is not None:
        facts.append(Fact(value=100 * prediction.probability, unit=Unit.PERCENT, where=f"{where}, how sure it was"))
    return Record(facts=tuple(facts), sentences=())


def _day(moment: datetime, where: str) -> Fact:
    return Fact(value=(moment.year, moment.month, moment.day), unit=Unit.DATE, where=where)

"""Bring a wrong automatic answer back to the query desk. Path: store -> **project** (shell).

Whoever asked still reads it in their chat: a person answers anew, and until then the chat says that one will.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from florilegium.appeals import Ruling
from florilegium.errors import InputError
from florilegium.store import CaseFile, Overtaken, QueryEvent, QueryState, QueryStep

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

MOST_NOTE = 2_000  # characters, as of any note at the desk


def hand_back(recourse: "Recourse", file: CaseFile) -> None:
    """Let the query of a case that was upheld wait for a person, first of all; once for each ruling.

    Answers to no query, and those that a person has taken up meanwhile, stay as they are.
    """
    standing = file.standing
    if standing.ruling is not Ruling.UPHELD or not standing.decided:
        return
    queries = recourse.store.queries
    query = queries.of_prediction(file.case.prediction_id)
    if query is None or query.state is not QueryState.AUTOMATIC or query.forgotten_at is not None:
        return
    review = standing.decided[-1]
    label = standing.label or "none of the intents"
    event = QueryEvent(
        kind=QueryStep.HANDED,
        at=recourse.now(),
        who=review.who,
        key=recourse.keyed.key(file.case.id, QueryStep.HANDED, standing.n_reopened),
        details={"note": f"Case {file.case.id}: the answer was wrong; it is {label}. {review.reason}"[:MOST_NOTE]},
    )
    with suppress(Overtaken, InputError):  # somebody at the desk was first, or it was erased just now
        queries.step(query.id, event, seen=query.n_events, state=QueryState.WAITING, handed=True)

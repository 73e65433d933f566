"""The pages of a project's server, each with who may open it. Path: **serve**. A list, and nothing else.

A new page adds one line here, and its router in `florilegium.serve.whole`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from florilegium.project.accounts import Role
from florilegium.serve.accounts import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page that people go to."""

    path: str
    name: str
    what: str  # one sentence for the home page
    role: Role
    in_bar: bool = True  # False: on the home page only


ENTRIES = (
    Entry(path="/label/", name="Label", what="Clean, give and decide labels.", role=Role.LABELLER),
    Entry(path="/review", name="Review", what="Who waits for an answer.", role=Role.REVIEWER),
    Entry(path="/queries", name="Queries", what="Written queries, and the replies to them.", role=Role.LABELLER),
    Entry(
        path="/monitor",
        name="Monitor",
        what="Whether the classifier keeps its promise live, and who appeals.",
        role=Role.REVIEWER,
    ),
    Entry(path="/report", name="Report", what="How good the classifier is, with ranges.", role=Role.LABELLER),
    Entry(path="/audit", name="Audit", what="What is doubtful in the data.", role=Role.LABELLER, in_bar=False),
    Entry(path="/bias", name="Bias", what="Six kinds of bias, each with a number.", role=Role.LABELLER, in_bar=False),
    Entry(path="/people", name="People", what="Who may sign in, and as what.", role=Role.OWNER),
)


def entries_for(person: Person, paths: Iterable[str]) -> tuple[Entry, ...]:
    """Give the pages that this server has and that a person may open."""
    there = set(paths)
    return tuple(entry for entry in ENTRIES if entry.path in there and person.may(entry.role))

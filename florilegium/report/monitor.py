"""Put the monitor's page together: one HTML text that needs nothing else. Path: feedback -> **report** -> serve.

Holds no script and no style attribute, and fetches nothing; all text that comes from data is escaped.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from florilegium.evaluation.words import counted
from florilegium.feedback.contested import sentence as appeals_sentence
from florilegium.feedback.origins import WORDS, FeedbackShare, Origin
from florilegium.feedback.promise import Kept
from florilegium.feedback.watch import Watched
from florilegium.report import monitor_charts
from florilegium.report.glossary import Glossary
from florilegium.report.render import own, render

ROWS_MOST = 100  # lines of any table whose length the data decides
STATES = {Kept.BELOW: "gap", Kept.KEPT: "none", Kept.NOT_SHOWN: "few", Kept.UNKNOWN: "unmeasured"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorAccount:
    """All that is known for one page of the monitor."""

    title: str
    made: datetime  # aware, UTC
    since: datetime | None  # None: from the first answer on
    model: int  # number of the current one
    watched: Watched
    feedback: FeedbackShare
    trained: tuple[tuple[int, float], ...]  # (number, days since 1970-01-01) of each model


def build_monitor(account: MonitorAccount, *, links: tuple[tuple[str, str], ...] = ()) -> str:
    """Give the whole page as one HTML text: the same account gives the same text.

    Args: links: (address, name) of other pages that are served beside it.
    """
    watched = account.watched
    return render(
        "monitor.html",
        page=account,
        watched=watched,
        state=STATES[watched.audit.kept],
        desk_state="" if watched.automatic is None else STATES[watched.automatic.kept],
        figures=monitor_charts.accuracies(watched),
        charts=monitor_charts.courses(watched, account.trained),
        classes=monitor_charts.classes(watched),
        rounds=monitor_charts.rounds(account.feedback),
        origins=[(origin.value, WORDS[origin]) for origin in Origin],
        appeals=appeals_sentence(watched.contested),
        notes=_notes(account),
        links=links,
        glossary=Glossary(),
        rows_most=ROWS_MOST,
        day=day,
        style=Markup(style()),  # noqa: S704 - our own files
    )


def style() -> str:
    """Give the page's style sheet."""
    return own("style.css") + own("bias.css") + own("monitor.css")


def policy() -> str:
    """Give the Content-Security-Policy of the served page: its own style sheet by hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src 'self' data:; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def day(days: float) -> str:
    """Write days since 1970-01-01 as a date.

    >>> day(20_000.5)
    '2024-10-04'
    """
    return (EPOCH + timedelta(days=days)).strftime("%Y-%m-%d")


def _notes(account: MonitorAccount) -> list[str]:
    watched, found = account.watched, []
    if account.since is not None:
        found.append(f"Only answers since {account.since.strftime('%Y-%m-%d')} are looked at.")
    if watched.course.n_undated:
        found.append(f"{counted(watched.course.n_undated, 'answer has', 'answers have')} no usable date and no bin.")
    if watched.course.n_future:
        n = counted(watched.course.n_future, "answer is", "answers are")
        found.append(f"{n} dated after now: some machine's clock is wrong.")
    older = watched.n - watched.n_current
    if older:
        found.append(
            f"{counted(older, 'answer comes', 'answers come')} from older models: counted over time and in appeals, "
            "left out of accuracy and shift."
        )
    if watched.n and watched.shift.overall is None:
        found.append("Embeddings of live answers are not kept here (texts), so only facts tell of a shift.")
    found.append(
        "Ranges of live accuracy hold at all looks together. Tests of shift are for one look: of many looks at "
        "nothing, one in twenty finds something."
    )
    return found

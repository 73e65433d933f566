"""What to do next, from what the page shows. Path: **report** (used by its build). Says; never does."""

from collections.abc import Iterator

from florilegium.audit.finding import Severity
from florilegium.evaluation.values import Outcome
from florilegium.evaluation.words import about
from florilegium.report.values import Account

STEPS_MOST = 6  # more is a list that nobody works off


def next_steps(account: Account) -> tuple[str, ...]:
    """Give the account's own next steps, or the few that follow from it, the most useful first."""
    return account.next_steps or tuple(dict.fromkeys(_derived(account)))[:STEPS_MOST]


def _derived(account: Account) -> Iterator[str]:
    if not account.audited:
        yield "Let the data be checked for doubtful labels, copies and shortcuts: florilegium audit"
    yield from (finding.fix for finding in account.findings if finding.severity is Severity.ERROR)
    if account.verdict is None:
        yield "When you are done choosing, open the seal once and get a verdict: florilegium verdict"
    else:
        yield from _after(account)
    yield from (finding.fix for finding in account.findings if finding.severity is Severity.WARNING)


def _after(account: Account) -> Iterator[str]:
    verdict = account.verdict
    if verdict is None:  # pragma: no cover - the caller looked; this tells mypy
        return
    yield "Look at the most confident mistakes above: wrong labels are often among them. Correct those and train again."
    if verdict.outcome is not Outcome.BETTER and verdict.n_more_for_one_point is not None:
        more = about(verdict.n_more_for_one_point)
        yield f"Label about {more} more items from new sources, so that a difference of 1 point can be shown."
    if verdict.new_sources is None:
        yield "Say where each item comes from (--source COLUMN), to learn how good it is on sources never seen."
    if verdict.outcome is Outcome.BETTER:
        yield "Use it: florilegium predict MODEL.onnx YOUR_FILES --json"

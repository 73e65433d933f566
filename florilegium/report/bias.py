"""Put the page of the six biases together: one HTML text that needs nothing else. Path: bias -> **report** -> project.

Holds no script and fetches nothing; all text that comes from data is escaped. Reads its own templates only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from florilegium.bias.groups import SIGN
from florilegium.bias.result import ERRORS, Findings
from florilegium.report import bias_card, bias_chapters, bias_groups, bias_prices
from florilegium.report.bias_card import Use
from florilegium.report.bias_values import BiasPage, Chapter
from florilegium.report.glossary import Glossary
from florilegium.report.render import own, render

ROWS_MOST = 200  # lines of any table whose length the data decides


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasAccount:
    """All that is known for one page of biases."""

    title: str  # "compas.csv", "flowers"
    subject: str  # whose decisions, judged by what: one line
    made: datetime  # aware, UTC
    unit: str  # what is counted: "decision", "photo", "text"
    findings: Findings
    yes: str = ""  # what counts as yes in the label; empty: right or wrong is what counts
    said: str = ""  # what counts as yes in the answers
    use: Use = field(default_factory=Use)
    notes: tuple[str, ...] = ()


def build_bias(account: BiasAccount) -> str:
    """Give the whole page as one HTML text: the same account gives the same text."""
    return render(
        "bias.html",
        page=page_of(account),
        glossary=Glossary(),
        rows_most=ROWS_MOST,
        sign=SIGN,
        style=Markup(own("style.css") + own("bias.css")),  # noqa: S704 - our own files
    )


def page_of(account: BiasAccount) -> BiasPage:
    """Work out everything that the page shows."""
    findings = account.findings
    found = bias_chapters.chapters(findings, unit=account.unit)
    lead, rest = bias_chapters.headline(findings, found)
    todo = bias_prices.steps(findings)
    return BiasPage(
        title=account.title,
        subject=account.subject,
        made=account.made,
        unit=account.unit,
        lead=lead,
        rest=rest,
        chapters=found,
        rates=bias_groups.blocks(findings, unit=account.unit),
        errors=_errors(findings),
        yes=account.yes,
        said=account.said,
        impossible=findings.impossible,
        curves=bias_prices.curves(findings.trade_offs),
        steps=todo,
        needs=bias_prices.needs(findings),
        weights=tuple(each for each in findings.weights if SIGN not in each.column),
        notes=(*account.notes, *findings.notes),
        card=bias_card.card_parts(account.use, lead, found, todo),
    )


def summary_of(account: BiasAccount) -> dict[str, Any]:
    """Give the first sentence and one line per kind: for the project's report, and for programs."""
    found = bias_chapters.chapters(account.findings, unit=account.unit)
    lead, rest = bias_chapters.headline(account.findings, found)
    names = ("key", "title", "state", "state_words", "short")
    return {"lead": lead, "rest": rest, "six": [{name: getattr(each, name) for name in names} for each in found]}


def _errors(findings: Findings) -> Chapter | None:
    results = bias_chapters.ordered(findings, ERRORS)
    if not results:
        return None
    return Chapter(
        key=ERRORS,
        title="Error rates",
        question="",
        state="",
        short="",
        statements=bias_chapters.statements(results),
        others=bias_chapters.comparisons(results),
        sources=tuple(dict.fromkeys(r.source for r in results if r.source)),
    )

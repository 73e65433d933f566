"""Put the page of an audit together: one HTML text that needs nothing else. Path: audit -> **report** -> project.

Holds no script and fetches nothing; all text that comes from data is escaped. Reads its own templates only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from markupsafe import Markup

from florilegium.audit.checks.shortcuts import ALPHA, SAYS, SMALL
from florilegium.audit.finding import Finding, Severity
from florilegium.audit.leak import Leak
from florilegium.audit.shortcut import Rung
from florilegium.evaluation.words import counted
from florilegium.report.glossary import Glossary
from florilegium.report.pictures import Picture, within
from florilegium.report.render import own, render

ITEMS_MOST = 32  # shown per finding; all others are counted
ITEMS_FIRST = 8  # of them before the fold
PICTURE_BYTES = 2_200_000  # of page
TEXT_MOST = 300  # characters of an item's text
FINDINGS_MOST = 200
WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What models that had not seen an item would have said of it."""

    said: str  # class
    suspicion: float  # of the label, 0..1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuditAccount:
    """All that is known for one page of an audit."""

    title: str
    made: datetime  # aware, UTC
    noun: str  # what an item is: "picture", "text"
    n: int  # items looked at
    n_checks: int
    findings: tuple[Finding, ...]  # worst first
    rungs: tuple[Rung, ...] = ()  # the ladder of shortcuts, the most telling first
    leaks: tuple[Leak, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # name -> label
    doubts: Mapping[str, Doubt] = field(default_factory=lambda: MappingProxyType({}))  # name -> what models say
    pictures: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))  # name -> PNG, JPEG or WebP
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # name -> the item itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One item below a finding."""

    name: str
    label: str | None
    doubt: Doubt | None
    picture: Picture | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One finding with the first of its items."""

    key: str  # the address on the page
    finding: Finding
    word: str
    first: tuple[Shown, ...]
    more: tuple[Shown, ...]

    @property
    def n_left(self) -> int:
        """Count the items that are named nowhere on the page."""
        return len(self.finding.items) - len(self.first) - len(self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the ladder of shortcuts, with whether it tells more than chance."""

    rung: Rung
    says: str
    tells: bool


def wanted(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Name the items whose pictures the page can use, those that every finding shows first before all others."""
    first = [name for finding in findings for name in finding.items[:ITEMS_FIRST]]
    more = [name for finding in findings for name in finding.items[ITEMS_FIRST:ITEMS_MOST]]
    return tuple(dict.fromkeys(first + more))


def build_audit(account: AuditAccount) -> str:
    """Give the whole page as one HTML text: the same account gives the same text."""
    pictures = within(wanted(account.findings), account.pictures, n_bytes=PICTURE_BYTES)
    return render(
        "audit.html",
        account=account,
        lead=lead(account),
        cards=tuple(
            _card(account, finding, number, pictures) for number, finding in enumerate(account.findings[:FINDINGS_MOST])
        ),
        steps=tuple(
            Step(rung=rung, says=SAYS.get(rung.family, rung.family), tells=rung.p <= ALPHA and rung.lift >= SMALL)
            for rung in account.rungs
        ),
        glossary=Glossary(),
        style=Markup(own("style.css") + own("bias.css") + own("audit.css")),  # noqa: S704 - our own files
    )


def lead(account: AuditAccount) -> str:
    """Give the sentence to say first: how much was found, how grave, in how many items."""
    looked_at = counted(account.n, account.noun)
    if not account.findings:
        return f"{account.n_checks} checks looked at {looked_at} and held nothing doubtful."
    n_of = {severity: sum(f.severity is severity for f in account.findings) for severity in WORDS}
    told = [counted(n, WORDS[severity]) for severity, n in n_of.items() if n]
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"{listed} on {looked_at}."


def _card(account: AuditAccount, finding: Finding, number: int, pictures: Mapping[str, Picture]) -> Card:
    of_labels = finding.check == "labels"
    items = tuple(
        Shown(
            name=name,
            label=account.labels.get(name),
            doubt=account.doubts.get(name) if of_labels else None,
            picture=pictures.get(name),
            text=_short(account.texts.get(name)),
        )
        for name in finding.items[:ITEMS_MOST]
    )
    return Card(
        key=f"finding-{number}",
        finding=finding,
        word=WORDS[finding.severity],
        first=items[:ITEMS_FIRST],
        more=items[ITEMS_FIRST:],
    )


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_MOST else text[:TEXT_MOST].rstrip() + "…"

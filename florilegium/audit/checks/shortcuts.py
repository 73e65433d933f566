"""Check whether facts alone tell the label: size, format, light, name. Path: dataset -> **audit** -> split.

What each family of facts tells is worked out in `audit/shortcut.py`; here it is only judged and told.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import counted, percent
from florilegium.audit.shortcut import Rung, ladder
from florilegium.audit.subject import Subject

ALPHA = 0.01  # for all families together (Holm): on innocent data one audit in a hundred speaks up
SMALL, LARGE = 0.05, 0.5  # of the way from the commonest class to always right: worth a word; gives the answer away
MEDIUM = 0.15
# Brightness, length and wording are part of what is shown: a model may rightly use them.
CONTENT = frozenset({"brightness", "border", "blur", "length", "words", "casing", "punctuation", "digits"})
SAYS: Mapping[str, str] = MappingProxyType(
    {
        "size": "width, height, bytes and aspect of the file",
        "format": "the file's format",
        "exif": "the marks that a camera or a program left (EXIF)",
        "path": "the form of the file's name and place",
        "brightness": "overall brightness and contrast",
        "border": "brightness and contrast of the border",
        "blur": "how blurred it is",
        "length": "the length of the text",
        "words": "the number and length of words",
        "casing": "capital letters",
        "punctuation": "punctuation",
        "digits": "digits and numbers",
    }
)


def check(subject: Subject) -> Iterator[Finding]:
    """Find families of facts that tell the class better than chance and by more than a trifle."""
    rungs = ladder(subject)
    for rung in rungs:
        if rung.p <= ALPHA and rung.lift >= SMALL:
            yield _finding(subject, rung, n_families=len(rungs))


def _finding(subject: Subject, told: Rung, *, n_families: int) -> Finding:
    severity = Severity.ERROR if told.lift >= LARGE else Severity.WARNING if told.lift >= MEDIUM else Severity.INFO
    if told.family in CONTENT:
        severity = Severity.WARNING if told.lift >= LARGE else Severity.INFO
    what = SAYS.get(told.family, f"the facts called {told.family}")
    return subject.finding(
        "shortcuts",
        severity,
        f"Only {what}, most of all {told.strongest!r}, {'tell' if ' and ' in what else 'tells'} the right class of "
        f"{percent(told.accuracy)} ({percent(told.low)} to {percent(told.high)}) of unseen {subject.noun}s, where "
        f"always naming the commonest gets {percent(told.commonest)} (p = {told.p:.4f} by shuffling, corrected for "
        f"{counted(n_families, 'family', 'families')} of facts): a model may learn this instead of the content.",
        fix=_fix(told, subject.noun),
    )


def _fix(told: Rung, noun: str) -> str:
    if told.family in CONTENT:
        return (
            f"It may be what the {noun}s really show. If not, collect every class in the same way; the shortcut "
            "baseline in the verdict says how much a model gains beyond it."
        )
    return (
        f"Find out why the classes differ in {told.strongest!r}: often each class comes from another place. Collect "
        "every class in the same way, or bring all files to one size and format, and compare with the shortcut "
        "baseline in the verdict."
    )

"""Results as small cards in a notebook, light or dark. Path: evaluation -> **report** -> project.

Each function gives a fragment of HTML without scripts, style sheets or ids, so that many may stand on one page.
"""

from collections.abc import Sequence

from florilegium.audit.finding import Finding
from florilegium.evaluation.values import Score, Verdict
from florilegium.evaluation.words import counted
from florilegium.report.bias import BiasAccount, summary_of
from florilegium.report.render import render

FINDINGS_MOST = 20  # a card is a glance; the report holds all of them


def verdict_html(verdict: Verdict) -> str:
    """Show a verdict: its sentence, the model over the simple rules, and the cautions."""
    caption = f"Right answers on the {counted(verdict.n_test, 'sealed test item')}"
    scores = (verdict.model, *verdict.baselines)
    return _card(verdict.sentence, caption=caption, scores=scores, notes=verdict.warnings)


def ladder_html(model: Score, baselines: Sequence[Score]) -> str:
    """Show what training gave: the model over the simple rules, by cross-validation."""
    rules = sorted(baselines, key=lambda score: -score.accuracy)
    caption = "Right answers in cross-validation; the sealed test set stays closed"
    return _card("", caption=caption, scores=(model, *rules), notes=())


def findings_html(findings: Sequence[Finding]) -> str:
    """Show what the audit found, the first 20 findings in full and how many more there are."""
    said = f"{counted(len(findings), 'finding')} in the data" if findings else "Every check ran and found nothing."
    notes = [f"{found.check} ({found.severity}): {found.message} {found.fix}" for found in findings[:FINDINGS_MOST]]
    if len(findings) > FINDINGS_MOST:
        notes.append(f"{len(findings) - FINDINGS_MOST} more: florilegium audit --json")
    return _card(said, caption="", scores=(), notes=notes)


def biases_html(account: BiasAccount) -> str:
    """Show the first sentence on biases and one line per kind."""
    found = summary_of(account)
    notes = [f"{each['title']}: {each['state_words']}. {each['short']}" for each in found["six"]]
    return _card(found["lead"], caption="", scores=(), notes=notes)


def _card(sentence: str, *, caption: str, scores: Sequence[Score], notes: Sequence[str]) -> str:
    return render("card.html", sentence=sentence, caption=caption, scores=scores, notes=notes)

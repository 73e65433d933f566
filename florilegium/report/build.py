"""Put the page together: one HTML text that needs nothing else. Path: evaluation -> **report** -> project.

The page fetches nothing, and says so to the browser; its only script is allowed by its hash. All text that comes from
data is escaped. Reads its own templates and no other file.
"""

import base64
import hashlib
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from florilegium import evaluation
from florilegium.audit.finding import Finding
from florilegium.evaluation.values import Predictions
from florilegium.report import advice, matrix, page
from florilegium.report.glossary import Glossary
from florilegium.report.pictures import within
from florilegium.report.render import own, render
from florilegium.report.values import Account

PICTURES_MOST = 600  # thumbnails worth making: a page with more scrolls longer than anybody looks
PICTURE_BYTES = 2_200_000  # of page: leaves 0.8 MB of the 3 MB for everything else
MISTAKES_MOST = 24
FINDING_ITEMS_MOST = 8  # shown as pictures per finding; all others are counted
NAMED_MOST = 20_000  # items listed by name; mistakes come first
ROWS_MOST = 200  # lines of any table whose length the data decides


def wanted(predictions: Predictions, findings: Iterable[Finding] = ()) -> tuple[str, ...]:
    """Name the items whose thumbnails the report can use, the most important first; at most 600.

    Mistakes come first, the surest first; then what the findings are about; then right answers, class by class in turn.
    """
    confidence, right = predictions.confidence, predictions.right
    wrong = np.flatnonzero(~right)
    names = [predictions.names[row] for row in wrong[np.argsort(-confidence[wrong], kind="stable")].tolist()]
    names += [name for finding in findings for name in finding.items[:FINDING_ITEMS_MOST]]
    fine = [cell.rows for cell in matrix.cells(predictions) if cell.is_right]
    turns = sorted((turn, row) for rows in fine for turn, row in enumerate(rows[:PICTURES_MOST].tolist()))
    names += [predictions.names[row] for _, row in turns]
    return tuple(dict.fromkeys(names))[:PICTURES_MOST]


def build(account: Account) -> str:
    """Give the whole report as one HTML text: the same account gives the same text."""
    shown = account.shown
    pictures = within(wanted(shown, account.findings), account.pictures, n_bytes=PICTURE_BYTES)
    items = page.items(account, pictures)
    found = matrix.cells(shown)
    first, rest = page.headline(account)
    script = own("script.js")
    return render(
        "report.html",
        account=account,
        verdict=account.verdict,
        first=first,
        rest=rest,
        questions=page.questions(account),
        ladder=page.ladder(account),
        cells=found,
        listed=_listed(found),
        matrix=matrix.matrix(found, n_classes=len(shown.classes)),
        classes=page.class_names(shown),
        items=items,
        mistakes=_mistakes(shown, items),
        n_wrong=int((~shown.right).sum()),
        reliability=evaluation.calibration(shown, rng=np.random.default_rng(0)),  # its bins do not depend on chance
        lines=page.class_lines(shown, found, account.words),
        pictures=pictures,
        steps=advice.next_steps(account),
        glossary=Glossary(),
        style=Markup(own("style.css") + own("marks.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        rows_most=ROWS_MOST,
        finding_items_most=FINDING_ITEMS_MOST,
    )


def _mistakes(shown: Predictions, items: tuple[page.Item, ...]) -> list[page.Item]:
    by_name = {item.name: item for item in items}
    return [by_name[mistake.name] for mistake in evaluation.confident_mistakes(shown, most=MISTAKES_MOST)]


def _listed(found: tuple[matrix.Cell, ...]) -> dict[str, int]:
    """Say how many items of each cell are listed, so that the page stays within what a browser likes."""
    left, listed = NAMED_MOST, {}
    for cell in found:
        listed[cell.key] = min(cell.n, left)
        left -= listed[cell.key]
    return listed

"""Deployment bias: is the model used for what it was made for, and how does it fare there? Path: **bias**.

After deployment the monitor's record tells; before it, the card's intended use is held against what the data support.
"""

from collections.abc import Iterator

import numpy as np

from florilegium.bias.case import Case, Wording, told
from florilegium.bias.contrast import Side
from florilegium.bias.decisions import Column, Live
from florilegium.bias.evaluation import apart
from florilegium.bias.result import Axis
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import counted
from florilegium.types import Bools, Ints

KIND = "deployment"
NEEDS = (
    "Give what it is meant for (--intended-use TEXT; --target names the groups), to be told whether the data can "
    "support that; after the start the monitor's record tells the rest."
)
_SOURCE = "Suresh & Guttag (2021), EAAMO, section 3.6"
LIVE_ACCURACY = Wording(
    bias=KIND,
    measure="accuracy live and in the test",
    advice="The test no longer holds: label live items, find out what changed, and train again or stop.",
    source=f"{_SOURCE}; blind audits of a random share",
)
LIVE_BY_GROUP = Wording(
    bias=KIND, measure="live accuracy", advice="Send this group's cases to a person until it is mended.", source=_SOURCE
)
UNKNOWN = Wording(
    bias=KIND,
    measure="unknown share",
    advice="The model meets things of this group that it was not made for: collect them, or keep it away from them.",
    source=_SOURCE,
)
SHIFT = Wording(
    bias=KIND,
    measure="shift of live items",
    advice="What comes in is not what was tested: label some of it and judge the model on that.",
    source="Classifier two-sample test: Lopez-Paz & Oquab (2017), ICLR",
)
APPEALS = Wording(
    bias=KIND,
    measure="appeal share",
    advice="Ask why this group contests more; it may be wronged more, or find the way to appeal more easily.",
    source=_SOURCE,
)
OVERTURNS = Wording(
    bias=KIND,
    measure="overturn share of appeals",
    advice="Decisions about this group are corrected more often: have all of them looked at by a person.",
    source=_SOURCE,
)
SUPPORT = Wording(
    bias=KIND,
    measure="support for intended use",
    advice="Collect it, or take it out of the intended use.",
    source="Mitchell et al. (2019), Model cards for model reporting, FAT*",
)


def deployment(case: Case) -> Iterator[Tested]:
    """Test the live record as far as there is one, and the intended use."""
    live = case.given.live
    if live is not None:
        yield from _live(case, live)
    yield from _intended(case)


def _live(case: Case, live: Live) -> Iterator[Tested]:
    if live.right is not None:
        yield from _against_test(case, live, live.right)
    if live.embeddings is not None and case.given.embeddings is not None:
        both = case.given.embeddings, live.embeddings
        clusters = live.clusters if live.clusters is None or live.embedded is None else live.clusters[live.embedded]
        yield apart(case, SHIFT, both, (case.given.clusters, clusters), ("tested items", "live items"))
    for column in live.columns:
        if live.right is not None:
            yield from _by_group(case, live, column, LIVE_BY_GROUP, yes=live.right == 1, known=live.right >= 0)
        everyone = np.ones(len(column.codes), dtype=np.bool_)
        if live.unknown is not None:
            yield from _by_group(case, live, column, UNKNOWN, yes=live.unknown, known=everyone)
        if live.appealed is not None:
            yield from _by_group(case, live, column, APPEALS, yes=live.appealed, known=everyone)
        if live.overturned is not None:
            yield from _by_group(case, live, column, OVERTURNS, yes=live.overturned == 1, known=live.overturned >= 0)


def _against_test(case: Case, live: Live, right: Ints) -> Iterator[Tested]:
    y, said = case.given.y, case.given.predicted
    if y is None or said is None:
        return
    rows, audited = np.flatnonzero((y >= 0) & (said >= 0)), np.flatnonzero(right >= 0)
    if min(len(rows), len(audited)) == 0:
        return
    test = Side.of(y[rows] == said[rows], case.clusters(rows))
    now = Side.of(right[audited] == 1, None if live.clusters is None else live.clusters[audited])
    harmful = now.share < test.share
    yield from told(case, LIVE_ACCURACY, ("live", "test"), (now, test), harmful=harmful)


def _by_group(
    case: Case, live: Live, column: Column, wording: Wording, *, yes: Bools, known: Bools
) -> Iterator[Tested]:
    sizes = np.bincount(column.codes[known & (column.codes >= 0)], minlength=len(column.groups))
    if sizes.size == 0 or sizes.max() == 0:
        return
    reference = int(sizes.argmax())
    for group in np.flatnonzero(sizes >= case.options.min_group).tolist():
        if group == reference:
            continue
        rows = [np.flatnonzero(known & (column.codes == g)) for g in (group, reference)]
        a, b = (Side.of(yes[part], None if live.clusters is None else live.clusters[part]) for part in rows)
        yield from told(case, wording, (column.groups[group], column.groups[reference]), (a, b), column=column.name)


def _intended(case: Case) -> Iterator[Tested]:
    intended = case.given.intended
    if intended is None:
        return
    y, classes = case.given.y, case.given.classes
    if y is not None:
        counts = dict(zip(classes, np.bincount(y[y >= 0], minlength=len(classes)).tolist(), strict=True))
        for name in intended.classes:
            yield _support(case, "class", name, counts.get(name, 0))
    for column in case.given.columns:
        sizes = dict(zip(column.groups, case.sizes(column).tolist(), strict=True))
        for name in intended.groups.get(column.name, ()):
            yield _support(case, column.name, name, sizes.get(name, 0))


def _support(case: Case, column: str, name: str, n: int) -> Tested:
    least = case.options.min_group
    enough = n >= least
    words = "enough to judge it" if enough else f"too few to judge it; at least {least} are needed"
    return Tested(
        bias=KIND,
        measure=SUPPORT.measure,
        axis=Axis.NUMBER,
        column=column,
        groups=(name,),
        estimate=float(n),
        low=float(n),
        high=float(n),
        n=n,
        fact=f"Intended for {name} ({column}): the data hold {counted(n, 'item')} of it, {words}.",
        certain=not enough,
        advice=SUPPORT.advice,
        source=SUPPORT.source,
        n_more=max(least - n, 0),
        smaller=name,
    )

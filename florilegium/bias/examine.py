"""Test decisions for six kinds of bias and for unequal errors, all corrected together. Path: **bias** -> report."""

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from florilegium.bias import aggregation, deployment, evaluation, historical, measurement, representation
from florilegium.bias.case import Case, Options, prepared
from florilegium.bias.decisions import Decisions
from florilegium.bias.error_rates import error_rates
from florilegium.bias.impossible import impossible
from florilegium.bias.needs import needs
from florilegium.bias.rates import group_rates
from florilegium.bias.remedies import group_weights
from florilegium.bias.result import ERRORS, Findings
from florilegium.bias.tested import Tested, settled
from florilegium.bias.trade_off import trade_offs
from florilegium.errors import SettingError
from florilegium.types import Progress, silent

STEP = "kinds of bias tested"
NO_COLUMN = "No column has two groups to compare."
_TESTS: dict[str, tuple[Callable[[Case], Iterator[Tested]], str]] = {
    historical.KIND: (historical.historical, historical.NEEDS),
    representation.KIND: (representation.representation, representation.NEEDS),
    measurement.KIND: (measurement.measurement, measurement.NEEDS),
    evaluation.KIND: (evaluation.evaluation, evaluation.NEEDS),
    aggregation.KIND: (aggregation.aggregation, aggregation.NEEDS),
    deployment.KIND: (deployment.deployment, deployment.NEEDS),
    ERRORS: (error_rates, "Give labels and answers."),
}


def examine(
    decisions: Decisions,
    *,
    seed: int,
    level: float = 0.05,
    n_resamples: int = 4000,
    min_group: int = 30,
    gap: float = 0.1,
    reference: Mapping[str, str] | None = None,
    relabel: str = "",
    with_tables: bool = True,
    progress: Progress = silent,
) -> Findings:
    """Test everything that the decisions allow.

    Args:
        seed: of all chance (bootstrap, folds).  level: chance of any false find over all tests together.
        n_resamples: bootstrap replicates.  min_group: items below which a group is named, not tested.
        gap: the difference of shares that matters: what "too few to tell" and "how many more" go by.
        reference: column -> group that the others are compared with; default: the largest.
        relabel: the command that shows labels to correct; `--group COLUMN=VALUE` is added to it. Empty: there is none.
        with_tables: also give the tables of groups, the trade-offs and what is impossible; False: the tests only.
        progress: hears of the kinds tested.
    Raises: SettingError: an option is out of its range, or a reference is no group.
    """
    options = Options(
        level=level,
        n_resamples=n_resamples,
        min_group=min_group,
        gap=gap,
        reference=dict(reference or {}),
        relabel=relabel,
    )
    _refuse(options, decisions)
    # The order in which kinds draw is fixed, so that the same seed gives the same findings.
    case = prepared(decisions, options, np.random.default_rng(seed))
    tests: list[Tested] = []
    unmeasured = {}
    nothing = "" if case.given.columns else f"{NO_COLUMN} "
    for done, (kind, (tested, wanted)) in enumerate(_TESTS.items(), 1):
        found = list(tested(case))
        tests += found
        if not found:
            unmeasured[kind] = f"{nothing}{wanted}"
        progress(STEP, done, len(_TESTS))
    results, n_tests = settled(tests, level=level, gap=gap, min_group=min_group)
    return Findings(
        results=results,
        unmeasured=unmeasured,
        rates=tuple(group_rates(case)) if with_tables else (),
        impossible=tuple(impossible(case)) if with_tables else (),
        trade_offs=tuple(trade_offs(case)) if with_tables else (),
        n_tests=n_tests,
        weights=tuple(group_weights(case)) if with_tables else (),
        needs=tuple(needs(case, n_tests=n_tests)) if with_tables else (),
        level=level,
        gap=gap,
        notes=case.notes,
    )


def _refuse(options: Options, decisions: Decisions) -> None:
    faults = []
    if not 0 < options.level < 1:
        faults.append(f"level is {options.level}: expected a number between 0 and 1, for example 0.05")
    if not 0 < options.gap < 1 or math.isnan(options.gap):
        faults.append(f"the gap that matters is {options.gap}: expected a share between 0 and 1, for example 0.1")
    if options.min_group < 2:
        faults.append(f"the smallest group is {options.min_group}: expected at least 2 items")
    if options.n_resamples < 100:
        faults.append(f"{options.n_resamples} resamples: expected at least 100")
    groups = {column.name: column.groups for column in decisions.columns}
    for name, group in options.reference.items():
        if group not in groups.get(name, ()):
            faults.append(f"{group!r} is no group of {name!r}: expected one of {', '.join(groups.get(name, ())[:10])}")
    if faults:
        raise SettingError("; ".join(faults))

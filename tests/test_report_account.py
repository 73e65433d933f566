"""The account that a report is drawn up from, and a small made-up one that the report's other tests use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from florilegium import evaluation
from florilegium.audit.finding import Finding, Severity
from florilegium.errors import InputError
from florilegium.evaluation import Outcome, Predictions
from florilegium.report import Account, Candidate, Opening, Summary, thumbnail
from florilegium.source.base import Kind
from florilegium.types import Octets

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def answers(n: int, classes: Sequence[str], *, seed: int = 0, skill: float = 0.7, names: str = "item") -> Predictions:
    """Make up answers of which about `skill` are right."""
    rng = np.random.default_rng(seed)
    k = len(classes)
    truth = np.arange(n, dtype=np.int64) % k
    said = np.where(rng.random(n) < skill, truth, rng.integers(0, k, n))
    sure = rng.uniform(0.6, 0.99, n)
    probabilities = np.repeat(((1 - sure) / max(k - 1, 1))[:, None], k, axis=1)
    probabilities[np.arange(n), said] = sure
    return Predictions(
        names=tuple(f"{names}/{row:05d}" for row in range(n)),
        truth=truth,
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        groups=np.arange(n, dtype=np.int64),
        classes=tuple(classes),
    )


def drawn(row: int) -> Octets:
    """Draw an 8 x 8 picture that differs from item to item."""
    return np.random.default_rng(row).integers(0, 255, (8, 8), dtype=np.uint8)


def account(n: int = 120, classes: Sequence[str] = ("rose", "tulip", "lily"), *, pictures: bool = True) -> Account:
    """Make up a whole account with a verdict at the second opening."""
    test, folds = answers(n, classes), answers(2 * n, classes, seed=1, names="train")
    rng = np.random.default_rng(2)
    rules = {
        "majority class": np.zeros(n, dtype=np.int64),
        "pixel similarity": np.where(rng.random(n) < 0.4, test.truth, 0).astype(np.int64),
    }
    known = test.confidence > 0.65
    verdict = evaluation.judge(
        test,
        rules,
        opening=2,
        rng=rng,
        known=known,
        same_sources=evaluation.score("same sources", folds.right, folds.groups),
        new_sources=evaluation.score("new sources", folds.right & (folds.groups % 3 > 0), folds.groups),
        sanity=(evaluation.shared_groups(folds.groups + n, test.groups),),
    )
    counts = tuple((name, int((test.truth == i).sum() + (folds.truth == i).sum())) for i, name in enumerate(classes))
    return Account(
        title="a garden",
        made=NOW,
        data=Summary(
            kind=Kind.IMAGE,
            source="garden/",
            version="abc123",
            classes=counts,
            n=3 * n,
            n_train=2 * n,
            n_test=n,
            n_groups=3 * n,
            origins=(("Ada's camera", 2 * n), ("Ben's camera", n)),
            licences=(("CC BY 4.0", 3 * n),),
        ),
        model_name="linear head on pixels",
        model_id="m-2",
        findings=(
            Finding(
                check="labels",
                severity=Severity.WARNING,
                message="2 items look wrongly labelled.",
                fix="Look at each.",
                items=test.names[:2],
                share=2 / (3 * n),
            ),
        ),
        baselines=(evaluation.score("majority class", folds.truth == 0, folds.groups),),
        candidates=(
            Candidate(
                name="linear head",
                score=evaluation.score("linear head", folds.right, folds.groups),
                seconds=1.25,
                chosen=True,
            ),
        ),
        folds=folds,
        verdict=verdict,
        test=test,
        known=known,
        pictures={name: thumbnail(drawn(row)) for row, name in enumerate(test.names)} if pictures else {},
        openings=(
            Opening(k=1, at=NOW, model_id="m-1", outcome=None),
            Opening(k=2, at=NOW, model_id="m-2", outcome=verdict.outcome, alpha=verdict.alpha),
        ),
        provenance={"seed": "41", "numpy": "2.4.6"},
        notes=("The column 'species' was taken for the label.",),
    )


def before_verdict(whole: Account) -> Account:
    """Give the account as it was before the seal was opened."""
    return replace(whole, verdict=None, test=None, known=None, openings=())


def test_a_verdict_and_its_answers_come_together() -> None:
    """An account with a verdict but without test answers, and with `known` of the wrong length, is refused once."""
    whole = account()

    with pytest.raises(InputError, match=r"come together.*`known` needs one value per test item.*florilegium verdict"):
        replace(whole, test=None)
    with pytest.raises(InputError, match="the verdict judged 120 items, but 60 answers are given"):
        replace(whole, test=answers(60, whole.shown.classes), known=None)


def test_an_account_has_something_to_show() -> None:
    """Without test answers and without cross-validated ones there is no report."""
    with pytest.raises(InputError, match="neither test answers nor cross-validated answers"):
        replace(before_verdict(account()), folds=None)


def test_the_test_answers_are_shown_once_there_are_any() -> None:
    """The report looks into the test answers after the verdict, into the cross-validated ones before."""
    whole = account()

    assert whole.shown is whole.test
    assert before_verdict(whole).shown is whole.folds


def test_the_made_up_model_beats_its_rules() -> None:
    """What the other tests lean on: a better model, judged at the second opening, weaker on sources never seen."""
    verdict = account().verdict

    assert verdict is not None
    assert verdict.outcome is Outcome.BETTER
    assert verdict.opening == 2
    assert verdict.new_sources is not None
    assert verdict.new_sources.accuracy < verdict.model.accuracy

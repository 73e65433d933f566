"""How much a project's model feeds itself, and what that would do to it. Path: feedback -> **project** -> cli."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import feedback
from florilegium.appeals import Origin as Why
from florilegium.appeals import Step
from florilegium.dataset import LabelEvent
from florilegium.feedback import Origin
from florilegium.project.holdings import Holdings
from florilegium.project.monitor.live_record import days
from florilegium.project.side import training_side
from florilegium.source.base import Side
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

IMPORTED = "import"  # who gave a label that came with the source


class Feedback:
    """Measures and simulates what a model learns from itself."""

    def __init__(
        self,
        project: "Project",
        holdings: Holdings,
        *,
        command: Callable[[str], AbstractContextManager[dict[str, Any]]],
    ) -> None:
        """Look at a project; `command` holds it and records what is done."""
        self._project, self._holdings, self._command = project, holdings, command

    def share(self) -> feedback.FeedbackShare:
        """Count, at each training, how many of the labels began as a model's own answer."""
        return share_of(self._project, self._holdings)

    def simulate(self, wish: feedback.Wish | None = None) -> feedback.Simulated:
        """Play self-training on the items to learn from, with and without the blind audit; the seal stays closed.

        The model is the quick head of the labelling pages, on the same vectors.
        Raises: InputError: too few groups.  StepMissing: too few classes.
        """
        from florilegium.model.quick import QuickHead  # half a second

        project = self._project
        with self._command("feedback") as details:
            side = training_side(project, self._holdings)
            head = QuickHead(self._vectors(side.rows), seed=project.settings.seed)
            k = len(side.classes)

            def answers(rows: Ints, y: Ints, asked: Ints, /) -> Ints:
                return head.answers(rows, y, asked, k=k)

            found = feedback.simulate(
                side.y,
                side.groups,
                answers,
                classes=side.classes,
                wish=wish,
                seed=project.settings.seed,
                progress=project.progress,
            )
            details |= {"change": found.drop.value, "audit_brings": found.saved.value}
        return found

    def _vectors(self, rows: Ints) -> Any:  # noqa: ANN401 - dense or sparse, as the head takes them
        texts = self._holdings.texts(rows)
        if texts is None:
            return next(iter(self._holdings.survey.encoded.values())).vectors[rows]
        from florilegium.features.text import TextCounts, idf_of, tfidf

        counts = TextCounts.learn(texts).counts(texts)
        return tfidf(counts, idf_of(counts))


def share_of(project: "Project", holdings: Holdings) -> feedback.FeedbackShare:
    """Count where the labels of the training side came from, at each training."""
    del holdings  # sides of items that are gone count, too: models learned from them
    side = {name: placed for name, (_, placed) in project.store.sides().items()}
    learned = _learned_from_cases(project)
    number: dict[str, int] = {}
    rows = []
    for key, event in _numbered(project):
        if side.get(event.name) is Side.TRAIN:
            rows.append((number.setdefault(event.name, len(number)), days(event.at), _origin(event, learned.get(key))))
    items, at, origin = map(np.array, zip(*rows, strict=True)) if rows else (np.zeros(0, dtype=np.int64),) * 3
    models = project.store.models()
    return feedback.feedback_share(
        feedback.Labels(items=items, at=at.astype(np.float64), origin=origin),
        trained=np.array([days(each.trained_at) for each in models]),
        numbers=np.array([each.number for each in models], dtype=np.int64),
    )


def _origin(event: LabelEvent, case: Why | None) -> int:
    if event.label is None:
        return -1
    if case is not None:
        return Origin.APPEAL if case is Why.APPEAL else Origin.AUDIT
    if event.who == IMPORTED:
        return Origin.SOURCE
    if not event.suggested:
        return Origin.PERSON
    return Origin.ACCEPTED if event.accepted else Origin.CORRECTED


def _numbered(project: "Project") -> list[tuple[int, LabelEvent]]:
    """Give every label event with its number; 0 for those that came with the source."""
    given = iter([number for number, _ in project.store.labels_given()])
    return [(0 if event.who == IMPORTED else next(given), event) for event in project.store.label_events()]


def _learned_from_cases(project: "Project") -> dict[int, Why]:
    """Give which label events were made of cases."""
    return {
        int(event.details["label_id"]): file.case.origin
        for file in project.store.cases.all()
        for event in file.events
        if event.step is Step.LEARNED and "label_id" in event.details
    }

"""Count what people said, and what that brought, each with its range. Path: **project** (shell).

Turns judgements into the arrays that `florilegium.active` takes; computes no statistic itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from florilegium.active.agreement import Agreement, Annotator, Ratings, alpha, annotators, kappa, ratings
from florilegium.active.automation import AutomationBias, automation_bias
from florilegium.active.ceiling import HumanCeiling, human_ceiling
from florilegium.active.errors_left import errors_left
from florilegium.active.judged import ErrorsLeft, Judged, Ruling, Stream
from florilegium.evaluation import Score
from florilegium.project.desk.card import AGAIN, CHOSEN, RANDOM, RANKED, Task
from florilegium.project.desk.memory import DECIDED, Memory
from florilegium.store import Judgement, Said
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.audit.suspects import Ranked
    from florilegium.project.project import Project

STREAMS = {RANKED: Stream.RANKED, RANDOM: Stream.RANDOM, CHOSEN: Stream.CHOSEN}
RULINGS = {Said.KEEP: Ruling.KEPT, Said.LABEL: Ruling.WRONG, Said.REMOVE: Ruling.WRONG, Said.UNSURE: Ruling.UNSURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """All that the desk can say of the work done at it."""

    n_by_person: dict[str, int]
    errors: ErrorsLeft | None  # None: no model has looked at the labels yet
    blind: AutomationBias
    ceiling: HumanCeiling
    agreement: Agreement | None  # None: one person only
    people: tuple[Annotator, ...]
    n_disputed: int
    n_labels: int  # items with a label
    n_unlabelled: int
    seconds_per_item: float | None  # median


def tally(project: "Project", memory: Memory, ranked: "Ranked | None") -> Tally:
    """Count it all. Args: ranked: the labels by suspicion, where models have answered them."""
    said = [j for j in memory.standing if j.task != Task.GAME]
    times = [j.seconds for j in said if j.seconds is not None]
    opinions = ratings(_opinions(memory))
    labels = memory.labels
    return Tally(
        n_by_person={who: sum(j.who == who for j in said) for who in sorted({j.who for j in said})},
        errors=None if ranked is None or not len(ranked) else _errors(memory, ranked),
        blind=_blind(memory),
        ceiling=_ceiling(project, memory),
        agreement=_agreement(opinions, seed=project.settings.seed),
        people=annotators(opinions) if len(opinions.people) > 1 else (),
        n_disputed=len(memory.disputed()),
        n_labels=sum(label is not None for label in labels),
        n_unlabelled=sum(label is None for label in labels) - len(memory.removed),
        seconds_per_item=float(np.median(times)) if times else None,
    )


def _errors(memory: Memory, ranked: "Ranked") -> ErrorsLeft:
    """Estimate the wrong labels left among those that were ranked; a row judged twice has its last verdict."""
    place = {row: i for i, row in enumerate(ranked.rows.tolist())}
    scores = ranked.scores.tolist()
    last: dict[int, Judgement] = {}
    for j in memory.of(Task.CLEAN):
        row = memory.row[j.name]
        if row not in place:  # taken out of the set since, so it is not ranked any more: the finding still counts
            place[row] = len(scores)
            scores.append(j.suspicion or 0.0)
        # Why an item was looked at is decided once.
        at = place[row]
        last[at] = j if at not in last else replace(j, stream=last[at].stream)
    judged = [Judged(row=at, ruling=RULINGS[j.verdict], stream=STREAMS[j.stream]) for at, j in last.items()]
    return errors_left(np.array(scores), judged)


def _blind(memory: Memory) -> AutomationBias:
    """Compare agreement with the model's word in sight and out of sight; who is unsure agrees with nobody."""
    asked = [j for j in memory.of(Task.CLEAN, Task.LABEL) if j.suggestion is not None]
    return automation_bias(
        np.array([j.label == j.suggestion for j in asked], dtype=np.bool_),
        np.array([j.suggested for j in asked], dtype=np.bool_),
        clusters=_clusters(memory, asked),
    )


def _ceiling(project: "Project", memory: Memory) -> HumanCeiling:
    # Only what chance drew: items that two people were to label were mostly chosen because they are hard.
    again = [j for j in memory.of(Task.AGAIN) if j.verdict in DECIDED and j.stream == AGAIN]
    record = project.store.current_model()
    model = None if record is None else Score(**record.card["cross_validated"])
    return human_ceiling(
        np.array([j.label == j.before for j in again], dtype=np.bool_), groups=_clusters(memory, again), model=model
    )


def _clusters(memory: Memory, said: Sequence[Judgement]) -> Ints:
    return memory.holdings.near[np.array([memory.row[j.name] for j in said], dtype=np.int64)]


def _opinions(memory: Memory) -> list[tuple[str, str, str | None]]:
    """Give who said what of items that somebody labelled without seeing another's label; cleaning shows it."""
    blind = {j.name for j in memory.of(Task.AGAIN)}
    said = [j for j in memory.of(Task.LABEL, Task.AGAIN) if j.name in blind and j.verdict in DECIDED]
    return [(j.who, j.name, j.label) for j in said]


def _agreement(opinions: Ratings, *, seed: int) -> Agreement | None:
    if len(opinions.people) < 2:
        return None
    rng = np.random.default_rng(seed)
    if len(opinions.people) == 2:
        return kappa(opinions.codes[0], opinions.codes[1], rng=rng)
    return alpha(opinions, rng=rng)

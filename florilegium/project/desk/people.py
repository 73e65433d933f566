"""What people did with a project's labels, for the report. Path: **project** (shell). Asks nobody; opens no seal."""

from dataclasses import replace
from typing import TYPE_CHECKING

from florilegium import report
from florilegium.bias.result import Outcome
from florilegium.errors import StepMissing
from florilegium.evaluation import Score
from florilegium.project.desk.card import Task
from florilegium.project.desk.memory import Memory
from florilegium.project.desk.playing import Against, Playing
from florilegium.project.desk.tally import tally
from florilegium.project.holdings import Holdings

if TYPE_CHECKING:
    from florilegium.project.project import Project

AGAIN = "people, asked again"
PLAYED = "people, in play"


def beside(project: "Project", holdings: Holdings) -> report.People | None:
    """Give what people did beside what the model does; None: nobody did anything yet."""
    if not project.store.judgements.newest()[0]:
        return None
    memory = Memory(project.store, holdings)
    if not memory.standing:
        return None
    told, played = tally(project, memory, None), _played(project, memory)
    scores: list[Score] = [] if told.ceiling.score is None else [replace(told.ceiling.score, name=AGAIN)]
    sentences = [told.ceiling.sentence]
    if told.agreement is not None:
        sentences.append(told.agreement.sentence)
    if told.blind.outcome is not Outcome.NOT_MEASURABLE:
        sentences.append(told.blind.sentence)
    if played is not None:
        scores += [replace(played.people, name=PLAYED), played.model]
        sentences.append(played.sentence)
    return report.People(sentences=tuple(sentences), scores=tuple(scores))


def _played(project: "Project", memory: Memory) -> Against | None:
    plays = memory.of(Task.GAME)
    try:
        return Playing(project, memory).human_baseline(plays) if plays else None
    except StepMissing:  # the answers of the model are gone: there is nothing to stand beside
        return None

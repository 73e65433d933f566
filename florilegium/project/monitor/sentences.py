"""What the monitor last said of a model, kept for the report. Path: **project** (shell)."""

from typing import TYPE_CHECKING

from florilegium.feedback.contested import sentence
from florilegium.feedback.watch import Watched

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

COMMAND = "monitor"


def told(project: "Project", model_id: str, watched: Watched) -> dict[str, object]:
    """Give what the run's record keeps: the sentences, the model and the moment."""
    said = [watched.audit.sentence, sentence(watched.contested)]
    if watched.shift.overall is not None:
        said.insert(1, watched.shift.overall.sentence)
    if watched.automatic is not None:
        said.append(watched.automatic.sentence)
    day = project.clock().strftime("%Y-%m-%d")
    return {"model": model_id, "kept": watched.audit.kept.value, "n": watched.n, "said": said, "day": day}


def watched_sentences(project: "Project", record: "ModelRecord") -> tuple[str, ...]:
    """Give the sentences of the last look at this model's live answers; none where nobody has looked, or none came."""
    runs = [run.details for run in project.store.runs() if run.command == COMMAND]
    found = [each for each in runs if each.get("model") == record.model_id and each.get("n")]
    if not found:
        return ()
    said = [str(each) for each in found[-1].get("said", ())]
    return (f"On {found[-1].get('day')}: {said[0]}", *said[1:]) if said else ()

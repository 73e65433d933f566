"""Keep each answer to a query among the live ones, so that it can be contested and audited. Path: **project** (shell).

Chance draws a share of the automatic answers for a blind check by the reviewers (the setting `audit_share`). What waits
for a person is not drawn: a person looks at it anyway, and its record says so.
"""

from florilegium.model.predict import Prediction as Said
from florilegium.project.queries.desk import Record
from florilegium.project.queries.routing import Routed
from florilegium.project.queries.view import Asked
from florilegium.project.recourse import Recourse

N_INPUT = 60  # characters of the text that name it in messages


def recorder_of(recourse: Recourse) -> Record:
    """Give what records the answers of a project."""

    def record(asked: Asked, routed: Routed) -> tuple[int | None, str]:
        said = Said(
            input=asked.text[:N_INPUT],
            label=routed.intent,
            probability=routed.probability,
            top=routed.top,
            known=routed.known,
            vector=routed.vector,
        )
        kept, ticket = recourse.answered(
            asked.text,
            said,
            key=asked.key,
            metadata={"language": asked.language} if asked.language else {},
            may_check=asked.may_check and routed.automatic,
            may_learn=asked.may_learn,
            model_id=routed.model_id,
        )
        return kept.id, ticket

    return record

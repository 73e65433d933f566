"""The shapes of the JSON interface of recourse, for its description. Path: **serve**. Checks nothing at run time."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from florilegium.serve.schema import Refused


class Appeal(BaseModel):
    """A case, as whoever has its link sees it."""

    model_config = ConfigDict(extra="forbid")

    link: str = Field(description="the secret part of the private link; keep it: nobody can find it for you")
    url: str = Field(description="the private page")
    state: Literal["received", "in review", "needs information", "upheld", "rejected", "withdrawn"]
    deadline: str = Field(description="when a person has decided at the latest, ISO 8601")
    overdue: bool
    question: str = Field(description="what a reviewer wants to know; empty: nothing")
    ruling: Literal["upheld", "rejected"] | None = Field(description="null: not decided")
    label: str | None = Field(description="what it is, as decided; null: not decided, or none of the classes")
    reason: str = Field(description="of the decision")
    next: str = Field(description="what happens next, and where else to go")


APPEAL_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["ticket", "reason", "consent", "key"],
                    "properties": {
                        "ticket": {"type": "string", "description": "of the answer, as /api/predict gave it"},
                        "reason": {"type": "string", "description": "why it is wrong, in at most 4,000 characters"},
                        "suggestion": {"type": "string", "description": "the right class, where it is known"},
                        "contact": {"type": "string", "description": "an e-mail address for news; not needed"},
                        "consent": {
                            "type": "string",
                            "enum": ["none", "review", "learn"],
                            "description": "what may be kept: nothing but a hash; the photo or text until the case is "
                            "closed; or for learning, too",
                        },
                        "key": {
                            "type": "string",
                            "description": "a number of your own, 8 to 200 characters: sent twice, opened once",
                        },
                        "photo": {
                            "type": "string",
                            "format": "binary",
                            "description": "the very photo that was answered, where it may be kept",
                        },
                        "text": {"type": "string", "description": "the very text that was answered, likewise"},
                    },
                }
            }
        },
    }
}
APPEAL_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": said}
    for status, said in {
        404: "No answer belongs to this ticket.",
        409: "It was contested before.",
        413: "A photo or a form has more bytes than are taken.",
        415: "What came is no form.",
        422: "Something is missing, or this is not what was answered.",
        429: "Too many wrong tickets, or too much at once.",
    }.items()
}

"""The shapes of the JSON interface, for its description; `florilegium predict --json` gives the same answers.

Path: **serve** (used by its api). Checks nothing at run time: tests hold real answers against these shapes.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Guess(_Shape):
    """One class with its probability."""

    label: str
    probability: float = Field(ge=0, le=1, description="calibrated")


class SimilarPhoto(_Shape):
    """A training photo that is most like the one asked about."""

    label: str
    similarity: float = Field(description="the cosine of the angle between both, -1 to 1")
    origin: str | None = Field(description="where it comes from")
    licence: str | None = Field(description="as its source states it")
    thumbnail: str | None = Field(description="a small picture as a data address, where its licence allows it")


class Answer(_Shape):
    """What the model says of one photo; one that cannot be read has only its name and the error."""

    input: str = Field(description="the photo's name")
    label: str | None = Field(default=None, description="the likeliest class, also where the model is not sure")
    probability: float | None = Field(default=None, ge=0, le=1, description="of that class")
    top: list[Guess] = Field(default=[], description="the five likeliest classes, best first")
    known: bool = Field(default=False, description="false: the model does not know this; show the label as a guess")
    why: Literal["unsure", "strange"] | None = Field(
        default=None,
        description="why it does not know: unsure between its classes, or unlike all that it learned from",
    )
    similar: list[SimilarPhoto] = Field(default=[], description="the three training photos most like it")
    error: str | None = Field(default=None, description="what is wrong with the photo, and what to do")
    ticket: str | None = Field(
        default=None, description="by which this answer can be contested, where answers are recorded: /appeal/TICKET"
    )


class Fault(_Shape):
    """One error."""

    kind: str
    message: str = Field(description="a sentence for people: what is wrong, what was expected, what to do")


class Refused(_Shape):
    """The one shape of all errors."""

    error: Fault
    answers: list[Answer] = Field(default=[], description="of the photos, where each was answered with an error")


class Health(_Shape):
    """The server lives."""

    status: Literal["ok"]
    model: str
    id: str = Field(description="a hash of graph and classes: another model, another id")


class ClassFigures(_Shape):
    """One class, and how often the model is right on it."""

    label: str
    n_train: int | None
    n_asked: int
    n_right: int | None
    low: float | None = Field(description="0 to 1: the range of true shares that fit")
    high: float | None
    confused_with: list[str] = Field(description="what it is mistaken for, the most frequent first")
    judged_on: str = Field(description="which items it was asked about")


class Card(_Shape):
    """The model, as its page tells of it."""

    name: str
    title: str
    classes: list[ClassFigures]
    verdict: dict[str, Any] | None = Field(description="as florilegium verdict --json prints it")
    text: str = Field(description="the model card, Markdown")
    abstention: dict[str, Any] | None = Field(
        description="when the model does not know, and what that was seen to bring"
    )
    short_side: int | None = Field(description="px: a photo may be reduced, but not below this")
    created: str
    n_train: int
    licence: str
    limits: list[str]
    id: str


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "properties": {
                        "key": {
                            "type": "string",
                            "description": "where answers are recorded, before the photos: a number of your own, 8 to "
                            "200 characters; the same photo sent again with it is recorded once. The header "
                            "Idempotency-Key does the same",
                        },
                        "may_check": {
                            "type": "string",
                            "enum": ["yes", "no"],
                            "description": "likewise: no: no person may look at the photo, whatever chance draws. Any "
                            "other field is a column that is kept beside the answer, such as site=north",
                        },
                        "photos": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "one or more picture files; the part's name does not matter",
                        },
                    },
                }
            }
        },
    }
}
_REASONS = {
    408: "The bytes did not come in time.",
    413: "A photo or the form is too large.",
    415: "Not a form, or no picture of a format that is read.",
    422: "No photo in the form, or none that could be read.",
    429: "The server is busy; Retry-After says when to try again.",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": reason} for status, reason in _REASONS.items()
}

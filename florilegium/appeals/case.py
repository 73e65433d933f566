"""What a case is made of: the claim, and the steps that were taken. Path: **case** -> standing.

A case is an answer that a person has to look at, because somebody contested it or because chance drew it. Its events
are only ever added; where it stands follows from them alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """Why a person has to look at an answer."""

    APPEAL = "appeal"  # somebody says that it is wrong
    AUDIT = "audit"  # chance drew it, to learn how good the answers are


class Consent(StrEnum):
    """What somebody allows with the picture or text that they contest."""

    NONE = "none"  # nothing is kept but its hash and its vector
    REVIEW = "review"  # kept until the case is closed and cannot be opened again
    LEARN = "learn"  # kept, and the model may learn from it


class Ruling(StrEnum):
    """What a reviewer finds."""

    UPHELD = "upheld"  # the answer was wrong
    REJECTED = "rejected"  # the answer stands


class Step(StrEnum):
    """What can happen to a case."""

    RECEIVED = "received"  # it begins
    TAKEN = "taken"  # a reviewer has it before them
    PUT_BACK = "put back"  # the reviewer leaves it to others
    JUDGED_BLIND = "judged blind"  # said what it is, without the answer or the claim; label None: none, or cannot tell
    DECIDED = "decided"  # saw all, and ruled with a reason
    SECOND_WANTED = "second wanted"  # asked for by a reviewer, or drawn by chance
    ASKED = "asked"  # the appellant, for more information
    TOLD = "told"  # the appellant answered
    WITHDRAWN = "withdrawn"  # by the appellant
    REOPENED = "reopened"  # by the appellant, once
    LEARNED = "learned"  # a label event was made of it
    FORGOTTEN = "forgotten"  # what is personal was erased


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One step of a case; `details` holds what belongs to it.

    * received: `days` until the deadline.  told, asked, withdrawn, reopened: `text`; reopened: `days`, too; told:
      `consent`, where the picture or text came with it.
    * judged blind: `label` (None: cannot tell, or with `none` true, none of the classes), `seconds`, `seen` (False:
      there was no picture or text to look at).
    * decided: `ruling`, `label` (what it is; None: none of the classes), `reason`, `seconds`.
    * second wanted: `by_chance`.  learned: `item`, `label_id`.
    """

    step: Step
    at: datetime  # aware, UTC
    who: str  # a reviewer's name; "" for the appellant and for chance: nobody is named who need not be
    key: str  # the sender's own number of it: sent twice, kept once
    details: Mapping[str, Any] = field(default_factory=dict)
    n: int = 0  # its place in the case, from 1; given by the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of a case besides its events."""

    prediction_id: int
    origin: Origin
    key: str  # the sender's own number of it: sent twice, opened once
    at: datetime  # aware, UTC
    deadline_at: datetime
    consent: Consent = Consent.NONE
    reason: str = ""  # in the appellant's words
    suggestion: str | None = None  # the class that they think right
    contact: str = ""  # an e-mail address, where they gave one
    state: str = "received"  # a copy of where its events lead, kept for looking up
    id: int = 0  # given by the store
    ticket_hash: str | None = None  # SHA-256 of the private link's secret part; None: nobody has a link

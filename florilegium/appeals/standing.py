"""Where a case stands, and what may come next. Path: case -> **standing**. The only door through which a case moves.

A standing is what the events add up to. `follow` takes one more event and gives the next standing, or refuses it; there
is no other way to make one, so that no case can be where its events do not lead.

received -> in review -> upheld | rejected | needs information | withdrawn; opened again once by the appellant.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from florilegium.appeals.case import CaseEvent, Origin, Ruling, Step
from florilegium.errors import StateError

MAX_REOPENINGS = 1
TAKE_OVER = timedelta(minutes=30)  # so long a case stays with who took it; then another may have it


class IllegalStep(StateError):
    """A case cannot take this step from where it stands."""


class State(StrEnum):
    """Where a case is, as its appellant sees it."""

    RECEIVED = "received"
    IN_REVIEW = "in review"
    NEEDS_INFORMATION = "needs information"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing is left to do, unless it is opened again."""
        return self in CLOSED


CLOSED = frozenset({State.UPHELD, State.REJECTED, State.WITHDRAWN})
WORDS = {
    State.RECEIVED: "waits for a reviewer",
    State.IN_REVIEW: "is being reviewed",
    State.NEEDS_INFORMATION: "waits for the appellant's answer",
    State.UPHELD: "was upheld",
    State.REJECTED: "was rejected",
    State.WITHDRAWN: "was withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What one reviewer did with a case, in this round."""

    who: str
    taken_at: datetime
    is_blind_done: bool = False
    blind_label: str | None = None  # None: none of the classes, or could not tell
    is_none: bool = False  # said blind that it is none of the classes
    blind_seconds: float | None = None
    had_content: bool = True  # False: nothing was kept to look at
    ruling: Ruling | None = None
    label: str | None = None  # what it is; None: none of the classes
    reason: str = ""
    seconds: float | None = None  # from seeing all to the ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a case's events add up to."""

    state: State
    origin: Origin
    n: int  # events so far
    deadline_at: datetime
    reviews: tuple[Review, ...] = ()  # of this round, in the order of taking
    holder: str | None = None  # who has it before them
    held_at: datetime | None = None  # when the holder took it, or judged blind
    second_wanted: bool = False
    n_reopened: int = 0
    ruling: Ruling | None = None  # the final one
    label: str | None = None
    reason: str = ""
    decided_at: datetime | None = None
    is_learned: bool = False  # in this round
    has_item: bool = False  # a label event was made of it, in any round
    is_forgotten: bool = False

    @property
    def decided(self) -> tuple[Review, ...]:
        """Give the reviews of this round that came to a ruling."""
        return tuple(review for review in self.reviews if review.ruling is not None)

    @property
    def is_disputed(self) -> bool:
        """Tell whether two reviewers disagree, so that an owner decides."""
        rulings = {(review.ruling, review.label) for review in self.decided}
        return not self.state.is_closed and len(rulings) > 1

    def review_of(self, who: str) -> Review | None:
        """Give what a reviewer did last in this round, or None."""
        return next((review for review in reversed(self.reviews) if review.who == who), None)


def follow(standing: Standing | None, event: CaseEvent, *, origin: Origin = Origin.APPEAL) -> Standing:
    """Take one more event.

    Args: standing: None before the first.  origin: of the case; counts for the first event only.
    Raises: IllegalStep: the case cannot take this step now; says where it stands and what it can take.
    """
    if standing is None:
        if event.step is not Step.RECEIVED:
            raise IllegalStep(f"A case begins with {Step.RECEIVED!s}, not with {event.step!s}.")
        due = event.at + timedelta(days=float(event.details["days"]))
        return Standing(state=State.RECEIVED, origin=origin, n=1, deadline_at=due)
    if event.step not in steps_from(standing):
        raise IllegalStep(_refused(standing, event.step))
    return replace(_MOVES[event.step](standing, event), n=standing.n + 1)


def fold(events: Iterable[CaseEvent], *, origin: Origin) -> Standing:
    """Give where a case's events lead.

    Raises: IllegalStep: no case can have these events in this order.
    """
    standing: Standing | None = None
    for event in events:
        standing = follow(standing, event, origin=origin)
    if standing is None:
        raise IllegalStep("A case without events is none.")
    return standing


def steps_from(standing: Standing) -> frozenset[Step]:
    """Give the steps that a case can take now."""
    steps = _FROM[standing.state]
    if standing.origin is Origin.AUDIT:
        steps = steps - _APPELLANTS
    if standing.holder is None:
        steps = steps - _HOLDERS
    elif standing.state is State.IN_REVIEW:
        blind = _held(standing).is_blind_done
        steps = steps - ({Step.JUDGED_BLIND} if blind else {Step.DECIDED, Step.ASKED})
    if standing.second_wanted:
        steps = steps - {Step.SECOND_WANTED}
    if standing.n_reopened >= MAX_REOPENINGS:
        steps = steps - {Step.REOPENED}
    if standing.is_learned or not _teaches(standing):
        steps = steps - {Step.LEARNED}
    if standing.is_forgotten:
        steps = steps - _APPELLANTS - {Step.LEARNED, Step.FORGOTTEN}
    return steps


def _teaches(standing: Standing) -> bool:
    """Tell whether the ruling makes a label event.

    Of appeals those that were upheld, and those that take back what was learned in the round before. Of audits all: to
    learn, or to seal, only where the model was wrong would gather its errors.
    """
    return standing.ruling is Ruling.UPHELD or standing.origin is Origin.AUDIT or standing.has_item


_HOLDERS = frozenset({Step.PUT_BACK, Step.JUDGED_BLIND, Step.DECIDED, Step.ASKED})
_APPELLANTS = frozenset({Step.ASKED, Step.TOLD, Step.WITHDRAWN, Step.REOPENED})
_FROM: Mapping[State, frozenset[Step]] = {
    State.RECEIVED: frozenset({Step.TAKEN, Step.SECOND_WANTED, Step.WITHDRAWN, Step.FORGOTTEN}),
    State.IN_REVIEW: frozenset(
        {
            Step.TAKEN,
            Step.PUT_BACK,
            Step.JUDGED_BLIND,
            Step.DECIDED,
            Step.SECOND_WANTED,
            Step.ASKED,
            Step.WITHDRAWN,
            Step.FORGOTTEN,
        }
    ),
    State.NEEDS_INFORMATION: frozenset({Step.TOLD, Step.TAKEN, Step.WITHDRAWN, Step.FORGOTTEN}),
    State.UPHELD: frozenset({Step.REOPENED, Step.LEARNED, Step.FORGOTTEN}),
    State.REJECTED: frozenset({Step.REOPENED, Step.LEARNED, Step.FORGOTTEN}),
    State.WITHDRAWN: frozenset({Step.REOPENED, Step.FORGOTTEN}),
}


def _refused(standing: Standing, step: Step) -> str:
    possible = ", ".join(sorted(steps_from(standing))) or "nothing any more"
    return (
        f"This case {WORDS[standing.state]}, so it cannot be {step!s} now; possible: {possible}. "
        "Load the page again to see what happened meanwhile."
    )


def _held(standing: Standing) -> Review:
    review = standing.review_of(standing.holder or "")
    if review is None:  # pragma: no cover - who holds a case has a review
        raise IllegalStep("Nobody has this case now. Take it from the queue again.")
    return review


def _changed(standing: Standing, event: CaseEvent, **values: object) -> Standing:
    """Give the standing with the holder's review changed.

    Raises: IllegalStep: somebody else has the case before them.
    """
    if event.who != standing.holder:
        raise IllegalStep(
            f"{standing.holder or 'Nobody'} has this case now, not {event.who or 'you'}. Take it from the queue again."
        )
    held = _held(standing)
    changed = replace(held, **values)  # type: ignore[arg-type]  # fields by name
    return replace(standing, reviews=tuple(changed if review is held else review for review in standing.reviews))


def _taken(standing: Standing, event: CaseEvent) -> Standing:
    _refuse_taken(standing, event)
    review = standing.review_of(event.who)
    if review is not None and review.ruling is not None:
        # Where two disagree and one of them is the only owner, the owner looks at it once more, knowing both.
        if not standing.is_disputed:
            raise IllegalStep(
                f"{event.who} has decided about this case already; another person has to look at it. Take another one."
            )
        review = None
    reviews = standing.reviews if review else (*standing.reviews, Review(who=event.who, taken_at=event.at))
    return replace(standing, state=State.IN_REVIEW, holder=event.who, held_at=event.at, reviews=reviews)


def _refuse_taken(standing: Standing, event: CaseEvent) -> None:
    """Refuse somebody who may not have the case now."""
    if not event.who:
        raise IllegalStep("A case is taken by somebody with a name. Sign in again.")
    if standing.is_disputed and not event.details.get("owner"):
        raise IllegalStep("Two reviewers disagree about this case, so an owner decides it. Take another one.")
    if standing.holder not in {None, event.who} and standing.held_at is not None:
        left = standing.held_at + TAKE_OVER - event.at
        if left > timedelta(0):
            minutes = -(-left // timedelta(minutes=1))
            raise IllegalStep(
                f"{standing.holder} has this case before them; in {minutes} minutes you may take it over. "
                "Take another one meanwhile."
            )


def _put_back(standing: Standing, event: CaseEvent) -> Standing:
    _changed(standing, event)
    state = State.RECEIVED if not standing.decided else State.IN_REVIEW
    return replace(standing, state=state, holder=None)


def _judged_blind(standing: Standing, event: CaseEvent) -> Standing:
    details = event.details
    return _changed(
        replace(standing, held_at=event.at),
        event,
        is_blind_done=True,
        blind_label=details["label"],
        is_none=bool(details.get("none", False)),
        blind_seconds=details.get("seconds"),
        had_content=details.get("seen", True),
    )


def _decided(standing: Standing, event: CaseEvent) -> Standing:
    details = event.details
    ruling, label, reason = Ruling(details["ruling"]), details["label"], str(details["reason"])
    ruled = _changed(standing, event, ruling=ruling, label=label, reason=reason, seconds=details.get("seconds"))
    decided = ruled.decided
    is_agreed = len(decided) > 1 and (decided[-1].ruling, decided[-1].label) == (decided[-2].ruling, decided[-2].label)
    # The third one decides alone: only an owner is let in, which the project sees to.
    if (len(decided) == 1 and not ruled.second_wanted) or is_agreed or len(decided) > 2:
        state = State.UPHELD if ruling is Ruling.UPHELD else State.REJECTED
        return replace(ruled, state=state, holder=None, ruling=ruling, label=label, reason=reason, decided_at=event.at)
    return replace(ruled, holder=None)


def _asked(standing: Standing, event: CaseEvent) -> Standing:
    _changed(standing, event)
    return replace(standing, state=State.NEEDS_INFORMATION, holder=None)


def _told(standing: Standing, _event: CaseEvent) -> Standing:
    return replace(standing, state=State.IN_REVIEW if standing.decided else State.RECEIVED)


def _reopened(standing: Standing, event: CaseEvent) -> Standing:
    """Begin a new round, in which nothing is decided; the first one stays in the events."""
    return replace(
        standing,
        state=State.RECEIVED,
        reviews=(),
        holder=None,
        second_wanted=False,
        ruling=None,
        label=None,
        reason="",
        decided_at=None,
        is_learned=False,
        n_reopened=standing.n_reopened + 1,
        deadline_at=event.at + timedelta(days=float(event.details["days"])),
    )


def _forgotten(standing: Standing, event: CaseEvent) -> Standing:
    """Close what can no longer be judged: nothing is left to look at."""
    if standing.state.is_closed:
        return replace(standing, is_forgotten=True)
    return replace(standing, is_forgotten=True, state=State.WITHDRAWN, holder=None, decided_at=event.at)


_MOVES: Mapping[Step, Callable[[Standing, CaseEvent], Standing]] = {
    Step.TAKEN: _taken,
    Step.PUT_BACK: _put_back,
    Step.JUDGED_BLIND: _judged_blind,
    Step.DECIDED: _decided,
    Step.SECOND_WANTED: lambda standing, _: replace(standing, second_wanted=True),
    Step.ASKED: _asked,
    Step.TOLD: _told,
    Step.WITHDRAWN: lambda standing, event: replace(standing, state=State.WITHDRAWN, holder=None, decided_at=event.at),
    Step.REOPENED: _reopened,
    Step.LEARNED: lambda standing, _: replace(standing, is_learned=True, has_item=True),
    Step.FORGOTTEN: _forgotten,
}

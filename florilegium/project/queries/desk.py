"""The query desk: queries come in, are answered or wait, and people take them up. Path: **project** (shell) -> serve.

Each step is in the store before anybody hears of it. Nothing is sent anywhere: an answer is recorded, and the front end
that brought the query asks for it by its ticket. May be used by several threads and several people at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from florilegium.errors import InputError
from florilegium.journal.draft import marks_in
from florilegium.model.exemplars import Similar
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.naming import class_name, near_to
from florilegium.project.desk.ticket import new_click
from florilegium.project.marked_texts import words_of
from florilegium.project.queries.promising import Promised
from florilegium.project.queries.replying import intents_of
from florilegium.project.queries.routing import MOST_CHARS, Routed, Router
from florilegium.project.queries.view import Asked, Inbox, QueryCard, QueryWish, Told, checked, clean
from florilegium.project.similar_texts import SimilarTexts
from florilegium.queries import PLACEHOLDERS, names_in
from florilegium.report.marking import marked
from florilegium.store import Query, QueryEvent, QueryState, QueryStep, Taught, ticket_hash

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_PAGE = 50  # queries in a list
WHY = "answered at the query desk"
WHY_NAMED = "named among unknown queries"
# Records an answer where it can be contested and audited: text, answer, key -> (number in the record, ticket).
Record = Callable[[Asked, Routed], tuple[int | None, str]]


class QueryDesk:
    """People and a model at work on one project's queries."""

    def __init__(
        self,
        project: "Project",
        wish: QueryWish,
        *,
        record: Record,
        forget: Callable[[str], object],
        changed: Callable[[], None],
    ) -> None:
        """Sit down at a project.

        Args: record: keeps each answer among the live ones before it is given.  forget: erases one, by its ticket.
            changed: hears that items changed.
        """
        self._changed = changed
        self.project, self.wish = project, wish
        self.router = Router(project)
        self.similar_texts = SimilarTexts(project)
        self.store = project.store.queries
        self._record, self._forget = record, forget
        self.clock: Callable[[], datetime] = project.clock
        self.intents: tuple[str, ...] = tuple(dict.fromkeys((*self.router.classes, *intents_of(project))))

    # What comes in

    def receive(self, asked: Asked) -> Told:
        """Take a query in: answer it where that is promised, else let it wait. Sent twice, it is taken once.

        Raises: InputError: the text is empty or too long, or its key was used for another.
        """
        given = checked(asked)
        routed = self.router.route(given.text, language=given.language, values={"name": given.name})
        number, ticket = self._record(given, routed)
        if (there := self.store.by_ticket(ticket)) is not None:
            return Told(ticket=ticket, query=there)
        now = self.clock()
        first = QueryEvent(kind=QueryStep.RECEIVED, at=now, who="", key=new_click())
        events = [first]
        if routed.automatic:
            details = {"intent": routed.intent, "reply": routed.reply, "threshold": routed.threshold}
            events.append(QueryEvent(kind=QueryStep.AUTOMATIC, at=now, who="", key=new_click(), details=details))
        query = replace(
            _query(given, routed, at=now),
            prediction_id=number,
            ticket_hash=ticket_hash(ticket),
        )
        return Told(ticket=ticket, query=self.store.add(query, events))

    def status(self, ticket: str) -> Told:
        """Tell the asker how far a query has come.

        Raises: InputError: no query has this ticket.
        """
        found = self.store.by_ticket(ticket) if len(ticket) <= 200 else None
        if found is None:
            raise InputError("There is no query with this ticket. Send it again.")
        return Told(ticket=ticket, query=found)

    # What lies on the desk

    @property
    def promised(self) -> Promised | None:
        """Give the promise for automatic answers; None: none was made."""
        return self.router.promised

    def inbox(self, *, after: tuple[bool, int] | None = None) -> Inbox:
        """Give the queries that wait: those handed over first, the oldest first among each."""
        return self._listed(self.store.waiting(most=N_PAGE + 1, after=after))

    def done(self, *states: QueryState, before: int | None = None) -> Inbox:
        """Give queries that were answered, the newest first."""
        return self._listed(self.store.done(*states, most=N_PAGE + 1, before=before))

    def _listed(self, found: tuple[Query, ...]) -> Inbox:
        shown = found[:N_PAGE]
        return Inbox(
            queries=shown,
            blind=frozenset(query.id for query in shown if self.is_blind(query)),
            counts=self.store.counts(),
            more=shown[-1] if len(found) > N_PAGE else None,
        )

    def is_blind(self, query: Query) -> bool:
        """Tell whether the model's intent is hidden: drawn by the query's number, so that a reload changes nothing.

        Where an answer went out, it tells what the model said.
        """
        is_open = query.state is QueryState.WAITING and query.intent is None and query.reply is None
        return is_open and share_of("query", self.wish.seed, query.id) < self.wish.blind_share

    def card(self, number: int, *, intent: str | None = None, who: str = "") -> QueryCard:
        """Give one query with all that is known of it.

        Args: intent: the one that the person chose; None: their earlier word, else the model's.
        Raises: InputError: no such query.
        """
        query = self._open(number)
        is_blind = self.is_blind(query)
        chosen = intent or query.intent or (query.said if query.known and not is_blind else None)
        values = {"name": query.name, "agent": who}
        reply, missing = (
            (None, ()) if chosen is None else self.router.reply_to(chosen, language=query.language, values=values)
        )
        # Words that speak for the answer of an earlier model are not known any more.
        is_told = not is_blind and bool(query.text) and query.model_id == self.router.model_id
        decided = self.router.decided(query.text, query.said) if is_told else None
        return QueryCard(
            query=query,
            is_blind=is_blind,
            chosen=chosen,
            reply=reply or "",
            missing=missing,
            pieces=marked(query.text, words_of(decided)),
            is_exact=decided is not None and decided.is_exact,
            similar=() if is_blind or not query.text else self._similar(query.text),
            events=self.store.events(number),
            click=new_click(),
        )

    def _similar(self, text: str) -> tuple[tuple[Similar, str], ...]:
        texts = self.similar_texts
        return tuple((similar, texts.text(similar.exemplar.name)) for similar in texts.nearest(text))

    def reply_to(self, number: int, intent: str, *, who: str) -> str:
        """Give the reply that belongs to an intent, for one query; empty where there is none."""
        query = self._open(number)
        return self.router.reply_to(intent, language=query.language, values={"name": query.name, "agent": who})[0] or ""

    def _open(self, number: int) -> Query:
        found = self.store.by_id(number)
        if found is None:
            raise InputError("There is no such query. Go back to the list.")
        return found

    # What people do

    def send(
        self, number: int, text: str, intent: str, *, who: str, seen: int, click: str, new_class: bool = False
    ) -> Query:
        """Answer a query: the asker's front end finds the reply by its ticket, and the intent becomes a label event.

        Raises: InputError: nothing to send, a place that is not filled, no such intent.  Overtaken: somebody was first.
        """
        query = self._open(number)
        label = self.named(intent, new_class=new_class)
        reply = clean(text)
        if not reply:
            raise InputError("There is nothing to send. Write a reply, or hand the query over.")
        if len(reply) > MOST_CHARS:
            raise InputError(f"a reply of {len(reply):,} characters; at most {MOST_CHARS:,} are taken.")
        if open_places := _open_places(reply):
            raise InputError(f"Fill in {', '.join(open_places)} first; the reply was not sent.")
        if marks := marks_in(reply):
            raise InputError(f"Look at what stands before {' and '.join(marks)}, then take the marks out.")
        details = {"intent": label, "reply": reply, **self._knew(query)}
        event = QueryEvent(kind=QueryStep.SENT, at=self.clock(), who=who, key=click, details=details)
        changes = {"state": QueryState.ANSWERED, "intent": label, "reply": reply, "handed": False}
        return self._step(query, event, seen=seen, taught=self._taught(query, label), **changes)

    def hand_over(self, number: int, *, to: str, note: str, who: str, seen: int, click: str) -> Query:
        """Hand a query to another person: it goes to the top of the list, with a word on why."""
        details = {"to": " ".join(clean(to).split())[:100], "note": clean(note)[:2_000]}
        event = QueryEvent(kind=QueryStep.HANDED, at=self.clock(), who=who, key=click, details=details)
        return self._step(self._open(number), event, seen=seen, state=QueryState.WAITING, handed=True)

    def close(self, number: int, *, who: str, seen: int, click: str) -> Query:
        """Put a query away without an answer: nothing that was written was a query."""
        event = QueryEvent(kind=QueryStep.CLOSED, at=self.clock(), who=who, key=click)
        return self._step(self._open(number), event, seen=seen, state=QueryState.CLOSED, handed=False)

    def name(
        self, numbers: Sequence[int], intent: str, *, who: str, click: str, new_class: bool = False
    ) -> tuple[int, int]:
        """Give queries an intent, most often a new one; those named, answered, put away or erased meanwhile are left.

        Gives how many were named, and how many of them are examples now: who asked may not have allowed that.
        Raises: NewClass: no item has it yet, and one that is written much like it is there.  InputError: it is none.
        """
        label = self.named(intent, new_class=new_class or not near_to(intent, self.intents))
        n_named = n_examples = 0
        for number in dict.fromkeys(numbers):
            query = self._open(number)
            # An automatic answer is corrected by an answer: with an intent alone it would pass for a person's.
            if query.intent is not None or query.reply is not None or query.state is QueryState.CLOSED:
                continue
            if query.forgotten_at is not None:
                continue
            key = f"{click}/{number}"[:64]
            # The page of groups shows no word of the model.
            knew = {"suggestion": query.said, "suggested": False}
            event = QueryEvent(
                kind=QueryStep.NAMED, at=self.clock(), who=who, key=key, details={"intent": label, **knew}
            )
            taught = Taught(label=label, why=WHY_NAMED, suggestion=query.said, suggested=False)
            done = self._step(query, event, seen=query.n_events, taught=taught, intent=label)
            n_named += 1
            n_examples += done.item is not None
        return n_named, n_examples

    def drafted(self, number: int, *, by: str, who: str, seen: int, click: str) -> Query:
        """Record that a draft was made for a query, and by what."""
        event = QueryEvent(kind=QueryStep.DRAFTED, at=self.clock(), who=who, key=click, details={"by": by})
        return self._step(self._open(number), event, seen=seen)

    def erase(self, ticket: str) -> None:
        """Erase what a query says, what was answered, and all else that is kept of it; that it was stays counted."""
        self.status(ticket)
        self._forget(ticket)
        self._changed()

    def named(self, intent: str, *, new_class: bool = False) -> str:
        """Give the intent that is meant.

        Raises: NewClass: no item has it yet.  InputError: it is none.
        """
        return class_name(intent, self.intents, new_class=new_class)

    def _step(
        self, query: Query, event: QueryEvent, *, seen: int, taught: Taught | None = None, **changes: object
    ) -> Query:
        done = self.store.step(query.id, event, seen=seen, taught=taught, **changes)
        if taught is not None:
            if taught.label not in self.intents:
                self.intents = (*self.intents, taught.label)
            self._changed()
        return done

    def _knew(self, query: Query) -> dict[str, object]:
        return {"suggestion": query.said, "suggested": not self.is_blind(query)}

    def _taught(self, query: Query, label: str) -> Taught:
        """Give the label event; a person who saw the model's intent says so for good."""
        return Taught(label=label, why=WHY, suggestion=query.said, suggested=not self.is_blind(query))


def _query(given: Asked, routed: Routed, *, at: datetime) -> Query:
    return Query(
        at=at,
        text=given.text,
        model_id=routed.model_id,
        said=routed.intent,
        probability=routed.probability,
        known=routed.known,
        top=routed.top,
        state=QueryState.AUTOMATIC if routed.automatic else QueryState.WAITING,
        handed=not routed.automatic and not routed.known,
        language=given.language,
        name=given.name,
        may_learn=given.may_learn,
        reply=routed.reply if routed.automatic else None,
    )


def _open_places(reply: str) -> list[str]:
    """Give the places of a reply that are still open."""
    return [f"{{{name}}}" for name in names_in(reply) if name in PLACEHOLDERS]

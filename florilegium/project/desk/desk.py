"""The desk: what is asked next, what was said, and what that brought. Path: **project** (shell) -> serve.

Each answer is in the store before anybody hears of it. One desk serves all pages and all people of a project at once.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from florilegium.active import Meter
from florilegium.errors import InputError, StepMissing
from florilegium.project.desk import ticket
from florilegium.project.desk.card import AGAIN, CHOSEN, RANDOM, TEACHING, TWICE, Card, DeskWish, Done, Task, Wanted
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.cleaning import Cleaning
from florilegium.project.desk.draw import Drawer
from florilegium.project.desk.memory import Memory
from florilegium.project.desk.naming import class_name
from florilegium.project.desk.places import Places
from florilegium.project.desk.playing import Against, Game, Playing, Turn
from florilegium.project.desk.seconds import Seconds
from florilegium.project.desk.tally import Tally, tally
from florilegium.project.desk.teaching import Teaching
from florilegium.project.holdings import Holdings
from florilegium.project.marked_texts import MarkedTexts
from florilegium.report.marking import Piece
from florilegium.store import Judgement, Overtaken, Said
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_AHEAD = 4  # pictures that a browser fetches before they are wanted
USED_OF = 500  # the last judgements, of which the most used classes are taken
TABLES = {Task.CLEAN: "clean", Task.LABEL: "label", Task.THIRD: "third"}  # a page -> what lies there
WHYS = {
    Task.CLEAN: "looked at while cleaning",
    Task.LABEL: "labelled by hand",
    Task.AGAIN: "second opinion",
    Task.THIRD: "decided between two opinions",
}


class Desk:
    """People at work on one project's labels."""

    def __init__(self, project: "Project", holdings: Holdings, wish: DeskWish) -> None:
        """Sit down at a project."""
        self.project, self.holdings, self.wish = project, holdings, wish
        self.clock: Callable[[], datetime] = project.clock
        self.memory = Memory(project.store, holdings)
        self.places = Places()
        self.seconds = Seconds(self.memory, wish)
        self.drawer = Drawer(project, holdings)
        self.marked_texts = MarkedTexts(project)
        self._signer = ticket.signer(project.cache)
        self._counting = threading.Lock()  # counting takes longer than a click, and no click waits for it
        self._counted: tuple[tuple[int, int, int], Tally] | None = None  # the newest judgement that is in it
        self._lock = threading.RLock()  # held while a page is drawn up, never while a model learns

    def close(self) -> None:
        """Get up: end what works in the background."""
        if "teaching" in self.__dict__:
            self.teaching.stop()

    @cached_property
    def cleaning(self) -> Cleaning:
        """The ranked list of suspects."""
        return Cleaning(self.project, self.memory)

    @cached_property
    def teaching(self) -> Teaching:
        """The queue of unlabelled items, and the model that learns along."""
        return Teaching(self.project, self.memory, random_share=self.wish.random_share)

    @cached_property
    def playing(self) -> Playing:
        """What can be played."""
        return Playing(self.project, self.memory)

    def prepare(self) -> None:
        """Do beforehand what the first page would wait for: rank the labels, find what is alike, learn from labels."""
        progress = self.project.progress
        steps: list[Callable[[], object]] = [lambda: self.cleaning, lambda: self.drawer.points]
        if any(label is None for label in self.memory.labels):
            steps.append(lambda: self.teaching)
        for done, step in enumerate(steps):
            progress("desk made ready", done, len(steps))
            step()
        progress("desk made ready", len(steps), len(steps))

    # What is asked

    def clean(self, session: str, who: str, wanted: Wanted | None = None) -> Card | None:
        """Give the label to look at next; None: all of them were looked at. A reload gives the same one."""
        with self._lock:
            wanted = wanted or Wanted()
            self.memory.refresh()
            self.cleaning.refuse_unknown(wanted)
            open_rows = self.cleaning.open_rows(who, wanted)
            # What lies there by chance stays there while somebody looks at others.
            table = f"clean {wanted}" if wanted else TABLES[Task.CLEAN]
            held = self._held(session, table, who, can=open_rows)
            if held is None and not wanted:
                held = self.seconds.next(who, self.places.others(session))
            chosen = held or self.cleaning.next(
                who, wanted, self.places.others(session), control_share=self.wish.control_share
            )
            return self._card(session, Task.CLEAN, who, chosen, table=table)

    def suspects(self, who: str, wanted: Wanted, n: int, *, session: str = "") -> list[Card]:
        """Give the first n labels still to be judged, for a page that shows many at once; chance has no part in it."""
        with self._lock:
            self.memory.refresh()
            self.cleaning.refuse_unknown(wanted)
            taken = self.places.others(session)
            rows = [row for row in self.cleaning.open_rows(who, wanted).tolist() if row not in taken][:n]
            streams = [RANDOM if self.places.drawn_at_random(row, RANDOM) else CHOSEN for row in rows]
            return [
                self.drawn(row, Task.CLEAN, stream, who, alone=False) for row, stream in zip(rows, streams, strict=True)
            ]

    def label(self, session: str, who: str) -> Card | None:
        """Give the item to label next; None: everything has a label. A reload gives the same one."""
        with self._lock:
            self.memory.refresh()
            held = self._held(session, TABLES[Task.LABEL], who, can=self.teaching.open_rows(who))
            held = held or self.seconds.next(who, self.places.others(session), planned=True)
            chosen = held or self.teaching.next(who, self.places.others(session))
            return self._card(session, Task.LABEL, who, chosen)

    def third(self, session: str, who: str) -> Card | None:
        """Give the next item about which two people differ, to somebody who is neither; None: there is none."""
        with self._lock:
            self.memory.refresh()
            done = self.memory.rows(Task.THIRD, who=who) | self.places.others(session)
            differing = self.memory.disputed().items()
            rows = sorted(row for row, said in differing if who not in said and row not in done)
            return self._card(session, Task.THIRD, who, (rows[0], RANDOM) if rows else None)

    def _held(self, session: str, table: str, who: str, *, can: Ints) -> tuple[int, str] | None:
        """Give what lies before this session already, while it is still to be decided."""
        mine = self.places.mine(session, table)
        if mine is None:
            return None
        row, stream = mine
        is_open = row in self.seconds.rows(who) if stream in (TWICE, AGAIN) else bool((can == row).any())
        return mine if is_open else None

    def _card(
        self, session: str, page: Task, who: str, chosen: tuple[int, str] | None, *, table: str | None = None
    ) -> Card | None:
        if chosen is None:
            return None
        row, stream = chosen
        self.places.lay(session, table or TABLES[page], row, stream)
        task = Task.AGAIN if stream in (TWICE, AGAIN) else page
        return self.drawn(row, task, stream, who)

    def drawn(self, row: int, task: Task, stream: str, who: str, *, alone: bool = True) -> Card:
        """Draw up an item's card for a task; what must not be seen is not in it. `alone`: similar items beside it."""
        with self._lock:
            label = self.memory.labels[row]
            source = self.teaching if task is Task.LABEL else self.cleaning if task is Task.CLEAN else None
            said = None if source is None else source.suggestion(row)
            hidden = said is not None and self._is_blind(row, task, who)
            suspicion = self.cleaning.suspicion(row) if task is Task.CLEAN else None
            shown = ticket.Shown(
                name=self.memory.names[row],
                task=task.value,
                stream=stream,
                before=label,
                suggestion=None if said is None else said[0],
                suggested=said is not None and not hidden,
                suspicion=suspicion,
                click=ticket.new_click(),
                seen=self.memory.seen[row],
            )
            return self.drawer.card(
                row,
                task,
                stream,
                ticket=ticket.sign(shown, self._signer),
                label=label if task is Task.CLEAN else None,
                said=None if hidden else said,
                hidden=hidden,
                suspicion=suspicion,
                labels=self.memory.labels if alone else None,
                sealed=self.memory.sealed,
                opinions=self.memory.disputed().get(row, {}) if task is Task.THIRD else {},
                why=self.teaching.reasons.get(row) if stream == TEACHING and not hidden else None,
            )

    def pieces(self, card: Card) -> tuple[Piece, ...]:
        """Cut a card's text by the words that speak for what the model says there; () where its word is not in sight.

        Asked for after the card is drawn up, so that nobody's click waits while a network is asked without each word.
        """
        if card.text is None or card.suggestion is None:
            return ()
        return self.marked_texts.pieces(card.text, card.suggestion)

    def _is_blind(self, row: int, task: Task, who: str) -> bool:
        return share_of("blind", self.wish.seed, task.value, who, self.memory.names[row]) < self.wish.blind_share

    # What is said

    def judge(
        self,
        given: str,
        verdict: Said,
        label: str | None,
        *,
        who: str,
        seconds: float | None = None,
        new_class: bool = False,
    ) -> Done:
        """Record what a person said of an item; it is on disk when this returns. Sent twice, it is recorded once.

        Args: given: the card's ticket.  label: with `Said.LABEL`, what it is.  new_class: it may be a new class.
        Raises: InputError: the ticket is not ours, or the label no class.  Overtaken: somebody decided meanwhile.
        """
        shown = ticket.read(given, self._signer)
        with self._lock:
            verdict, label = self._settled(shown, verdict, label, new_class=new_class)
            judgement = Judgement(
                click=shown.click,
                name=shown.name,
                task=shown.task,
                verdict=verdict,
                label=label,
                before=shown.before,
                who=who,
                at=self.clock(),
                seconds=None if seconds is None else float(np.clip(seconds, 0, 86_400)),
                suggestion=shown.suggestion,
                suggested=shown.suggested,
                suspicion=shown.suspicion,
                stream=shown.stream,
            )
            try:
                kept = self.project.store.judgements.add(judgement, why=WHYS[Task(shown.task)], seen=shown.seen)
            except Overtaken:
                self.memory.reload()
                self.places.clear([self.memory.row[shown.name]])
                raise
            return self._noted(kept)

    def _settled(
        self, shown: ticket.Shown, verdict: Said, label: str | None, *, new_class: bool
    ) -> tuple[Said, str | None]:
        """Give verdict and label as they are recorded; to say what it is already is to keep it."""
        if shown.name not in self.memory.row:
            raise InputError(f"{shown.name}: no such item here any more. Load the page again.")
        if verdict is Said.LABEL:
            label = class_name(label, self.memory.classes, new_class=new_class)
            is_kept = label == shown.before and shown.task == Task.CLEAN
            return (Said.KEEP if is_kept else Said.LABEL), label
        if verdict is Said.KEEP:
            if shown.before is None or shown.task != Task.CLEAN:
                raise InputError(f"{shown.name}: there is no label in sight to keep. Say what it is.")
            return verdict, shown.before
        if verdict not in (Said.REMOVE, Said.UNSURE):
            raise InputError(f"{verdict}: expected keep, label, remove or unsure.")
        return verdict, None

    def _noted(self, kept: Judgement) -> Done:
        self.memory.added(kept)
        row = self.memory.row[kept.name]
        self.places.clear([row])
        if "teaching" in self.__dict__:
            self.teaching.told()
        return Done(sentence=_sentence(kept), name=kept.name, row=row)

    def undo(self, click: str, *, who: str, session: str) -> Done | None:
        """Take back this person's last word that others have not overtaken; None: there is none left."""
        with self._lock:
            self.memory.refresh()
            back, n_passed = self.project.store.judgements.undo(click, who=who, at=self.clock())
            self.memory.reload()
            if back is None:
                return None
            if "teaching" in self.__dict__:
                self.teaching.told()
            row = self.memory.row.get(back.name, -1)  # its file may be gone since
            if row >= 0 and back.task in (Task.CLEAN, Task.LABEL):
                self._lay_back(row, back, session)
            passed = f" {n_passed} of yours stand, since others decided after you." if n_passed else ""
            return Done(sentence=f"Took back: {_sentence(back)}{passed}", name=back.name, row=row)

    def _lay_back(self, row: int, back: Judgement, session: str) -> None:
        self.places.lay(session, TABLES[Task(back.task)], row, back.stream)

    # What it brought

    def tally(self) -> Tally:
        """Count what was said and what it brought, each with its range; counted once for the same judgements."""
        with self._counting:
            with self._lock:
                self.memory.refresh()
                now, memory = self.memory.newest, self.memory.copied()
            if self._counted is None or self._counted[0] != now:
                self._counted = (now, tally(self.project, memory, self.cleaning.ranked))
            return self._counted[1]

    def meter(self) -> Meter | None:
        """Measure what labelling brought so far; None: nothing was labelled here."""
        if not any(j.verdict is Said.LABEL for j in self.memory.of(Task.LABEL)):
            return None
        return self.teaching.meter()

    def buttons(self, most: int, n_keys: int) -> tuple[str, ...]:
        """Give the classes that have a button: all where they are few, else the ones most used here of late.

        In the order in which they came up, so that a class keeps its key while others are added.
        """
        classes = self.memory.order
        if len(classes) <= most:
            return classes
        there = set(classes)
        used = Counter(j.label for j in self.memory.standing[-USED_OF:] if j.label in there)
        common = {label for label, _ in used.most_common(n_keys)}
        return tuple(label for label in classes if label in common)

    def ahead(self, page: str) -> tuple[int, ...]:
        """Give rows whose pictures may be wanted next, so that a browser can fetch them in good time."""
        with self._lock:
            return (
                self.cleaning.ahead(N_AHEAD)
                if page == "clean"
                else self.teaching.ahead(N_AHEAD)
                if page == "label"
                else ()
            )

    # The game

    def human_baseline(self) -> Against | None:
        """Give how people who played did against the model; None: nobody played, or there is no model."""
        with self._lock:
            self.memory.refresh()
            plays = self.memory.of(Task.GAME)
            try:
                return self.playing.human_baseline(plays) if plays else None
            except StepMissing:  # cards were studied, and there is no model to stand beside
                return None

    def play(self, *, consent: bool, rng: np.random.Generator) -> Game:
        """Deal a game."""
        with self._lock:
            if not len(self.playing.answers):
                raise StepMissing(f"{self.project.folder}: no picture to play with. Train again: florilegium train")
            return self.playing.deal(rng, consent=consent)

    def guess(self, game: Game, guess: str, *, who: str) -> Turn:
        """Take a guess; where the player agreed, it is kept for the human baseline."""
        with self._lock:
            turn = self.playing.guess(game, guess)
            if game.consent:
                said = Judgement(
                    click=ticket.new_click(),
                    name=self.memory.names[turn.row],
                    task=Task.GAME,
                    verdict=Said.GUESS,
                    label=guess,
                    before=turn.truth,
                    who=who,
                    at=self.clock(),
                    suggestion=turn.answer,
                    stream=RANDOM,
                )
                self.memory.added(self.project.store.judgements.add(said, why=""))
            return turn


def _sentence(kept: Judgement) -> str:
    what = {
        Said.KEEP: f"is {kept.label}, as it was",
        Said.LABEL: f"is {kept.label}",
        Said.REMOVE: "is out of the set",
        Said.UNSURE: "stays undecided",
    }
    return f"{kept.name} {what.get(kept.verdict, '')}."

"""Study cards: what comes next, what was answered, what is taken back. Path: **project** (shell).

Each answer is on the disk before the next card is shown, so nothing is lost when the lid closes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from florilegium.cards import notes_of_terms, read_glossary, read_lessons
from florilegium.cards.faces import Face, face
from florilegium.cards.pictures import mixed_up
from florilegium.cards.progress import ClassPair, Progress, class_pairs, progress
from florilegium.cards.schedule import Rating, Review, not_before, to_ms
from florilegium.cards.tuning import Optimised, optimise
from florilegium.errors import InputError
from florilegium.evaluation import Predictions, Score, confusion
from florilegium.project import carding
from florilegium.project.carding import DeckWish
from florilegium.project.learner import Choices, choices_of, choose
from florilegium.store import Card, CardRecord, Counts, Judgement, Said

if TYPE_CHECKING:
    from florilegium.project.project import Project

AHEAD = timedelta(minutes=20)  # a learning card may come this early when nothing else is left (Anki's choice)
MOST_SECONDS = 60.0  # of one answer; longer, and somebody made coffee
CLOCK_SLACK = timedelta(minutes=1)
LONGEST_ANSWER = 200  # characters of a class that somebody types


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One card, ready to be asked."""

    card: Card
    face: Face
    waits: dict[Rating, timedelta]  # how long it would wait after each answer
    classes: tuple[str, ...]  # what may be answered, where it asks for a class

    @property
    def seen(self) -> int:
        """Give how often it was answered before: by this a second answer from elsewhere is noticed."""
        return 0 if self.card.memory is None else self.card.memory.n_reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How studying goes, and how the learner compares with the model."""

    progress: Progress
    classes: tuple[ClassPair, ...]
    both: tuple[tuple[str, str], ...]  # class pairs that learner and model both mix up
    n_named: int  # answers to picture cards in which a class was named


class Study:
    """Where one learner studies the cards of one record."""

    def __init__(
        self, record: CardRecord, *, who: str, clock: Callable[[], datetime], project: "Project | None" = None
    ) -> None:
        """Open the cards; `project`: whose cards they are, None: the glossary's."""
        self.record, self.who, self.clock = record, who, clock
        self._project = project
        self._gathered: carding.Gathered | None = None
        self.choices: Choices = choices_of(record, who)

    def prepare(self, wish: DeckWish | None = None) -> int:
        """Bring the record's cards up to date with glossary or project; give how many notes were new or changed.

        Raises: StepMissing: the project is empty.
        """
        if self._project is None:
            notes = [*notes_of_terms(read_glossary()), *read_lessons()]
            return self.record.take_in([(note, None) for note in notes], now=self.clock())
        human, private = self._human(carding.model_answers(self._project)), wish or DeckWish(shared=False)
        self._gathered = carding.gather(self._project, private, human=human)
        return self.record.take_in(self._gathered.notes, now=self.clock())

    @property
    def has_project(self) -> bool:
        """Tell whether these are a project's cards."""
        return self._project is not None

    @property
    def empty(self) -> tuple[str, ...]:
        """Say which of the project's decks are empty, and why."""
        return () if self._gathered is None else self._gathered.empty

    # One card after another

    def next(self) -> Shown | None:
        """Give the card to ask now; None: done for today. A card whose picture is gone is passed over for good."""
        while (card := self._next()) is not None:
            if all(self.picture(name) is not None for name in card.note.pictures):
                return self._shown(card)
            self.record.lost(card.note.guid)
        return None

    def counts(self) -> Counts:
        """Count what is to be done today."""
        now = self.clock()
        return self.record.counts(self.who, now=now, today=self._today(now), ahead=AHEAD)

    @property
    def n_new_left(self) -> int:
        """Give how many more new cards today's limit allows."""
        start = self._today(self.clock())[0]
        return max(0, self.choices.new_per_day - self.record.n_new_since(self.who, start))

    def card(self, card_id: int) -> Shown:
        """Give one card by its number.

        Raises: InputError: there is none.
        """
        card = self.record.card(card_id, who=self.who)
        if card is None:
            raise InputError(f"card {card_id}: no such card here. Load the page again.")
        return self._shown(card)

    def answer(
        self, shown: Shown, rating: Rating, *, said: str | None = None, seconds: float | None = None, source: str
    ) -> bool:
        """Record an answer; False: the card was answered elsewhere meanwhile, and nothing was recorded.

        Args: said: the class that was named before the answer was seen.  source: terminal or page.
        """
        card, now = shown.card, to_ms(self.clock())
        at = not_before(now, card.memory)
        named = said.strip()[:LONGEST_ANSWER] if said and said.strip() else None
        review = Review(
            guid=card.note.guid,
            ord=card.ord,
            at=at,
            rating=rating,
            seconds=None if seconds is None else min(max(seconds, 0.0), MOST_SECONDS),
            said=named,
            source=source,
        )
        memory = self.choices.scheduler.after(card.memory, rating, at)
        if not self.record.answer(card, review, memory, who=self.who):
            return False
        is_first = named is not None and card.memory is None
        if is_first and self.choices.consent and card.note.fields.get("picture") not in self.record.revealed(self.who):
            self._judge(card, review)
        return True

    def undo(self) -> Shown | None:
        """Take back the newest answer given here, and give its card; None: there is none to take back."""
        replay = self.choices.scheduler.replay
        undone = self.record.undo(who=self.who, now=self.clock(), replay=replay)
        if undone is None:
            return None
        shown = self.card(undone.card_id)
        self._take_back(shown.card, undone.at)
        return shown

    def picture(self, name: str) -> Path | None:
        """Give the file of a picture; None where it is gone."""
        return None if self._gathered is None else self._gathered.pictures.path(name)

    @property
    def clock_behind(self) -> bool:
        """Tell whether this machine's clock is behind the newest answer: it, or another device's, is wrong."""
        newest = self.record.newest(self.who)
        return newest is not None and newest > self.clock() + CLOCK_SLACK

    # How it goes

    def account(self) -> Account:
        """Sum up how studying goes."""
        reviews, now = self.record.reviews(self.who), self.clock()
        model = None if self._project is None else carding.model_answers(self._project)
        human = self._human(model)
        both = [] if human is None or model is None else _in_both(human, model)
        return Account(
            progress=progress(
                reviews,
                self.record.memories(self.who).values(),
                scheduler=self.choices.scheduler,
                day=self.choices.day,
                now=now,
            ),
            classes=() if human is None else class_pairs(human, model),
            both=tuple(both),
            n_named=0 if human is None else len(human),
        )

    def optimise(self) -> Optimised:
        """Fit FSRS to this learner's answers, and use its numbers where they are shown to be better.

        Raises: StepMissing: too few answers, or torch is missing.
        """
        found = optimise(self.record.reviews(self.who), now_used=self.choices.scheduler)
        if found.better:
            self.use(found.parameters)
        return found

    def use(self, parameters: tuple[float, ...]) -> int:
        """Schedule all cards anew with these numbers, () being FSRS's own; give how many cards it were."""
        self.choices = choose(self.record, self.who, parameters=parameters)
        return self.record.recompute(self.who, self.choices.scheduler.replay)

    def choose(self, **given: object) -> None:
        """Keep what is given, None leaving things as they are; a new retention schedules all cards anew.

        Raises: SettingError: a value is out of its range; nothing is kept.
        """
        before = self.choices
        self.choices = choose(self.record, self.who, **given)
        if self.choices.retention != before.retention:
            self.record.recompute(self.who, self.choices.scheduler.replay)

    def _next(self) -> Card | None:
        now = self.clock()
        return self.record.next_card(self.who, now=now, today=self._today(now), n_new=self.n_new_left, ahead=AHEAD)

    def _today(self, now: datetime) -> tuple[datetime, datetime]:
        return self.choices.day.start(now), self.choices.day.end(now)

    def _shown(self, card: Card) -> Shown:
        asks_class = card.note.label is not None
        return Shown(
            card=card,
            face=face(card.note, card.ord),
            waits=self.choices.scheduler.waits(card.memory, not_before(self.clock(), card.memory)),
            classes=self.record.labels() if asks_class else (),
        )

    def _human(self, model: Predictions | None) -> Predictions | None:
        """Give what the learner first said of each picture: later answers are remembered, not seen."""
        return carding.human_answers(self.record.first_said(self.who), carding.groups_of(model))

    # The human baseline

    def _judge(self, card: Card, review: Review) -> None:
        if self._project is None or card.item is None:
            return
        self._project.store.judgements.add(
            Judgement(
                click=_click(card, review.at),
                name=card.item,
                task="game",
                verdict=Said.GUESS,
                label=review.said,
                before=card.note.label,
                who=self.who,
                at=review.at,
                seconds=review.seconds,
                stream="cards",
            ),
            why="named on a picture card",
        )

    def _take_back(self, card: Card, at: datetime) -> None:
        if self._project is None:
            return
        kept = self._project.store.judgements.all(task="game")
        found = next((each for each in kept if each.click == _click(card, at)), None)
        if found is not None:
            self._project.store.judgements.take_back(found.id, click=f"undo {found.click}"[:64], at=self.clock())


def _click(card: Card, at: datetime) -> str:
    return f"card {card.id} {int(at.timestamp() * 1000)}"


def _in_both(human: Predictions, model: Predictions) -> list[tuple[str, str]]:
    yours = set(mixed_up(confusion(human), least=1))
    return [pair for pair in mixed_up(confusion(model)) if pair in yours]


def account_dict(account: Account, counts: Counts) -> dict[str, Any]:
    """Give an account for JSON."""

    def score_dict(score: Score | None) -> dict[str, Any] | None:
        return None if score is None else {"accuracy": score.accuracy, **asdict(score)}

    found = account.progress
    return {
        "n_reviews": found.n_reviews,
        "n_seen": found.n_seen,
        "n_learned": found.n_learned,
        "n_days": found.n_days,
        "n_ahead_of_clock": found.n_ahead_of_clock,
        "today": asdict(counts),
        "kept": score_dict(found.kept),
        "forecast": [{"day": each.day.isoformat(), "n": each.n} for each in found.forecast],
        "retention": [
            {"since": each.since.isoformat(), "kept": score_dict(each.share), "expected": each.expected}
            for each in found.retention
        ],
        "classes": [
            {"name": each.name, "you": score_dict(each.you), "model": score_dict(each.model)}
            for each in account.classes
        ],
        "both_mix_up": [list(pair) for pair in account.both],
        "n_named": account.n_named,
    }

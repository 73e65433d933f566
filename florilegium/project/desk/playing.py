"""A game of twenty pictures, a person against the model; who agrees leaves their guesses. Path: **project** (shell).

The model's answers are those that it gave before it had learned from the picture, so both see it for the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from florilegium import evaluation
from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Score
from florilegium.project import kept
from florilegium.project.desk.memory import Memory
from florilegium.store import Judgement
from florilegium.types import Bools, Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_PICTURES = 20
MODEL, PEOPLE, YOU = "the model", "people", "you"


@dataclass(slots=True)
class Game:
    """One session's game."""

    rows: tuple[int, ...]
    consent: bool
    guesses: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Tell whether every picture was guessed."""
        return len(self.guesses) == len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One picture that was guessed."""

    row: int
    truth: str
    guess: str
    answer: str  # the model's


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """People and the model on the same pictures."""

    people: Score
    model: Score
    n_players: int

    @property
    def sentence(self) -> str:
        """Say both, with their ranges."""
        return (
            f"People were right on {self.people.accuracy:.1%} of {self.people.n} pictures ({self.people.low:.1%} to "
            f"{self.people.high:.1%}), the model on {self.model.accuracy:.1%} ({self.model.low:.1%} to "
            f"{self.model.high:.1%}) of the same ones."
        )


class Playing:
    """The pictures that can be played, and what the model said of each."""

    def __init__(self, project: "Project", memory: Memory) -> None:
        """Read the model's answers to items that it had not learned from.

        Raises: StepMissing: there is no trained model.
        """
        self._memory = memory
        record = project.store.current_model()
        answers = None if record is None else kept.load_predictions(project.folder, record.model_id, "folds")
        if answers is None:
            raise StepMissing(
                f"{project.folder}: nobody to play against yet. Train a model: florilegium train -p {project.folder}"
            )
        given = answers[0]
        said = given.probabilities.argmax(axis=1)
        self.answers = {
            memory.row[name]: given.classes[c] for name, c in zip(given.names, said.tolist(), strict=True)
            if name in memory.row
        }  # fmt: skip
        self.classes = given.classes

    def deal(self, rng: np.random.Generator, *, consent: bool, n: int = N_PICTURES) -> Game:
        """Draw pictures, of near copies at most one, each class as likely as any other."""
        memory = self._memory
        can = np.array([row for row in self.answers if memory.labels[row] in self.classes], dtype=np.int64)
        can = can[rng.permutation(len(can))]
        _, firsts = np.unique(memory.holdings.near[can], return_index=True)
        can = can[np.sort(firsts)]
        turn = dict.fromkeys(self.classes, 0)
        order = []
        for row in can.tolist():  # the first of each class, then the second of each, ...
            label = str(memory.labels[row])
            order.append((turn[label], row))
            turn[label] += 1
        drawn = [row for _, row in sorted(order, key=lambda pair: pair[0])][:n]
        return Game(rows=tuple(rng.permutation(drawn).tolist()), consent=consent)

    def turns(self, game: Game) -> tuple[Turn, ...]:
        """Give what was guessed so far."""
        return tuple(
            Turn(row=row, truth=str(self._memory.labels[row]), guess=guess, answer=self.answers[row])
            for row, guess in zip(game.rows, game.guesses, strict=False)
        )

    def guess(self, game: Game, guess: str) -> Turn:
        """Take a guess at the picture whose turn it is.

        Raises: InputError: the game is over, or the guess is no class.
        """
        if game.is_over:
            raise InputError("This game is over. Begin another one.")
        if guess not in self.classes:
            raise InputError(f"{guess!r} is none of the {len(self.classes)} classes. Choose one of them.")
        game.guesses.append(guess)
        return self.turns(game)[-1]

    def score(self, game: Game) -> Against | None:
        """Give both scores of a game; None before the first guess."""
        turns = self.turns(game)
        if not turns:
            return None
        rows = np.array([turn.row for turn in turns], dtype=np.int64)
        right = np.array([turn.guess == turn.truth for turn in turns], dtype=np.bool_)
        models = np.array([turn.answer == turn.truth for turn in turns], dtype=np.bool_)
        return self._against(right, models, rows, name=YOU, n_players=1)

    def human_baseline(self, plays: Sequence[Judgement]) -> Against | None:
        """Give how people did against the model on the same pictures, judged by today's labels; None: nobody played."""
        memory, near = self._memory, self._memory.holdings.near
        # Only what somebody saw for the first time: the answer was shown after it.
        first: dict[tuple[str, int], Judgement] = {}
        for j in plays:
            first.setdefault((j.who, int(near[memory.row[j.name]])), j)
        usable = [
            (memory.row[j.name], j)
            for j in first.values()
            if memory.row[j.name] in self.answers and memory.labels[memory.row[j.name]] is not None
        ]
        if not usable:
            return None
        right = np.array([j.label == memory.labels[row] for row, j in usable], dtype=np.bool_)
        models = np.array([self.answers[row] == memory.labels[row] for row, _ in usable], dtype=np.bool_)
        places = np.array([row for row, _ in usable], dtype=np.int64)
        return self._against(right, models, places, name=PEOPLE, n_players=len({j.who for _, j in usable}))

    def _against(self, right: Bools, models: Bools, rows: Ints, *, name: str, n_players: int) -> Against:
        groups = self._memory.holdings.groups[rows]  # the same picture guessed twice counts once
        return Against(
            people=evaluation.score(name, right, groups),
            model=evaluation.score(MODEL, models, groups),
            n_players=n_players,
        )

"""What the page shows, worked out of an account, part by part. Path: evaluation -> **report** (used by its build).

Chooses, orders and counts; every figure itself comes from `evaluation`. Writes no HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from florilegium import evaluation
from florilegium.evaluation.sentences import leads_with_new_sources, ranged
from florilegium.evaluation.values import Predictions, Score
from florilegium.evaluation.words import counted
from florilegium.report.marking import Piece, marked
from florilegium.report.matrix import Cell, mixed_up_with
from florilegium.report.pictures import Picture
from florilegium.report.render import short
from florilegium.report.values import Account, Marks

CLASSES_MOST = 200  # lines of the table of classes; the ones with most mistakes are kept
CLASS_NAME_MOST = 80  # characters
TEXT_MOST = 400  # characters of an item's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One answered item."""

    name: str
    truth: str
    said: str
    confidence: float  # 0..1
    known: bool  # False: the model abstains
    is_right: bool
    picture: Picture | None
    text: str | None
    pieces: tuple[Piece, ...] = ()  # of the text, with the words that spoke for a wrong answer; (): nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One line of the ladder of simple rules, with the model at its top."""

    name: str
    score: Score | None  # on the sealed test set
    folds: Score | None  # in cross-validation
    is_model: bool = False

    @property
    def shown(self) -> Score | None:
        """Give the score to draw: the test set's where there is one."""
        return self.score or self.folds


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One line of the table of classes."""

    number: int
    scores: evaluation.ClassScores
    worst: Cell | None  # its most frequent mistake
    words: tuple[str, ...] = ()  # of texts: what sets the class apart in the training texts


def headline(account: Account) -> tuple[str, str]:
    """Give the sentence to say first, and what follows it."""
    verdict = account.verdict
    if verdict is None:
        return _before(account), _closed(account)
    if not leads_with_new_sources(verdict):
        return verdict.sentence, ""
    first, separator, rest = verdict.sentence.partition(". ")
    return first + separator.strip(), rest


def _before(account: Account) -> str:
    score, where = trained_score(account), "in cross-validation"
    if account.new_sources is not None and account.new_sources.accuracy < score.accuracy:
        score, where = account.new_sources, "on sources never seen, in cross-validation"
    return f"Not judged yet: {score.n_right:,} of {score.n:,} right {where}, {ranged(score)}."


def _closed(account: Account) -> str:
    if not account.openings:
        return "The sealed test set has not been looked at, so there is no verdict yet."
    times = counted(account.openings[-1].k, "time")
    return f"The sealed test set has been opened {times}, but this model has no verdict yet."


def trained_score(account: Account) -> Score:
    """Give the model's cross-validated score."""
    chosen = [candidate.score for candidate in account.candidates if candidate.chosen]
    if chosen:
        return chosen[0]
    return evaluation.score("model", account.shown.right, account.shown.groups)


def questions(account: Account) -> tuple[tuple[str, Score | None], ...]:
    """Give the figures for new and for known sources, the lower one first; none where neither was asked."""
    given = account if account.verdict is None else account.verdict
    new, same = given.new_sources, given.same_sources
    if new is None and same is None:
        return ()
    asked = (("sources never seen", new), ("the same sources", same))
    return tuple(sorted(asked, key=lambda pair: pair[1].accuracy if pair[1] is not None else 0.0))


def ladder(account: Account) -> tuple[Rung, ...]:
    """Give model and simple rules, the highest first; the model stands first among equals."""
    verdict = account.verdict
    folds = {score.name: score for score in account.baselines}
    tested = {score.name: score for score in verdict.baselines} if verdict is not None else {}
    has_folds = account.folds is not None or any(candidate.chosen for candidate in account.candidates)
    model = Rung(
        name=account.model_name,
        score=None if verdict is None else verdict.model,
        folds=trained_score(account) if has_folds else None,
        is_model=True,
    )
    rules = [Rung(name=name, score=tested.get(name), folds=folds.get(name)) for name in tested | folds]
    return tuple(sorted([model, *rules], key=lambda rung: -rung.shown.accuracy if rung.shown else 0.0))


def class_names(predictions: Predictions) -> tuple[str, ...]:
    """Give the names of the classes as the page shows them: a very long one without its middle."""
    return tuple(short(name, CLASS_NAME_MOST) for name in predictions.classes)


def items(account: Account, pictures: Mapping[str, Picture]) -> tuple[Item, ...]:
    """Give each answered item with what can be shown of it, in the order of the predictions."""
    shown, known = account.shown, account.known
    said, confidence, classes = shown.said.tolist(), shown.confidence.tolist(), class_names(shown)
    return tuple(
        Item(
            name=name,
            truth=classes[truth],
            said=classes[said[row]],
            confidence=confidence[row],
            known=True if known is None else bool(known[row]),
            is_right=truth == said[row],
            picture=pictures.get(name),
            text=_short(account.texts.get(name)),
            pieces=() if truth == said[row] else pieces_of(account.texts.get(name), account.marks.get(name, ())),
        )
        for row, (name, truth) in enumerate(zip(shown.names, shown.truth.tolist(), strict=True))
    )


def pieces_of(text: str | None, marks: Marks) -> tuple[Piece, ...]:
    """Cut a text, as far as the page shows it, by its words; () where no word in sight is marked."""
    short_text = _short(text)
    if short_text is None or not marks:
        return ()
    pieces = marked(short_text, [each for each in marks if each[1] <= min(len(short_text), TEXT_MOST)])
    return pieces if any(piece.strength for piece in pieces) else ()


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_MOST else text[:TEXT_MOST].rstrip() + "…"


def class_lines(
    predictions: Predictions, found: tuple[Cell, ...], words: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> tuple[ClassLine, ...]:
    """Give each class's figures, hardest first; of more than 200 classes those that are most often in a mistake."""
    kept = _most_mistaken(len(predictions.classes), found)
    narrow = predictions if len(kept) == len(predictions.classes) else _narrowed(predictions, kept)
    scores = evaluation.class_scores(narrow)[: len(kept)]
    worst = mixed_up_with(found)
    names = predictions.classes
    lines = [
        ClassLine(number=n, scores=s, worst=worst.get(n), words=tuple(words.get(names[n], ())))
        for n, s in zip(kept, scores, strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: line.scores.f1 if line.scores.f1 is not None else 2.0))


def _most_mistaken(n_classes: int, found: tuple[Cell, ...]) -> list[int]:
    if n_classes <= CLASSES_MOST:
        return list(range(n_classes))
    n_mistakes = np.zeros(n_classes, dtype=np.int64)
    for cell in found:
        n_mistakes[cell.truth] += 0 if cell.is_right else cell.n
        n_mistakes[cell.said] += 0 if cell.is_right else cell.n
    return [int(number) for number in np.argsort(-n_mistakes, kind="stable")[:CLASSES_MOST]]


def _narrowed(predictions: Predictions, kept: list[int]) -> Predictions:
    """Give the same answers with all other classes as one: figures of the kept ones do not change, and cost less."""
    place = np.full(len(predictions.classes), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return Predictions(
        names=predictions.names,
        truth=place[predictions.truth],
        probabilities=np.eye(len(kept) + 1)[place[predictions.said]],
        groups=predictions.groups,
        classes=(*(predictions.classes[number] for number in kept), "other"),
    )

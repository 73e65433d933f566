"""Fitting FSRS to a learner: kept only where later answers are predicted better; torch only where it is asked for."""

import random
import subprocess
import sys
from datetime import timedelta

import pytest

from florilegium.cards.schedule import Memory, Rating, Review, Scheduler
from florilegium.cards.tuning import LEAST, optimise
from florilegium.errors import StepMissing
from tests.card_making import NOW

FORGETFUL = tuple(s * 0.05 for s in (0.212, 1.2931, 2.3065, 8.2956))  # forgets twenty times as fast as FSRS thinks


def answers_of(learner: Scheduler, *, n_cards: int, n_each: int, seed: int) -> list[Review]:
    """Let a learner, whose memory follows these numbers, be asked by somebody who thinks it follows FSRS's own."""
    rng = random.Random(seed)  # noqa: S311 - a learner, not a secret
    asker, reviews = Scheduler(), []
    for card in range(n_cards):
        at = NOW + timedelta(hours=card)
        thought: Memory | None = None
        true: Memory | None = None
        for _ in range(n_each):
            knows = true is not None and rng.random() < learner.recall(true, at)
            rating = Rating.GOOD if knows else Rating.AGAIN
            reviews.append(Review(guid=f"n{card}", ord=0, at=at, rating=rating))
            thought, true = asker.after(thought, rating, at), learner.after(true, rating, at)
            at = max(thought.due, at + timedelta(days=1))
    return reviews


@pytest.mark.slow
def test_a_forgetful_learner_is_predicted_better() -> None:
    """Fitted to one who forgets much faster than FSRS thinks, the later answers are predicted better, for sure."""
    pytest.importorskip("torch", reason="needs torch: pip install 'florilegium[optimise]'")
    own = Scheduler().parameters
    learner = Scheduler(parameters=(*FORGETFUL, *own[4:]))

    found = optimise(answers_of(learner, n_cards=140, n_each=7, seed=1), now_used=Scheduler())

    assert found.better
    assert found.loss_after < found.loss_before
    assert found.gain_low < found.gain < found.gain_high
    assert found.n_judged > 100


def test_too_few_answers_are_told_with_how_many_are_needed() -> None:
    """Nothing is fitted to a history that could not be checked."""
    few = answers_of(Scheduler(), n_cards=10, n_each=5, seed=2)

    with pytest.raises(StepMissing, match="640 are needed"):
        optimise(few, now_used=Scheduler())
    assert LEAST == 512  # fsrs itself gives back its own numbers below


def test_without_torch_it_says_what_to_install() -> None:
    """Where torch cannot be imported, the message names the extra."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from florilegium.cards.tuning import optimise\n"
        "from florilegium.cards.schedule import Scheduler\n"
        "from tests.test_cards_optimise import answers_of\n"
        "optimise(answers_of(Scheduler(), n_cards=140, n_each=7, seed=1), now_used=Scheduler())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "pip install 'florilegium[optimise]'" in done.stderr


def test_studying_leaves_torch_unloaded() -> None:
    """Scheduling needs nothing heavy."""
    code = "import sys, florilegium.cards.schedule, florilegium.cards.tuning; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"

"""Fitting FSRS to a learner: kept only where later answers are predicted better; torch only where it is asked for."""

import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from florilegium.cards.schedule import Memory, Rating, Review, Scheduler
from florilegium.cards.tuning import LEAST, Optimised, optimise
from florilegium.errors import StepMissing
from florilegium.project.studying import Study
from tests.card_making import NOW, Clock, basic, closed, study_for_days, study_of

OWN = Scheduler().parameters
# New cards are kept a tenth as long as FSRS thinks, and each recall adds a fifth of what it thinks (its w0-w3 and w8).
FORGETFUL = (*(s / 10 for s in OWN[:4]), *OWN[4:8], OWN[8] / 5, *OWN[9:])
SHOWN_FIRST = 0.8  # of new cards, those that are called known at once


def answers_of(learner: Scheduler, *, n_cards: int, n_each: int, seed: int) -> list[Review]:
    """Let a learner, whose memory follows these numbers, be asked by somebody who thinks it follows FSRS's own."""
    rng = random.Random(seed)  # noqa: S311 - a learner, not a secret
    asker, reviews = Scheduler(), []
    for card in range(n_cards):
        at = NOW + timedelta(hours=card)
        thought: Memory | None = None
        true: Memory | None = None
        for _ in range(n_each):
            knows = rng.random() < (learner.recall(true, at) if true is not None else SHOWN_FIRST)
            rating = Rating.GOOD if knows else Rating.AGAIN
            reviews.append(Review(guid=f"n{card}", ord=0, at=at, rating=rating))
            thought, true = asker.after(thought, rating, at), learner.after(true, rating, at)
            at = max(thought.due, at + timedelta(days=1))
    return reviews


@pytest.mark.slow
def test_a_forgetful_learner_is_predicted_better() -> None:
    """Fitted to one who forgets much faster than FSRS thinks, later answers cost less; the range says how surely."""
    pytest.importorskip("torch", reason="needs torch: pip install 'florilegium[optimise]'")
    learner = Scheduler(parameters=FORGETFUL)

    found = optimise(answers_of(learner, n_cards=140, n_each=7, seed=1), now_used=Scheduler())

    assert found.loss_after < found.loss_before
    assert found.gain == pytest.approx(found.loss_before - found.loss_after)
    assert found.parameters != Scheduler().parameters
    assert found.gain_low < found.gain < found.gain_high
    assert found.n_judged > 100


@pytest.mark.parametrize(("low", "kept"), [(0.001, True), (-0.001, False)])
def test_numbers_are_kept_only_where_they_are_shown_to_be_better(low: float, kept: bool) -> None:
    """A gain whose range reaches below nothing is not kept."""
    found = Optimised(
        parameters=OWN,
        n_fit=600,
        n_judged=150,
        loss_before=0.5,
        loss_after=0.48,
        gain=0.02,
        gain_low=low,
        gain_high=0.04,
    )

    assert found.better is kept


def test_other_numbers_schedule_all_cards_anew(tmp_path: Path) -> None:
    """With the numbers of a forgetful learner every card comes earlier; without them it is as before."""
    clock = Clock()
    study = study_of(tmp_path, map(basic, range(8)), clock=clock)
    with closed(study):
        study_for_days(study, clock, n_days=3, per_day=6)
        before = study.record.memories("ada")
        study.use(FORGETFUL)
        forgetful = study.record.memories("ada")
        kept = Study(study.record, who="ada", clock=clock).choices.parameters
        study.use(())

        assert kept == FORGETFUL
        assert all(forgetful[key].stability < before[key].stability for key in before)
        assert study.record.memories("ada") == before


def test_too_few_answers_are_told_with_how_many_are_needed() -> None:
    """Nothing is fitted to a history that could not be checked."""
    few = answers_of(Scheduler(), n_cards=10, n_each=5, seed=2)

    with pytest.raises(StepMissing, match="640 are needed"):
        optimise(few, now_used=Scheduler())
    assert LEAST == 512  # fsrs itself gives back its own numbers below


def test_without_torch_it_says_what_to_install() -> None:
    """Where torch cannot be imported, the message names the extra."""
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
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

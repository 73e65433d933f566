"""Studying: what comes next, what is kept, what is taken back, and two devices."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from florilegium.cards import Kind
from florilegium.cards.schedule import Rating, Review
from florilegium.errors import InputError, SettingError
from florilegium.project.learner import Choices, own_record
from florilegium.project.studying import Study
from florilegium.store import CardRecord
from tests.card_making import NOW, Clock, basic, closed, study_for_days, study_of


def asked(study: Study) -> str | None:
    """Give the question that comes now."""
    shown = study.next()
    return None if shown is None else shown.face.question


def answer(study: Study, rating: Rating) -> None:
    """Answer what comes now."""
    shown = study.next()
    assert shown is not None
    assert study.answer(shown, rating, source="terminal")


def test_learning_comes_first_then_what_is_due_then_new_ones(database_url: str) -> None:
    """A card in learning is asked as soon as its minute is over; else due cards, and new ones last."""
    clock = Clock()
    study = study_of(database_url, map(basic, range(5)), clock=clock)
    with closed(study):
        answer(study, Rating.EASY)  # 0 is learned at once
        answer(study, Rating.GOOD)  # 1 comes again in ten minutes
        soon = asked(study)
        clock.turn(minutes=11)
        after_ten_minutes = asked(study)
        answer(study, Rating.EASY)
        clock.turn(days=9)
        after_nine_days = asked(study)
        first_due = min(study.record.memories("ada").items(), key=lambda pair: pair[1].due)[0][0]

    assert (soon, after_ten_minutes) == ("question 2", "question 1")
    assert after_nine_days == first_due.replace("note", "question ")


def test_the_daily_limit_holds_until_four_in_the_morning(database_url: str) -> None:
    """Two new cards a day are two, also past midnight; the learner's next day brings two more."""
    clock = Clock(datetime(2026, 11, 30, 21, tzinfo=UTC))  # ten in the evening in Vienna
    study = study_of(database_url, map(basic, range(9)), clock=clock)
    with closed(study):
        study.choose(new_per_day=2, zone="Europe/Vienna")
        for _ in range(2):
            answer(study, Rating.EASY)
        evening = asked(study)
        clock.turn(hours=4)
        night = asked(study)
        clock.turn(hours=3)
        morning = asked(study)

    assert (evening, night, morning) == (None, None, "question 2")


def test_learning_is_asked_a_little_early_when_nothing_else_is_left(database_url: str) -> None:
    """The last card of the day is not waited for: within twenty minutes it comes at once."""
    clock = Clock()
    study = study_of(database_url, [basic(0)], clock=clock)
    with closed(study):
        answer(study, Rating.GOOD)

        assert asked(study) == "question 0"


def test_the_other_side_of_a_note_waits_for_tomorrow(database_url: str) -> None:
    """Both cards of a reversed note never come on one day."""
    clock = Clock()
    study = study_of(database_url, [basic(0, kind=Kind.REVERSED)], clock=clock)
    with closed(study):
        answer(study, Rating.EASY)
        today = asked(study)
        clock.turn(days=1)

        assert (today, asked(study)) == (None, "answer 0")


def test_undo_gives_back_card_and_memory_and_forgets_nothing(database_url: str) -> None:
    """After taking back, the card is as it was before; the answer and its taking back both stay in the record."""
    clock = Clock()
    study = study_of(database_url, [basic(0), basic(1)], clock=clock)
    with closed(study):
        answer(study, Rating.EASY)
        clock.turn(days=10)
        before = study.record.memories("ada")
        answer(study, Rating.AGAIN)
        undone = study.undo()
        after = study.record.memories("ada")
        study.undo()
        empty = study.record.memories("ada")

        assert undone is not None
        assert undone.face.question == "question 0"
        assert after == before
        assert empty == {}
        assert study.undo() is None
        with study.record._engine.connect() as db:
            assert db.exec_driver_sql("SELECT count(*) FROM card_reviews").scalar() == 4


def test_one_card_shown_twice_is_answered_once(database_url: str) -> None:
    """Two tabs show the same card: the second answer is refused and changes nothing."""
    study = study_of(database_url, [basic(0)], clock=Clock())
    with closed(study):
        first, second = study.next(), study.next()
        assert first is not None
        assert second is not None

        assert study.answer(first, Rating.GOOD, source="page")
        assert not study.answer(second, Rating.AGAIN, source="page")
        assert [r.rating for r in study.record.reviews("ada")] == [Rating.GOOD]


def test_two_devices_end_with_the_same_memories(database_url: str, tmp_path: Path) -> None:
    """Answers merged in either order, and twice, give the same memories as one device would have."""
    one_clock, other_clock = Clock(), Clock(NOW + timedelta(hours=3))
    one = study_of(database_url, map(basic, range(30)), clock=one_clock)
    other = study_of(tmp_path, map(basic, range(30)), clock=other_clock, name="other.db")
    with closed(one), closed(other):
        study_for_days(one, one_clock, n_days=3, per_day=8, seed=1)
        study_for_days(other, other_clock, n_days=3, per_day=8, seed=2)
        here, there = one.record.reviews("ada"), other.record.reviews("ada")
        replay = one.choices.scheduler.replay
        new_here = one.record.merge(there, who="ada", replay=replay)
        again = one.record.merge(there, who="ada", replay=replay)
        other.record.merge(here, who="ada", replay=replay)

        assert new_here == (len(there), 0)
        assert again == (0, 0)
        assert one.record.memories("ada") == other.record.memories("ada")
        assert len(one.record.reviews("ada")) == len(here) + len(there)


def test_what_is_kept_beside_is_what_the_answers_give(database_url: str) -> None:
    """After weeks of answers and takings back, each stored memory equals a fresh computation from the answers."""
    clock = Clock()
    study = study_of(database_url, map(basic, range(60)), clock=clock)
    with closed(study):
        study_for_days(study, clock, n_days=8, per_day=8)
        for _ in range(5):
            study.undo()
        stored = study.record.memories("ada")
        study.record.recompute("ada", study.choices.scheduler.replay)

        assert study.record.memories("ada") == stored


def test_learners_of_one_record_do_not_disturb_each_other(database_url: str) -> None:
    """Each has memories, limits and choices of their own."""
    clock = Clock()
    ada = study_of(database_url, map(basic, range(3)), clock=clock)
    with closed(ada):
        bob = Study(ada.record, who="bob", clock=clock)
        ada.choose(new_per_day=1)
        answer(ada, Rating.EASY)

        assert (asked(ada), asked(bob)) == (None, "question 0")
        assert bob.undo() is None
        assert bob.choices == Choices()


def test_a_clock_set_back_is_noticed(database_url: str) -> None:
    """Answers dated after now are said; answering goes on, and the order of a card's answers stays."""
    clock = Clock()
    study = study_of(database_url, [basic(0)], clock=clock)
    with closed(study):
        answer(study, Rating.GOOD)
        fine = study.clock_behind
        clock.turn(days=-30)
        answer(study, Rating.GOOD) if study.next() else None

        assert (fine, study.clock_behind) == (False, True)
        assert study.account().progress.n_ahead_of_clock >= 1


def test_a_note_that_changes_keeps_its_memory(database_url: str) -> None:
    """A corrected text is shown from then on; a note that leaves the deck is not asked and comes back as it was."""
    clock = Clock()
    study = study_of(database_url, [basic(0), basic(1)], clock=clock)
    with closed(study):
        answer(study, Rating.EASY)
        clock.turn(days=30)
        better = basic(0, fields={"front": "better", "back": "answer", "rights": "CC0"})
        n_changed = study.record.take_in([(better, None), (basic(1), None)], now=clock())
        changed = asked(study)
        study.record.take_in([(basic(1), None)], now=clock())
        without = asked(study)
        study.record.take_in([(better, None), (basic(1), None)], now=clock())

        assert (n_changed, changed, without, asked(study)) == (1, "better", "question 1", "better")
        assert study.record.memories("ada")["note0", 0].n_reviews == 1


def test_a_cloze_that_asks_for_less_asks_no_more(database_url: str) -> None:
    """A hidden part that is taken out of a text is not asked for any longer."""
    clock = Clock()
    two = basic(0, kind=Kind.CLOZE, fields={"text": "{{c1::one}} {{c2::two}}"})
    study = study_of(database_url, [two], clock=clock)
    with closed(study):
        both = study.counts().n_new
        study.record.take_in([(dataclasses.replace(two, fields={"text": "{{c1::one}} two"}), None)], now=clock())

        assert (both, study.counts().n_new, asked(study)) == (2, 1, "[…] two")


def test_a_card_whose_picture_is_gone_is_passed_over(database_url: str) -> None:
    """The next card comes, and the lost one does not come again."""
    lost = basic(0, kind=Kind.PICTURE, fields={"picture": "gone.jpg"}, pictures=("gone.jpg",))
    study = study_of(database_url, [lost, basic(1)], clock=Clock())
    with closed(study):
        assert asked(study) == "question 1"
        assert study.counts().n_new == 1


def test_choices_are_kept_and_checked(database_url: str) -> None:
    """What a learner chooses is there tomorrow; what cannot be is refused and not kept."""
    study = study_of(database_url, [basic(0)], clock=Clock())
    with closed(study):
        study.choose(new_per_day=3, retention=0.85, zone="Asia/Kolkata")
        for wrong in ({"new_per_day": -1}, {"retention": 2.0}, {"zone": "nowhere"}, {"day_starts": 23}):
            with pytest.raises(SettingError):
                study.choose(**wrong)
        again = Study(study.record, who="ada", clock=Clock())

        assert again.choices == Choices(new_per_day=3, retention=0.85, zone="Asia/Kolkata")


def test_a_higher_retention_brings_cards_earlier(database_url: str) -> None:
    """All cards are scheduled anew when the retention changes."""
    clock = Clock()
    study = study_of(database_url, map(basic, range(10)), clock=clock)
    with closed(study):
        study_for_days(study, clock, n_days=3, per_day=8)
        before = study.record.memories("ada")
        study.choose(retention=0.95)
        after = study.record.memories("ada")

    assert all(after[key].due <= before[key].due for key in before)
    assert any(after[key].due < before[key].due for key in before)


def test_ones_own_record_lies_in_the_data_folder_or_where_one_says(tmp_path: Path) -> None:
    """A file that is named is used; something else in its place is told."""
    own_record(tmp_path / "deep" / "mine.db").close()
    assert (tmp_path / "deep" / "mine.db").is_file()

    (tmp_path / "text.db").write_text("not a database, " * 100)
    with pytest.raises(InputError, match=r"text\.db"):
        own_record(tmp_path / "text.db")


def test_a_card_that_is_not_there_is_told(database_url: str) -> None:
    """A form with a card's number from elsewhere is refused in words."""
    study = study_of(database_url, [basic(0)], clock=Clock())
    with closed(study), pytest.raises(InputError, match="no such card"):
        study.card(999)


def test_answers_to_unknown_cards_are_counted_not_taken(database_url: str) -> None:
    """An answer to a card that this record does not have is left out and said."""
    record = CardRecord(database_url)
    record.take_in([(basic(0), None)], now=NOW)
    strange = Review(guid="elsewhere", ord=0, at=NOW, rating=Rating.GOOD)

    assert record.merge([strange], who="ada", replay=Choices().scheduler.replay) == (0, 1)
    record.close()

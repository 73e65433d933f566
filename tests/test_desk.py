"""The desk asks what it should, hides what it must, and forgets nothing."""

from pathlib import Path

import numpy as np
import pytest

from florilegium.errors import InputError, SettingError, StepMissing
from florilegium.project.desk import DeskWish, Task
from florilegium.project.desk.card import Wanted
from florilegium.project.desk.naming import NewClass
from florilegium.source.base import Side
from florilegium.store import Overtaken, Said
from tests.desk_making import COLOURS, N_WRONG, answer, desk_at, trained_project, unlabelled_project

ALL = 200  # more cards than there are


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a trained project with wrong labels, and the true colours; tests work on copies."""
    folder = tmp_path_factory.mktemp("desk")
    return folder / "project", trained_project(folder)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a project without labels, and the true colours; tests work on copies."""
    folder = tmp_path_factory.mktemp("bare")
    return folder / "project", unlabelled_project(folder)


def test_wrong_labels_come_first(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Of the first cards most are the planted errors that are learned from; sealed ones are never shown."""
    folder, truth = made
    with desk_at(folder, tmp_path / "p") as desk:
        sides = desk.project.store.sides()
        cards = desk.suspects("ann", Wanted(), ALL)
        wrong = {name for name, colour in truth.items() if not name.startswith(colour) and sides[name][1] is Side.TRAIN}

        assert wrong <= {card.name for card in cards[: len(wrong) + 3]}
        assert all(sides[card.name][1] is Side.TRAIN for card in cards)
        assert len(cards) == sum(side is Side.TRAIN for _, side in sides.values())


def test_a_reload_shows_the_same_card(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Asking again before answering gives the same item with the same word of the model, or the same silence."""
    with desk_at(made[0], tmp_path / "p") as desk:
        first, again = desk.clean("s1", "ann"), desk.clean("s1", "ann")

        assert first is not None
        assert again is not None
        assert (first.name, first.suggestion, first.hidden) == (again.name, again.suggestion, again.hidden)


def test_two_people_are_given_two_items(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """What lies before one session is not laid before another."""
    with desk_at(made[0], tmp_path / "p") as desk:
        cards = [desk.clean(f"s{i}", f"p{i}") for i in range(8)]

        assert len({card.name for card in cards if card is not None}) == 8


def test_an_answer_is_the_label_from_then_on(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A correction is recorded with who, when, what the model would have said, and whether that was shown."""
    folder, truth = made
    with desk_at(folder, tmp_path / "p", blind_share=0.0) as desk:
        card = desk.suspects("ann", Wanted(), 1)[0]
        answer(desk, card, truth[card.name])

        event = desk.project.store.label_events()[-1]
        assert (event.name, event.label, event.who) == (card.name, truth[card.name], "ann")
        assert (event.suggestion, event.suggested) == (card.suggestion, True)
        assert desk.memory.labels[card.row] == truth[card.name]


def test_to_say_what_it_is_already_is_to_keep_it(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Typing the label that it has counts as keeping, so it is not counted as an error found."""
    with desk_at(made[0], tmp_path / "p") as desk:
        card = desk.suspects("ann", Wanted(), 1)[0]
        desk.judge(card.ticket, Said.LABEL, card.label, who="ann")

        assert desk.memory.standing[-1].verdict is Said.KEEP


def test_undo_goes_back_to_the_item(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """The item that was judged last has its label again and lies before the person again."""
    with desk_at(made[0], tmp_path / "p", again_share=0.0) as desk:
        card = desk.clean("s1", "ann")
        assert card is not None
        desk.judge(card.ticket, Said.REMOVE, None, who="ann")
        gone = desk.memory.labels[card.row]

        done = desk.undo("u1", who="ann", session="s1")

        back = desk.clean("s1", "ann")
        assert gone is None
        assert done is not None
        assert back is not None
        assert (done.name, back.name, back.label) == (card.name, card.name, card.label)
        assert desk.undo("u2", who="ann", session="s1") is None


def test_a_hidden_word_is_not_in_the_card(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """About a fifth of the cards hide what the model says; the record knows it all the same."""
    with desk_at(made[0], tmp_path / "p") as desk:
        cards = desk.suspects("ann", Wanted(), ALL)
        hidden = [card for card in cards if card.hidden]
        desk.judge(hidden[0].ticket, Said.KEEP, None, who="ann")

        assert 0.08 < len(hidden) / len(cards) < 0.35
        assert all(card.suggestion is None and card.share is None and not card.like_suggestion for card in hidden)
        last = desk.memory.standing[-1]
        assert last.suggestion in COLOURS
        assert not last.suggested


def test_errors_left_cover_what_was_planted(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """After forty honest verdicts the range of wrong labels left holds their true number."""
    folder, truth = made
    with desk_at(folder, tmp_path / "p", control_share=0.3, again_share=0.0) as desk:
        for _ in range(40):
            card = desk.clean("s1", "ann")
            assert card is not None
            answer(desk, card, truth[card.name])
        found = desk.tally().errors

        assert found is not None
        judged = {j.name for j in desk.memory.of(Task.CLEAN)}
        rows = desk.cleaning.ranked.rows
        left = sum(desk.memory.labels[row] != truth[desk.memory.names[row]] for row in rows)
        assert found.n_judged == len(judged) == 40
        assert found.low <= left <= found.high
        assert "40 of" in found.sentence


def test_filters_choose(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Only the class that was asked for comes, and an unknown one is named."""
    with desk_at(made[0], tmp_path / "p") as desk:
        cards = desk.suspects("ann", Wanted(label="red"), ALL)
        assert {card.label for card in cards} == {"red"}
        with pytest.raises(InputError, match="no class 'pink'; there are blue, green, red"):
            desk.clean("s1", "ann", Wanted(label="pink"))
        with pytest.raises(InputError, match="no column 'site'"):
            desk.clean("s1", "ann", Wanted(group=("site", "x")))


def test_labelling_from_nothing(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """From no label at all: classes are made on the way, and the model soon knows better than chance."""
    folder, truth = bare
    with desk_at(folder, tmp_path / "p", again_share=0.0) as desk:
        first = desk.label("s1", "ann")
        assert first is not None
        assert first.suggestion is None
        for _ in range(45):
            card = desk.label("s1", "ann")
            assert card is not None
            answer(desk, card, truth[card.name])
        desk.teaching.stop()
        desk.teaching._learn()
        unseen = [row for row, label in enumerate(desk.memory.labels) if label is None]
        said = [desk.teaching.suggestion(row) for row in unseen]

        assert desk.memory.classes == tuple(sorted(COLOURS))
        right = np.mean(
            [s is not None and s[0] == truth[desk.memory.names[r]] for s, r in zip(said, unseen, strict=True)]
        )
        assert right > 0.6  # a third would be right by chance; 45 pictures: p < 0.001
        streams = [j.stream for j in desk.memory.of(Task.LABEL)]
        assert streams.count("random") == round(0.2 * len(streams))


def test_a_slip_makes_no_class(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A name that no item has yet is asked about, with the nearest ones; control characters and novels are refused."""
    with desk_at(bare[0], tmp_path / "p") as desk:
        card = desk.label("s1", "ann")
        assert card is not None
        answer(desk, card, "green")
        other = desk.label("s1", "ann")
        assert other is not None
        with pytest.raises(NewClass, match=r"No class 'gren' yet\. Nearest: green"):
            desk.judge(other.ticket, Said.LABEL, "gren", who="ann")
        with pytest.raises(InputError, match="printable"):
            desk.judge(other.ticket, Said.LABEL, "a\x00b", who="ann", new_class=True)
        with pytest.raises(InputError, match="at most 200"):
            desk.judge(other.ticket, Said.LABEL, "x" * 201, who="ann", new_class=True)


def test_two_people_who_differ_need_a_third(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """What is labelled twice comes to a second person without the first label; where they differ, a third decides."""
    folder, truth = bare
    with desk_at(folder, tmp_path / "p", twice_share=0.9, again_share=0.0) as desk:
        for _ in range(10):
            card = desk.label("s1", "ann")
            assert card is not None
            answer(desk, card, truth[card.name])
        second = desk.label("s2", "ben")
        assert second is not None
        assert (second.task, second.label, second.suggestion) == (Task.AGAIN, None, None)
        wrong = next(colour for colour in COLOURS if colour != truth[second.name])
        answer(desk, second, wrong, who="ben")
        before = desk.memory.labels[second.row]

        assert desk.third("s1", "ann") is None  # she is one of the two
        third = desk.third("s3", "eve")
        assert third is not None
        answer(desk, third, wrong, who="eve")

        assert before == truth[second.name]  # a second opinion changes no label
        assert (third.name, set(third.said)) == (second.name, {wrong, truth[second.name]})
        assert desk.memory.labels[second.row] == wrong
        assert desk.third("s3", "eve") is None
        agreement = desk.tally().agreement
        assert agreement is not None
        assert agreement.n_people == 2


def test_a_made_up_ticket_is_refused(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Nobody can record an answer to what was not shown."""
    with desk_at(made[0], tmp_path / "p") as desk:
        card = desk.suspects("ann", Wanted(), 1)[0]
        for forged in ("", "x", card.ticket[:-4] + "AAAA", "é" * 30):
            with pytest.raises(InputError, match="belongs to no item"):
                desk.judge(forged, Said.KEEP, None, who="ann")


def test_a_ticket_outlives_its_server(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """An answer to a card of a server that was killed is recorded by the next one, once."""
    with desk_at(made[0], tmp_path / "p") as desk:
        ticket = desk.suspects("ann", Wanted(), 1)[0].ticket
    with desk_at(made[0], tmp_path / "p") as again:
        for _ in range(2):
            again.judge(ticket, Said.KEEP, None, who="ann")

        assert [j.verdict for j in again.memory.standing] == [Said.KEEP]


def test_what_others_did_meanwhile_is_seen(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Two desks, as two programs, on one project: the slower answer to an old label is refused, then seen as it is."""
    with desk_at(made[0], tmp_path / "p") as one, desk_at(made[0], tmp_path / "p") as two:
        mine, theirs = (desk.suspects("x", Wanted(), 1)[0] for desk in (one, two))
        answer(one, mine, "blue" if mine.label != "blue" else "red", who="ann")
        with pytest.raises(Overtaken, match="ann said"):
            two.judge(theirs.ticket, Said.REMOVE, None, who="ben")

        assert two.suspects("x", Wanted(), 1)[0].name != mine.name


def test_played_guesses_become_the_human_baseline(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """With consent guesses are kept and teach nothing; without it nothing is kept."""
    folder, _ = made
    with desk_at(folder, tmp_path / "p") as desk:
        labels = list(desk.memory.labels)
        game = desk.play(consent=False, rng=np.random.default_rng(0))
        for consent in (False, True):
            game = desk.play(consent=consent, rng=np.random.default_rng(1))
            for row in game.rows:
                desk.guess(game, str(desk.memory.labels[row]), who="ann")
            kept = len(desk.memory.of(Task.GAME))
            assert kept == (20 if consent else 0)
        human, score = desk.human_baseline(), desk.playing.score(game)

        assert human is not None
        assert score is not None
        assert (human.people.n_right, human.people.n) == (20, 20)
        assert human.model.n_right == score.model.n_right
        assert desk.memory.labels == labels
        with pytest.raises(InputError, match="over"):
            desk.guess(game, "red", who="ann")


def test_nobody_to_play_against(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Without a model the game names the step that is missing."""
    with desk_at(bare[0], tmp_path / "p") as desk, pytest.raises(StepMissing, match="florilegium train"):
        desk.play(consent=False, rng=np.random.default_rng(0))


@pytest.mark.parametrize("wish", [{"blind_share": 1.0}, {"random_share": 0.0}, {"again_share": -0.1}, {"who": " "}])
def test_shares_out_of_range_are_refused(wish: dict[str, float]) -> None:
    """A share that would hide everything, or leave nothing to measure by, is refused with the range."""
    with pytest.raises(SettingError, match=r"expected|empty"):
        DeskWish(**wish)  # type: ignore[arg-type]  # fields by name


def test_the_planted_errors_are_there() -> None:
    """The fixture plants what the tests count on."""
    assert N_WRONG % len(COLOURS) == 0


def test_the_report_shows_people_beside_the_model(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Who was asked again and who played stand in the report with counts and ranges; before that nothing does."""
    folder, truth = made
    with desk_at(folder, tmp_path / "p", again_share=0.9) as desk:
        before = desk.project.report().path.read_text(encoding="utf-8")
        for _ in range(12):
            card = desk.clean("s1", "ann")
            assert card is not None
            answer(desk, card, truth[card.name])
        game = desk.play(consent=True, rng=np.random.default_rng(1))
        for row in game.rows:
            desk.guess(game, str(desk.memory.labels[row]), who="ann")
        page = desk.project.report().path.read_text(encoding="utf-8")

        assert "People beside the model" not in before
        assert "People beside the model" in page
        assert "people, asked again" in page
        assert "People were right on 100.0" in page.replace("\u00a0", " ")


def test_a_group_of_the_bias_page_can_be_chosen(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A bin of a fact, as the bias page names it, holds the items whose fact lies within it; others are named."""
    with desk_at(made[0], tmp_path / "p") as desk:
        facts, names = desk.holdings.survey.looks.facts, desk.holdings.survey.looks.fact_names
        light = facts[:, names.index("brightness")]
        cards = desk.suspects("ann", Wanted(group=("brightness", "0 to 0.4")), ALL)

        assert {card.row for card in cards} == {
            row for row in desk.cleaning.place if round(float(light[row]), 2) <= 0.4
        }
        with pytest.raises(InputError, match="no item is in such a group"):
            desk.suspects("ann", Wanted(group=("brightness", "7 to 8")), ALL)

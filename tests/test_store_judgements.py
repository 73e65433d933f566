"""Each click is kept once, with the label event that it makes; nothing is overwritten, everything can be taken back."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from florilegium.errors import InputError
from florilegium.source.base import Harvest, Kind, Sample, Texts
from florilegium.store import Judgement, Overtaken, Said, Store

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def judged(click: str, name: str = "a", verdict: Said = Said.LABEL, **more: object) -> Judgement:
    """Make a judgement by Ann that item `a`, a rose so far, is a peony."""
    given = Judgement(
        click=click, name=name, task="clean", verdict=verdict, label="peony", before="rose", who="ann", at=NOW
    )
    return dataclasses.replace(given, **more)  # type: ignore[arg-type]  # fields by name


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a store with two roses, on either database."""
    store = Store(database_url)
    samples = tuple(Sample(name=name, label="rose", sha256=name * 8) for name in "ab")
    store.take_in(Harvest(kind=Kind.TEXT, samples=samples, contents=Texts(("a", "b"))), now=NOW)
    yield store
    store.close()


def labels(store: Store) -> dict[str, str | None]:
    """Give the present label of each item."""
    return {sample.name: sample.label for sample in store.samples()[0]}


def test_a_judgement_makes_a_label_event(store: Store) -> None:
    """What a person says of an item is its label from then on, with who, why and what the model would have said."""
    kept = store.judgements.add(judged("1", suggestion="peony", suggested=True), why="clean")

    event = store.label_events()[-1]
    assert kept.id > 0
    assert labels(store) == {"a": "peony", "b": "rose"}
    assert (event.who, event.why, event.suggestion, event.accepted) == ("ann", "clean", "peony", True)


def test_a_click_that_is_sent_twice_is_kept_once(store: Store) -> None:
    """A browser that heard no answer sends again; the second one changes nothing and gives what is recorded."""
    first = store.judgements.add(judged("1"), why="clean")
    again = store.judgements.add(judged("1"), why="clean")

    assert again == first
    assert len(store.judgements.all()) == 1
    assert len(store.label_events()) == 3


def test_a_used_click_takes_no_other_answer(store: Store) -> None:
    """Whoever goes back in the browser and answers otherwise is told, instead of losing the new answer in silence."""
    store.judgements.add(judged("1"), why="clean")
    with pytest.raises(InputError, match="was answered before"):
        store.judgements.add(judged("1", label="dahlia"), why="clean")
    store.judgements.undo("u", who="ann", at=NOW)
    with pytest.raises(InputError, match="was answered before"):
        store.judgements.add(judged("1"), why="clean")

    assert labels(store)["a"] == "rose"


def test_what_was_seen_counts_not_what_it_said(store: Store) -> None:
    """Somebody who kept the label decided too: the slower one, who saw the item before that, is told."""
    seen = store.judgements.newest_labels()["a"]
    store.judgements.add(judged("1", verdict=Said.KEEP, label="rose"), why="clean", seen=seen)
    with pytest.raises(Overtaken, match="ann said 'rose'"):
        store.judgements.add(judged("2", who="bob"), why="clean", seen=seen)


def test_what_is_no_longer_true_is_refused(store: Store) -> None:
    """Two people decide about one item: the second, who saw the old label, is told and nothing is recorded."""
    store.judgements.add(judged("1"), why="clean")

    with pytest.raises(Overtaken, match=r"ann said 'peony' meanwhile; nothing was recorded"):
        store.judgements.add(judged("2", who="bob", label="dahlia"), why="clean")

    assert [j.who for j in store.judgements.all()] == ["ann"]


def test_everything_can_be_taken_back(store: Store) -> None:
    """Undo goes back click by click, to the label of the source, and says what it took back."""
    for click, verdict, label, before in (
        ("1", Said.LABEL, "peony", "rose"),
        ("2", Said.REMOVE, None, "peony"),
        ("3", Said.UNSURE, None, None),
    ):
        store.judgements.add(judged(click, verdict=verdict, label=label, before=before), why="clean")

    back = [store.judgements.undo(f"u{i}", who="ann", at=NOW)[0] for i in range(4)]

    assert [None if j is None else j.click for j in back] == ["3", "2", "1", None]
    assert labels(store) == {"a": "rose", "b": "rose"}
    assert store.judgements.all() == ()
    assert len(store.judgements.history()) == 6


def test_an_undo_that_is_sent_twice_takes_back_one(store: Store) -> None:
    """The browser's number of an undo counts as that of a judgement does."""
    store.judgements.add(judged("1"), why="clean")
    store.judgements.add(judged("2", name="b"), why="clean")

    store.judgements.undo("u", who="ann", at=NOW)
    again, _ = store.judgements.undo("u", who="ann", at=NOW)

    assert again is not None
    assert again.click == "2"
    assert labels(store) == {"a": "peony", "b": "rose"}


def test_nobody_takes_back_what_others_decided_since(store: Store) -> None:
    """Ann's undo passes over what Bob decided about since, says so, and takes back what she said before that."""
    store.judgements.add(judged("1", name="b"), why="clean")
    store.judgements.add(judged("2"), why="clean")
    store.judgements.add(judged("3", who="bob", label="peony", verdict=Said.KEEP, before="peony"), why="clean")

    back, n_passed = store.judgements.undo("u", who="ann", at=NOW)

    assert back is not None
    assert (back.click, n_passed) == ("1", 1)
    assert labels(store) == {"a": "peony", "b": "rose"}


def test_guesses_in_play_are_not_undone_by_the_way(store: Store) -> None:
    """Undo goes past what was guessed; that is taken back by its number only."""
    guess = store.judgements.add(judged("1", task="game", verdict=Said.GUESS, before=None), why="game")
    nothing, _ = store.judgements.undo("u", who="ann", at=NOW)
    store.judgements.take_back(guess.id, click="g", at=NOW)
    store.judgements.take_back(guess.id, click="h", at=NOW)

    assert nothing is None
    assert store.judgements.all() == ()
    assert len(store.judgements.history()) == 2


def test_a_second_opinion_and_a_game_leave_the_label_alone(store: Store) -> None:
    """What is said again to measure people, and what is guessed in play, is kept beside the label."""
    store.judgements.add(judged("1", task="again"), why="again")
    store.judgements.add(judged("2", task="game", verdict=Said.GUESS, before=None), why="game")

    assert labels(store) == {"a": "rose", "b": "rose"}
    assert [j.task for j in store.judgements.all(task="game")] == ["game"]


def test_an_unknown_item_is_refused(store: Store) -> None:
    """A page that is older than the data hears what to do."""
    with pytest.raises(InputError, match=r"'z': no item of that name .* Load the page again"):
        store.judgements.add(judged("1", name="z"), why="clean")


def test_of_many_at_once_one_wins(store: Store) -> None:
    """Sixteen threads decide about one item from the same label: exactly one is recorded."""

    def decide(i: int) -> bool:
        try:
            store.judgements.add(judged(str(i), who=f"p{i}", label=f"class {i}"), why="clean")
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(decide, range(16)))

    assert sum(won) == 1
    assert labels(store)["a"] == f"class {won.index(True)}"


WRITER = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from florilegium.store import Judgement, Said, Store

    store, first = Store(sys.argv[1]), int(sys.argv[2])
    for i in range(first, 10_000):
        before = "rose" if i == 0 else str(i - 1)
        store.judgements.add(Judgement(click=str(i), name="a", task="clean", verdict=Said.LABEL, label=str(i),
            before=before, who="w", at=datetime.now(UTC)), why="clean")
        print(i, flush=True)
    """
)


def test_kill_9_parts_no_judgement_from_its_label(store: Store) -> None:
    """Killed at random moments, each acknowledged click is there, and each judgement has its label event."""
    rng, first = np.random.default_rng(0), 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, store.url, str(first)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline() for _ in range(rng.integers(1, 20))]
            os.kill(writer.pid, signal.SIGKILL)
            said += writer.stdout.readlines()
        told = [int(line) for line in said if line.endswith("\n")]
        kept = [int(j.click) for j in store.judgements.all()]

        assert kept[: told[-1] + 1] == list(range(told[-1] + 1))
        first = len(kept)

    assert [e.label for e in store.label_events()][2:] == [j.label for j in store.judgements.all()]

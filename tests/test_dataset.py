"""A data set is one value: relabelling is a fold over events, its version knows contents and not order."""

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.dataset import Dataset, LabelEvent
from florilegium.source.base import Contents, Files, Kind, Pixels, Sample, Texts

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAMES = st.sampled_from("abcdef")
LABELS = st.one_of(st.none(), st.sampled_from(["rose", "tulip", "lily"]))

events = st.lists(
    st.builds(
        lambda name, label, minute: LabelEvent(
            name=name, label=label, who="ann", at=NOON + timedelta(minutes=minute), why="looked"
        ),
        NAMES,
        LABELS,
        st.integers(0, 3),
    ),
    max_size=12,
)
datasets = st.dictionaries(NAMES, LABELS, min_size=1).map(lambda labels: made(labels))  # noqa: PLW0108 - made is defined below


def made(labels: dict[str, str | None]) -> Dataset:
    """Make a data set of texts out of names and labels."""
    samples = tuple(Sample(name=name, label=label, sha256=f"hash of {name}") for name, label in labels.items())
    return Dataset(kind=Kind.TEXT, samples=samples, contents=Texts(tuple(f"text {name}" for name in labels)))


def labels_of(dataset: Dataset) -> dict[str, str | None]:
    """Give the label of each name."""
    return {sample.name: sample.label for sample in dataset.samples}


def test_classes_are_sorted_and_numbered() -> None:
    """Class numbers follow the alphabet; -1 stands for no label."""
    dataset = made({"1": "tulip", "2": None, "3": "rose", "4": "tulip"})

    assert dataset.classes == ("rose", "tulip")
    assert dataset.y.tolist() == [1, -1, 0, 1]
    assert dataset.labelled.tolist() == [True, False, True, True]
    assert (dataset.names[2], dataset.hashes[2], len(dataset)) == ("3", "hash of 3", 4)


@given(datasets, events)
def test_the_newest_event_of_a_name_wins(dataset: Dataset, said: list[LabelEvent]) -> None:
    """Each label is that of the newest event about it; of equal moments, that of the one told last."""
    expected = labels_of(dataset)
    for name in expected:
        about = [event for event in said if event.name == name]
        if about:
            newest = max(event.at for event in about)
            expected[name] = [event.label for event in about if event.at == newest][-1]

    assert labels_of(dataset.with_labels(said)) == expected


@given(datasets, events)
def test_events_may_be_applied_in_one_go_or_one_by_one(dataset: Dataset, said: list[LabelEvent]) -> None:
    """Told in the order of time, one after the other gives the same as all together."""
    step_by_step = dataset
    for event in sorted(said, key=lambda e: e.at):
        step_by_step = step_by_step.with_labels([event])

    assert step_by_step.version == dataset.with_labels(said).version


@given(datasets, events)
def test_telling_the_same_again_changes_nothing(dataset: Dataset, said: list[LabelEvent]) -> None:
    """Applying events twice is applying them once; no event at all leaves everything as it is."""
    once = dataset.with_labels(said)

    assert once.with_labels(said).version == once.version
    assert dataset.with_labels([]).version == dataset.version


@given(datasets, events)
def test_relabelling_touches_labels_only(dataset: Dataset, said: list[LabelEvent]) -> None:
    """Names, hashes, contents and order stay, and the data set before is as it was."""
    before = labels_of(dataset)
    after = dataset.with_labels(said)

    assert (after.names, after.hashes, after.contents) == (dataset.names, dataset.hashes, dataset.contents)
    assert labels_of(dataset) == before


@given(datasets, st.randoms(use_true_random=False))
def test_the_version_does_not_know_the_order(dataset: Dataset, chance: random.Random) -> None:
    """Rows in another order are the same data."""
    rows = list(range(len(dataset)))
    chance.shuffle(rows)

    assert dataset.take(rows).version == dataset.version


@given(datasets, datasets)
def test_other_data_have_another_version(one: Dataset, other: Dataset) -> None:
    """Versions are equal exactly where names, contents and labels are."""
    assert (one.version == other.version) is (labels_of(one) == labels_of(other))


@given(datasets, st.data())
def test_taking_rows_takes_samples_and_contents_together(dataset: Dataset, data: st.DataObject) -> None:
    """Row i of the taken set is the row that was asked for, and taking all is taking nothing away."""
    rows = data.draw(st.lists(st.integers(0, len(dataset) - 1), max_size=8))
    taken = dataset.take(rows)

    assert taken.names == tuple(dataset.names[i] for i in rows)
    assert isinstance(taken.contents, Texts)
    assert taken.contents.strings == tuple(f"text {name}" for name in taken.names)
    assert dataset.take(np.arange(len(dataset))).samples == dataset.samples


@pytest.mark.parametrize(
    "contents",
    [Pixels(np.arange(12, dtype=np.uint8).reshape(3, 2, 2)), Files(tuple(Path(name) for name in "abc"))],
    ids=["pixels", "files"],
)
def test_all_kinds_of_contents_are_taken(contents: Contents) -> None:
    """Arrays and files follow their samples."""
    samples = tuple(Sample(name=name, label="x", sha256=name) for name in "abc")
    taken = Dataset(kind=Kind.IMAGE, samples=samples, contents=contents).take(np.array([2, 0])).contents

    if isinstance(contents, Pixels):
        assert isinstance(taken, Pixels)
        assert np.array_equal(taken.array, contents.array[[2, 0]])
    else:
        assert isinstance(taken, Files)
        assert [str(path) for path in taken.paths] == ["c", "a"]


def test_contents_that_do_not_belong_are_refused() -> None:
    """Two samples cannot share one text."""
    samples = tuple(Sample(name=name, label=None, sha256=name) for name in "ab")

    with pytest.raises(ValueError, match="2 samples but 1 contents"):
        Dataset(kind=Kind.TEXT, samples=samples, contents=Texts(("one",)))


def test_a_moment_without_a_zone_is_refused() -> None:
    """It could mean any of many hours, and no order of events."""
    with pytest.raises(ValueError, match="no time zone"):
        LabelEvent(name="a", label="x", who="ann", at=NOON.replace(tzinfo=None), why="")


def test_a_hundred_thousand_samples_are_quick() -> None:
    """Numbers, version, rows and relabelling of 100,000 samples take well under a second each here."""
    dataset = made({f"train/{i:06}": str(i % 100) for i in range(100_000)})
    said = [LabelEvent(name=name, label="7", who="ann", at=NOON, why="") for name in dataset.names[::2]]
    clock = [time.process_time()]  # of this process alone: a busy machine cannot fail it
    for step in (
        lambda: dataset.y,
        lambda: dataset.version,
        lambda: dataset.take(np.arange(0, 100_000, 2)),
        lambda: dataset.with_labels(said),
    ):
        step()
        clock.append(time.process_time())

    assert max(after - before for before, after in pairwise(clock)) < 2.0

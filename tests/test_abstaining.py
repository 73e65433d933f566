"""What a model does not know is measured: false alarms and misses, with counts and ranges, in its own file."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

import florilegium
from florilegium.errors import ModelFileError, StepMissing
from florilegium.evaluation import Predictions, wilson_interval
from florilegium.features import pixels_encoder
from florilegium.features.stream import Picture, Runner
from florilegium.model import calibration, file
from florilegium.model.figures import AbstentionFigures, ClassFigures, Rate, abstention_dict, abstention_of, classes_of
from florilegium.model.linear import LinearHead
from florilegium.model.opened import Answers
from florilegium.project import Project, abstaining, strangers
from tests.model_making import CLASSES, numbers, write_image_model

RATE = Rate(name="noise", n=10, n_events=1, low=0.01, high=0.4)


def answers(known: list[bool], strangeness: list[float]) -> Answers:
    """Make answers of which only what abstention looks at is said."""
    return Answers(
        probabilities=np.full((len(known), 3), 1 / 3),
        known=np.array(known),
        strangeness=np.array(strangeness),
    )


def test_alarms_doubts_and_right_answers_are_counted() -> None:
    """Of five items one is strange, one unsure, and of three answers two are right; ranges are Wilson's."""
    said = answers([True, True, True, False, False], [0.1, 0.2, 0.3, 0.1, 0.9])
    right = np.array([True, True, False, True, True])

    found = abstaining.figures(said, right, np.arange(5), limit=0.5, name="mine")

    assert (found.false_alarms.n_events, found.unsure.n_events, found.false_alarms.n) == (1, 1, 5)
    assert found.answered_right is not None
    assert (found.answered_right.n_events, found.answered_right.n) == (2, 3)
    assert (found.false_alarms.low, found.false_alarms.high) == pytest.approx(wilson_interval(1, 5))


def test_a_model_that_answers_nothing_has_no_share_of_right_answers() -> None:
    """Where every item is turned away nothing is said of the answers; where strangeness is not measured, nothing."""
    silent = answers([False, False], [0.1, 0.1])

    assert abstaining.figures(silent, silent.known, np.arange(2), limit=0.5, name="m").answered_right is None
    with pytest.raises(StepMissing, match="Train again"):
        abstaining.figures(replace(silent, strangeness=None), silent.known, np.arange(2), limit=0.5, name="m")


def test_items_of_one_group_count_as_less_than_as_many() -> None:
    """Ten copies of one strange item widen the range."""
    happened = np.repeat([True, False, False, False, False], 10)

    one, many = abstaining.rate("x", happened), abstaining.rate("x", happened, np.repeat(np.arange(5), 10))

    assert one.share == many.share == 0.2
    assert many.high - many.low > 1.5 * (one.high - one.low)


def test_classes_are_judged_one_by_one() -> None:
    """A class knows how many sealed items it was asked about, and what it is taken for, the most frequent first."""
    truth = np.array([0, 0, 0, 0, 1, 1])
    said = np.array([0, 2, 2, 1, 1, 1])
    given = Predictions(
        names=tuple("abcdef"), truth=truth, probabilities=np.eye(3)[said], groups=np.arange(6), classes=CLASSES
    )
    trained = tuple(ClassFigures(label=label, n_train=n) for label, n in zip(CLASSES, (9, 8, 7), strict=True))

    daisy, rose, tulip = abstaining.class_figures(given, trained)

    assert (daisy.n_train, daisy.n_asked, daisy.n_right, daisy.confused_with) == (9, 4, 1, ("tulip", "rose"))
    assert (daisy.low, daisy.high) == pytest.approx(wilson_interval(1, 4))
    assert (rose.n_right, rose.n_asked, rose.confused_with) == (2, 2, ())
    assert tulip == trained[2]  # nobody asked: 0 of 0, anything from 0 to 1


def test_a_label_that_is_no_class_is_no_class_of_the_file() -> None:
    """A sealed item of a class that the model never learned is a mistake of no class, and nobody's confusion."""
    given = Predictions.of_labels(
        ["rose", "iris"], names="ab", probabilities=np.eye(3)[[1, 1]], groups=np.arange(2), classes=CLASSES
    )
    trained = tuple(ClassFigures(label=label, n_train=1) for label in CLASSES)

    assert [each.label for each in abstaining.class_figures(given, trained)] == list(CLASSES)


def test_made_up_pictures_are_of_three_kinds() -> None:
    """Noise is rough, plain colours and gradients are smooth, pages hold a few colours; equal seed, equal pictures."""
    one, two = (strangers.made_up(seed=3, n=6) for _ in range(2))
    painted = {kind: list(pictures) for kind, pictures in one.items()}

    assert all(p.shape == (256, 256, 3) and p.dtype == np.uint8 for kind in painted.values() for p in kind)
    assert all((a == b).all() for kind, several in two.items() for a, b in zip(painted[kind], several, strict=True))
    rough = {kind: np.mean([np.abs(np.diff(p.astype(int), axis=1)).mean() for p in s]) for kind, s in painted.items()}
    assert rough["plain colours and gradients"] < 2 < rough["noise"]
    assert max(len(np.unique(page.reshape(-1, 3), axis=0)) for page in painted["pages of text"]) < 300
    assert all(page.std() > 10 for page in painted["pages of text"])


def test_a_folder_holds_a_kind_in_each_folder(tmp_path: Path) -> None:
    """Sub-folders are kinds; what is no picture, and what lies beside them, is none."""
    for name in ("faces/a.png", "faces/b.png", "street/c.png", "d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "faces" / "notes.txt").write_text("x")

    found = strangers.in_folder(tmp_path)

    assert {kind: [p.name for p in paths] for kind, paths in found.items()} == {
        "faces": ["a.png", "b.png"],
        "street": ["c.png"],
    }


def test_misses_are_counted_by_the_model_itself(tmp_path: Path) -> None:
    """Every training picture is answered, no negative of one is; what cannot be read is not counted."""
    seen = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    runner = Runner(pixels_encoder(side=8, gray=True))
    path = write_image_model(tmp_path / "m.onnx", learned=runner.embed(runner.fit(seen)), limit=0.02, threshold=0.0)
    model = file.open_model(path)
    heard: list[tuple[str, int, int | None]] = []
    kinds: dict[str, Iterable[Picture]] = {"same": [*seen], "negatives": [*(255 - seen), b"broken"], "none": [b""]}

    found = abstaining.misses_of(model, kinds, progress=lambda *said: heard.append(said))

    assert [(miss.name, miss.n_events, miss.n) for miss in found] == [("same", 20, 20), ("negatives", 0, 20)]
    assert heard[-1] == (abstaining.STEP, 3, 3)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a judged project of three colours; tests that share it must not change its seal."""
    folder = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(1)
    for label, colour in {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (50, 60, 210)}.items():
        (folder / "photos" / label).mkdir(parents=True)
        for i in range(30):
            coarse = np.kron(rng.normal(0, 60, (6, 6, 3)), np.ones((8, 8, 1)))
            pixels = np.clip(coarse + colour, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / label / f"{i:02}.png")
    project = florilegium.new(folder / "project", folder / "photos")
    project.train()
    project.verdict()
    return project


def test_a_judged_model_says_how_well_it_abstains(judged: Project) -> None:
    """After the verdict the file holds figures per class, false alarms on sealed items, and misses per kind."""
    card = file.open_model(judged.model_path).card
    n_test = int(judged.holdings().test.sum())

    assert card.abstention is not None
    assert card.abstention.false_alarms.n == n_test
    assert [miss.n for miss in card.abstention.misses] == [strangers.N_MADE_UP] * 3
    assert card.abstention.held_out_answered is not None
    assert card.abstention.held_out_answered.n == card.n_train  # every item was held out once
    assert card.abstention.held_out_right is not None
    assert card.abstention.held_out_right.n == card.abstention.held_out_answered.n_events
    assert sum(each.n_train for each in card.per_class) == card.n_train
    assert tuple(each.label for each in card.per_class) == card.classes


def test_classes_are_judged_on_the_items_that_are_most(judged: Project) -> None:
    """A few sealed items per class do not replace figures on many held-out ones, and it is said which they are."""
    card = file.open_model(judged.model_path).card

    assert sum(each.n_asked for each in card.per_class) == card.n_train
    assert {each.judged_on for each in card.per_class} == {abstaining.HELD_OUT}


def test_the_model_card_says_what_it_is_for_and_from_what(judged: Project) -> None:
    """Use, data, licences and limits stand in the file, under the headings that readers of model cards know."""
    text = file.open_model(judged.model_path).card.text

    headings = [line for line in text.splitlines() if line.startswith("# ")]
    assert headings == [
        "# A classifier of 3 classes",
        "# Uses",
        "# Training data",
        "# Evaluation",
        "# Bias, Risks, and Limitations",
        "# Model Card Contact",
    ]
    assert "no stated licence" in text


def test_more_kinds_can_be_measured_later(judged: Project, tmp_path: Path) -> None:
    """Other strange pictures are added to the file under their names; measured again they take their own place."""
    path = tmp_path / "copy.onnx"
    path.write_bytes(judged.model_path.read_bytes())
    before = file.open_model(path)

    abstaining.add_misses(path, (replace(RATE, name="faces"),), notes=("faces of nobody",))
    abstaining.add_misses(path, (replace(RATE, name="faces", n_events=5),), notes=("faces of nobody",))
    after = file.open_model(path)

    assert after.card.abstention is not None
    assert [miss.name for miss in after.card.abstention.misses][-2:] == ["pages of text", "faces"]
    assert after.card.abstention.misses[-1].n_events == 5
    assert after.card.abstention.notes == ("faces of nobody",)
    assert (after.id, after.card.verdict) == (before.id, before.card.verdict)


def test_a_model_without_a_verdict_has_no_figures_to_add_to(tmp_path: Path) -> None:
    """Misses stand beside false alarms; a model that was never judged says what comes first."""
    path = write_image_model(tmp_path / "m.onnx")

    with pytest.raises(StepMissing, match="florilegium verdict"):
        abstaining.add_misses(path, (RATE,))
    given = Predictions(
        names=("a",), truth=np.array([0]), probabilities=np.eye(3)[:1], groups=np.array([0]), classes=CLASSES
    )
    assert abstaining.of_model(file.open_model(path), answers([True], [0.0]), given, seed=0) is None


def test_classes_that_were_left_out_are_seldom_answered() -> None:
    """On classes that lie far apart a model of three quarters of them answers nothing of the others.

    Where they lie on top of one another it cannot tell, and answers.
    """
    rng = np.random.default_rng(0)
    y, folds = np.repeat(np.arange(8), 20), np.tile(np.arange(4), 40)
    apart = (np.eye(8, 16, dtype=np.float32)[y] * 9 + numbers(rng, 160, 16, scale=0.3)).astype(np.float32)
    alike = numbers(rng, 160, 16)

    found = [
        abstaining.classes_left_out(x, y, folds, np.arange(160), head=LinearHead(), target=0.5, seed=0)
        for x in (apart, dict.fromkeys(range(4), apart), alike)
    ]

    assert [(strange.n, own.n) for strange, own in found] == [(160, 480)] * 3  # each class is left out once of four
    assert found[0] == found[1]
    assert found[0][0].share < 0.05
    assert found[0][1].share > 0.9
    assert found[2][0].share > 0.3


def test_strange_items_are_not_counted_among_the_sure_ones() -> None:
    """The threshold is set among items that are not strange; a wrong but strange answer does not raise it."""
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right, strange = np.array([False, True, True, True]), np.array([0.9, 0.1, 0.1, 0.1])

    found = calibration.abstention(confidence, right, target=0.95, strangeness=strange, limit=0.5)
    without = calibration.abstention(confidence, right, target=0.95)

    assert (found.threshold, found.share_answered, found.accuracy_answered, found.reached) == (0.0, 0.75, 1.0, True)
    assert (found.limit, found.share_strange) == (0.5, 0.25)
    assert not without.reached
    assert "calls 25.0 % of them strange" in calibration.told(found, target=0.95)


def test_where_all_is_strange_nothing_is_answered() -> None:
    """A limit that every item exceeds leaves no answer, and says so."""
    found = calibration.abstention(np.ones(3), np.ones(3, dtype=bool), target=0.9, strangeness=np.ones(3), limit=0.5)

    assert (found.share_answered, found.accuracy_answered, found.reached) == (0.0, 0.0, False)


FIGURES = AbstentionFigures(false_alarms=RATE, unsure=RATE, answered_right=None, misses=(RATE,), notes=("measured",))
PER_CLASS = tuple(ClassFigures(label=label, n_train=3, n_asked=2, n_right=1, low=0.1, high=0.9) for label in CLASSES)


def test_figures_come_back_as_they_were_written(tmp_path: Path) -> None:
    """What was measured of a model is read again number by number, and its shares stand beside the counts."""
    path = write_image_model(tmp_path / "m.onnx", per_class=PER_CLASS, abstention=FIGURES)

    card = file.open_model(path).card

    assert (card.per_class, card.abstention) == (PER_CLASS, FIGURES)
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(metadata["abstention"])["misses"][0]["share"] == 0.1


@pytest.mark.parametrize(
    "change",
    [
        {"label": "iris"},
        {"n_train": -1},
        {"n_train": True},
        {"n_right": 3},
        {"low": 0.95},
        {"high": float("inf")},
        {"low": "0.1"},
        {"confused_with": ["iris"]},
        {"confused_with": 3},
        {"strange": 1},
    ],
)
def test_figures_of_a_class_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    """More right than asked, ranges that are none, other classes: a file that says so is refused."""
    sound: dict[str, Any] = {
        "label": "daisy", "n_train": 3, "n_asked": 2, "n_right": 1, "low": 0.1, "high": 0.9, "confused_with": ["rose"]
    }  # fmt: skip
    assert classes_of([sound, {**sound, "label": "rose"}], classes=("daisy", "rose"))[0].confused_with == ("rose",)

    with pytest.raises(ValueError, match=r"."):
        classes_of([{**sound, **change}, {**sound, "label": "rose"}], classes=("daisy", "rose"))
    with pytest.raises(ValueError, match="one per class"):
        classes_of([sound], classes=("daisy", "rose"))


@pytest.mark.parametrize(
    "change",
    [
        {"misses": "many"},
        {"misses": [{"name": "noise"}]},
        {"misses": [{"name": "x" * 300, "n": 1, "n_events": 0, "low": 0, "high": 1}]},
        {"notes": [7]},
        {"false_alarms": None},
        {"unsure": {"name": "x", "n": 0, "n_events": 0, "low": 0, "high": 1}},
        {"unsure": {"name": "x", "n": 3, "n_events": 4, "low": 0, "high": 1}},
        {"other": 1},
    ],
)
def test_figures_of_abstention_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    """Rates of nothing, of more than all, and fields of other names are refused."""
    with pytest.raises(ValueError, match=r"."):
        abstention_of({**abstention_dict(FIGURES), **change})


@pytest.mark.parametrize(("key", "value"), [("per_class", "[]"), ("abstention", "{}")])
def test_a_file_with_faulty_figures_is_refused(key: str, value: str, tmp_path: Path) -> None:
    """The message names the metadata key that is at fault."""
    path = write_image_model(tmp_path / "m.onnx", per_class=PER_CLASS, abstention=FIGURES)
    model = onnx.load(path)
    next(entry for entry in model.metadata_props if entry.key == key).value = value
    path.write_bytes(model.SerializeToString())

    with pytest.raises(ModelFileError, match=f"metadata '{key}'"):
        file.open_model(path)

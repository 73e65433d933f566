"""A model knows what it does not know: strangeness is measured against training items, the same in Python and file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from sklearn.neighbors import NearestNeighbors

from florilegium.errors import ModelFileError
from florilegium.features import pixels_encoder
from florilegium.features.stream import Runner
from florilegium.model import file, strangeness
from florilegium.model.graph import EXAMPLES
from florilegium.model.strangeness import limit_of, out_of_fold
from florilegium.types import Octets, Vectors
from tests.model_making import numbers, some_exemplars, write_image_model


def directions(n: int, d: int, *, seed: int) -> Vectors:
    """Draw vectors that share a direction, as embeddings of pictures do."""
    rng = np.random.default_rng(seed)
    return numbers(rng, n, d) + np.float32(2) * numbers(rng, 1, d)


def pictures(n: int, *, seed: int) -> Octets:
    """Paint n smooth pictures of 8 x 8 pixels."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(2, axis=1).repeat(2, axis=2)


def embedded(shown: Octets) -> Vectors:
    """Give the vectors of pictures by the encoder of `write_image_model`."""
    runner = Runner(pixels_encoder(side=8, gray=True))
    return runner.embed(runner.fit(shown))


def test_neighbours_are_those_of_scikit_learn() -> None:
    """With as many axes as numbers, the three nearest by cosine are those that scikit-learn finds, to 1 %."""
    learned, asked = directions(200, 40, seed=0), directions(50, 40, seed=1)
    gaps, expected = NearestNeighbors(n_neighbors=3, metric="cosine").fit(learned).kneighbors(asked)

    found, cosines = strangeness.similar(strangeness.learn(learned), asked)

    assert np.abs((1 - gaps) - cosines).max() < 0.01  # bytes in place of numbers
    assert (found[:, 0] == expected[:, 0]).mean() > 0.9


@pytest.mark.parametrize(("n", "d"), [(300, 40), (300, 200), (60, 200), (2, 30)])
def test_the_file_gives_the_numbers_of_python(n: int, d: int, tmp_path: Path) -> None:
    """Strangeness, neighbours and cosines agree to 1e-5, with many or few items, long or short vectors."""
    encoder = pixels_encoder(side=16, gray=True)
    padded = np.zeros((n, 256), dtype=np.float32)
    padded[:, :d] = directions(n, d, seed=2)
    asked = numbers(np.random.default_rng(3), 40, 256) + padded[0]
    model = file.open_model(write_image_model(tmp_path / "m.onnx", encoder=encoder, learned=padded))
    expected, cosines = strangeness.similar(strangeness.learn(padded), asked)

    found = model.answers(asked)

    assert found.similar is not None
    assert found.similarity is not None
    assert found.strangeness is not None
    assert found.similar.shape == (40, min(3, n))
    assert np.abs(found.similarity - cosines).max() < 1e-5
    assert np.abs(found.strangeness - (1 - cosines[:, 0])).max() < 1e-5
    assert (found.similar[:, 0] == expected[:, 0]).mean() > 0.97  # equals may change places


def test_what_was_learned_is_not_strange_and_its_opposite_is() -> None:
    """A training item is as good as itself; what points elsewhere, and nothing at all, are far from every item."""
    learned = directions(100, 60, seed=4)
    neighbours = strangeness.learn(learned)
    asked = np.concatenate([learned, -learned[:1], np.zeros((1, 60), dtype=np.float32)])

    found = strangeness.strangeness(neighbours, asked)

    assert found[:100].max() < 0.02
    assert found[100] > 1
    assert found[101] == 1


def test_the_length_of_a_vector_says_nothing() -> None:
    """A brighter copy of a picture is as strange as the picture."""
    neighbours, asked = strangeness.learn(directions(50, 30, seed=5)), directions(20, 30, seed=6)

    assert strangeness.strangeness(neighbours, asked * 100) == pytest.approx(
        strangeness.strangeness(neighbours, asked), abs=1e-6
    )


def test_what_lies_off_the_axes_is_strange() -> None:
    """A direction that no training item has makes an item strange, although the axes do not see it."""
    learned = np.zeros((400, 300), dtype=np.float32)
    learned[:, :100] = directions(400, 100, seed=7)
    asked = learned[:10].copy()
    asked[:, 200:] = 10

    assert strangeness.strangeness(strangeness.learn(learned), asked).min() > 0.5


def test_items_are_small() -> None:
    """1,800 items of 1,280 numbers take less than 410 kB of a file."""
    near = strangeness.learn(directions(1800, 1280, seed=8))

    assert sum(part.nbytes for part in (near.axes, near.axes_scale, near.rows, near.rows_scale)) < 410_000


def test_equal_items_give_equal_bytes() -> None:
    """The same vectors are stored as the same bytes."""
    one, two = (strangeness.learn(directions(90, 50, seed=9)) for _ in range(2))

    assert (one.axes.tobytes(), one.rows.tobytes()) == (two.axes.tobytes(), two.rows.tobytes())


def test_items_without_any_length_can_be_learned() -> None:
    """Black pictures, all of them, give a model that finds everything strange and does not fail."""
    near = strangeness.learn(np.zeros((5, 7), dtype=np.float32))

    assert strangeness.strangeness(near, np.ones((2, 7), dtype=np.float32)).tolist() == [1.0, 1.0]
    assert strangeness.similar(near, np.zeros((0, 7), dtype=np.float32))[0].shape == (0, 3)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200), st.floats(0, 0.5))
def test_a_limit_holds_its_promise(values: list[float], share: float) -> None:
    """At most the wanted share of known items lies beyond the limit, and one more alarm would be too many."""
    found = np.array(values)
    limit = limit_of(found, false_alarms=share)

    assert (found > limit).mean() <= share
    assert (found >= limit).sum() > share * len(found)


def test_without_held_out_items_nothing_is_beyond_the_limit() -> None:
    """Where no item could be held out the limit is one that no cosine reaches."""
    assert limit_of(np.array([np.nan])) == 2


def test_an_item_is_never_compared_with_its_own_fold() -> None:
    """Copies in one fold do not make each other familiar; copies in two folds do; what is never asked is no number."""
    learned = np.eye(6, 20, dtype=np.float32)[[0, 0, 1, 1, 2, 3]]
    folds = np.array([0, 0, 0, 1, 1, -1])

    found = out_of_fold(learned, np.array([0, 0, 1, 1, 2, 2]), folds, seed=0)

    assert found[:5] == pytest.approx([1, 1, 0, 0, 1], abs=0.02)
    assert np.isnan(found[5])


def test_one_fold_alone_leaves_nothing_to_compare_with() -> None:
    """Where all items lie in one fold none has a strangeness, and the limit is one that nothing exceeds."""
    found = out_of_fold(np.eye(3, dtype=np.float32), np.arange(3), np.zeros(3, dtype=np.int64), seed=0)

    assert np.isnan(found).all()
    assert limit_of(found) == 2


def test_each_fold_may_have_its_own_encoder() -> None:
    """Where the encoder learned too, an item is judged by the vectors of the encoder that had not seen its fold."""
    folds, y = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    apart, together = np.eye(4, dtype=np.float32), np.ones((4, 4), dtype=np.float32)

    found = out_of_fold({0: apart, 1: together}, y, folds, seed=0)

    assert found == pytest.approx([1, 1, 0, 0], abs=0.02)


def test_very_many_items_are_spread_over_the_classes() -> None:
    """Of 50,000 items about 2,000 are kept, by the classes' shares, and a class of three is not forgotten."""
    y = np.array([0] * 30_000 + [1] * 19_997 + [2] * 3)

    rows = strangeness.chosen(y, seed=0)

    assert len(rows) <= strangeness.MAX_EXEMPLARS + 1
    assert 2 in y[rows]
    assert (y[rows] == 0).mean() == pytest.approx(0.6, abs=0.01)
    assert (np.diff(rows) > 0).all()


def test_what_is_strange_is_not_known(tmp_path: Path) -> None:
    """However sure the head is, a picture unlike all training pictures is not known; one of them is."""
    seen = pictures(30, seed=0)
    path = write_image_model(tmp_path / "m.onnx", learned=embedded(seen), limit=0.07, threshold=0.0)
    model = file.open_model(path)

    assert model.predict_arrays([*seen])[1].all()
    assert not model.predict_arrays([255 - seen[0], np.zeros((9, 9, 3), np.uint8)])[1].all()
    answers = model.answers_of_arrays([*pictures(40, seed=1)])
    assert answers.strangeness is not None
    assert (answers.known == (answers.strangeness <= np.float32(0.07))).all()
    assert 0 < answers.known.sum() < 40


def test_a_file_without_strangeness_still_opens(tmp_path: Path) -> None:
    """A model of an older version answers as it did, and says nothing of neighbours."""
    model = file.open_model(write_image_model(tmp_path / "old.onnx"))

    found = model.answers(np.zeros((2, 64), dtype=np.float32))

    assert (found.strangeness, found.similar, found.similarity) == (None, None, None)
    assert "strangeness" not in {output.name for output in onnx.load(tmp_path / "old.onnx").graph.output}


def altered(path: Path, change: str) -> str:
    """Change a sound file in one way and give the message that it is refused with."""
    model = onnx.load(path)
    if change == "points elsewhere":
        search = next(node for node in model.graph.node if node.op_type == "TopK")
        search.output[1] = "inner"
        model.graph.initializer.append(numpy_helper.from_array(np.array(10_000, dtype=np.int64), "far"))
        model.graph.node.append(helper.make_node("Add", ["inner", "far"], ["similar"]))
    elif change == "fewer examples":
        for tensor in model.graph.initializer:
            if tensor.name.startswith(EXAMPLES):
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[..., :5], tensor.name))
    elif change == "another limit":
        limit = next(tensor for tensor in model.graph.initializer if tensor.name == "like/limit")
        limit.CopyFrom(numpy_helper.from_array(np.array(1.5, dtype=np.float32), "like/limit"))
    else:
        del model.graph.output[3:]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError) as caught:
        file.open_model(path).answers_of_arrays([*pictures(2, seed=0)])
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("points elsewhere", "examples that it does not hold"),
        ("fewer examples", "30 examples in the card"),
        ("another limit", "like/limit"),
        ("no outputs", "expected"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: str, said: str, tmp_path: Path) -> None:
    """Graph and card agree on examples and limit, and no answer points to an example that is not there."""
    path = write_image_model(tmp_path / "m.onnx", learned=embedded(pictures(30, seed=0)))

    assert said in altered(path, change)


@pytest.mark.parametrize("way", ["Cast", "DequantizeLinear"])
def test_numbers_of_two_bytes_and_of_one_are_read(way: str, tmp_path: Path) -> None:
    """A head whose numbers are stored in 16 or 8 bits answers nearly as before; an infinite one is refused."""
    path = write_image_model(tmp_path / "m.onnx")
    asked = numbers(np.random.default_rng(0), 20, 64)
    expected, _ = file.open_model(path).head(asked)
    model = onnx.load(path)
    matrix = next(tensor for tensor in model.graph.initializer if tensor.name == "head/scores/matrix")
    values = numpy_helper.to_array(matrix)
    scale = np.asarray(np.abs(values).max() / 127, dtype=np.float32)
    small = values.astype(np.float16) if way == "Cast" else np.rint(values / scale).astype(np.int8)
    matrix.CopyFrom(numpy_helper.from_array(small, "small"))
    model.graph.initializer.append(numpy_helper.from_array(scale, "scale"))
    widened = helper.make_node("Cast", ["small"], ["head/scores/matrix"], to=TensorProto.FLOAT)
    scaled = helper.make_node("DequantizeLinear", ["small", "scale"], ["head/scores/matrix"])
    model.graph.node.insert(0, widened if way == "Cast" else scaled)
    path.write_bytes(model.SerializeToString())

    found, _ = file.open_model(path).head(asked)

    assert 0 < np.abs(found - expected).max() < 0.05
    if way == "Cast":
        matrix.CopyFrom(numpy_helper.from_array(np.full_like(small, np.inf), "small"))
        path.write_bytes(model.SerializeToString())
        with pytest.raises(ModelFileError, match="not finite"):
            file.open_model(path)


def test_a_limit_belongs_to_examples(tmp_path: Path) -> None:
    """A card with a limit and no examples is not written."""
    with pytest.raises(ModelFileError, match="exemplars"):
        write_image_model(tmp_path / "m.onnx", strangeness_limit=0.5)
    with pytest.raises(ModelFileError, match="0 to 2"):
        write_image_model(tmp_path / "m.onnx", strangeness_limit=3.0, exemplars=some_exemplars(3))

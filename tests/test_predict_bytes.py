"""A picture that came over a wire is answered as the same file would be, by many threads, whatever its bytes are."""

import io
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from florilegium.errors import ItemError, ModelFileError, SettingError
from florilegium.features import pixels_encoder
from florilegium.features.decode import PIXELS_VARIABLE
from florilegium.features.stream import Runner
from florilegium.model import file
from florilegium.model.opened import ModelFile
from florilegium.model.predict import STRANGE, UNSURE, predict, predict_bytes, prediction_dict
from florilegium.types import Octets
from tests.model_making import CLASSES, write_image_model, write_text_model

LIMIT = 0.04  # of strangeness
SERVER_MS = 50  # the promise for a page's answer; this model is smaller, and so is what a picture costs


def painted(n: int, *, seed: int = 0) -> list[Octets]:
    """Paint n smooth pictures of 90 x 70 pixels."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 7, 9, 3), dtype=np.uint8)
    return [np.kron(each, np.ones((10, 10, 1), dtype=np.uint8)) for each in coarse]


def octets(picture: Octets, kind: str = "PNG", **options: object) -> bytes:
    """Give a picture as the bytes of a file."""
    made = io.BytesIO()
    Image.fromarray(picture).save(made, kind, **options)
    return made.getvalue()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a model of three classes that learned from 30 pictures."""
    runner = Runner(pixels_encoder(side=8, gray=True))
    learned = np.concatenate([runner.embed(runner.fit(picture[None])) for picture in painted(30)])
    folder = tmp_path_factory.mktemp("model")
    return file.open_model(write_image_model(folder / "m.onnx", learned=learned, limit=LIMIT, threshold=0.7))


def test_bytes_are_answered_as_their_file_is(model: ModelFile, tmp_path: Path) -> None:
    """The same picture gives the same answer from memory and from the disk."""
    for number, picture in enumerate(painted(9, seed=5)):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(octets(picture, "JPEG"))
        (from_disk,) = predict(model, [path], top=3)

        assert predict_bytes(model, path.read_bytes(), name=str(path), top=3) == from_disk


def test_many_threads_get_what_one_gets(model: ModelFile) -> None:
    """Eight threads at once, on a model that nobody has used yet, give the answers of one."""
    contents = [octets(picture) for picture in painted(40, seed=6)]
    fresh = file.open_model(model.path)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda content: predict_bytes(fresh, content, name="x"), contents))

    assert together == [predict_bytes(model, content, name="x") for content in contents]


def test_why_says_what_kept_the_model_from_answering(model: ModelFile) -> None:
    """Known items have no reason; others are strange beyond the limit, and unsure within it."""
    found = [predict_bytes(model, octets(picture), name="x") for picture in [*painted(30), *painted(60, seed=7)]]
    strange = [1 - said.similar[0].similarity > LIMIT for said in found]

    assert {said.why for said in found} == {None, UNSURE, STRANGE}
    assert [said.why == STRANGE for said in found] == strange
    assert all((said.why is None) == said.known for said in found)
    assert all(said.known == ((said.probability or 0) >= 0.7 and not odd) for said, odd in zip(found, strange))  # noqa: B905 - made of each other


def test_a_training_picture_resembles_itself_most(model: ModelFile) -> None:
    """Each picture that was learned from is its own nearest neighbour, and neighbours come nearest first."""
    for number, picture in enumerate(painted(30)):
        said = predict_bytes(model, octets(picture), name="x")

        assert said.similar[0].exemplar.name == f"{CLASSES[number % 3]}/{number:04}.png"
        cosines = [similar.similarity for similar in said.similar]
        assert cosines == sorted(cosines, reverse=True)
        assert len(cosines) == 3


def test_a_turned_phone_photo_is_seen_upright(model: ModelFile) -> None:
    """EXIF orientation 6 means: turn it to the right before looking."""
    picture = painted(1, seed=8)[0]
    turned = Image.Exif()
    turned[274] = 6
    lying = octets(np.ascontiguousarray(np.rot90(picture)), exif=turned)

    assert predict_bytes(model, lying, name="x").top == predict_bytes(model, octets(picture), name="x").top


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "Save it as JPEG"),
        (octets(painted(1)[0], "JPEG")[:900], "truncated"),
        (b"<html>", "web page"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (np.random.default_rng(0).bytes(5000), "not a picture"),
    ],
)
def test_bytes_that_are_no_picture_have_an_error(model: ModelFile, content: bytes, said: str) -> None:
    """Whatever comes over the wire gives a record with what is wrong and what to do, never an exception."""
    found = predict_bytes(model, content, name="phone\udcff.heic")

    assert said in str(found.error)
    assert (found.label, found.known, found.input) == (None, False, r"phone\xff.heic")
    assert prediction_dict(found).keys() == {"input", "error"}


def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(
    model: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on pixels holds for bytes too; a limit that is no number is the owner's mistake."""
    monkeypatch.setenv(PIXELS_VARIABLE, "5000")
    assert "at most 5,000" in str(predict_bytes(model, octets(painted(1)[0]), name="x").error)

    monkeypatch.setenv(PIXELS_VARIABLE, "many")
    with pytest.raises(SettingError, match=PIXELS_VARIABLE):
        predict_bytes(model, octets(painted(1)[0]), name="x")


def test_a_fifty_megapixel_photo_is_answered_in_time(model: ModelFile) -> None:
    """A photo of 8,192 x 6,144 pixels from a phone is decoded at an eighth of its size, within half a second."""
    large = octets(np.zeros((6144, 8192, 3), dtype=np.uint8), "JPEG")
    began = time.process_time()

    found = predict_bytes(model, large, name="x")

    assert found.error is None
    assert time.process_time() - began < 5  # a tenth of that on an idle machine


def test_a_photo_is_answered_quickly(model: ModelFile) -> None:
    """An ordinary picture takes a few milliseconds around the network."""
    content = octets(painted(1)[0], "JPEG")
    predict_bytes(model, content, name="x")
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        predict_bytes(model, content, name="x")
        taken.append(1000 * (time.perf_counter() - began))

    assert statistics.median(taken) < SERVER_MS


def test_texts_are_no_pictures(tmp_path: Path) -> None:
    """A text model says that it takes no pictures."""
    with pytest.raises(ModelFileError, match="text model"):
        predict_bytes(file.open_model(write_text_model(tmp_path / "t.onnx")), b"", name="x")


def test_a_text_of_unknown_words_is_strange(tmp_path: Path) -> None:
    """A text model abstains from strange words for another reason than from hard ones."""
    texts = file.open_model(write_text_model(tmp_path / "t.onnx", threshold=1.0))

    assert [said.why for said in predict(texts, ["жжж", "my card"])] == [STRANGE, UNSURE]


def test_an_encoder_that_gives_no_number_is_the_picture_s_error(
    model: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that are not finite never reach the head; a graph that fails is the model's fault."""

    def overflow(*_: object) -> Octets:
        return np.full((1, 64), np.inf, dtype=np.float32)

    monkeypatch.setattr(Runner, "embed", overflow)
    with pytest.raises(ItemError, match="no finite numbers"):
        model.answer_of(painted(1)[0])
    assert "no finite numbers" in str(predict_bytes(model, octets(painted(1)[0]), name="x").error)

    def give_up(*_: object) -> Octets:
        raise RuntimeError("bad node")

    monkeypatch.setattr(Runner, "embed", give_up)
    with pytest.raises(ModelFileError, match="its graph fails: bad node"):
        predict_bytes(model, octets(painted(1)[0]), name="x")

"""The JSON interface: answers, errors and their status, and a description that is true."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from florilegium import __version__
from florilegium.export import page_card
from florilegium.model import ModelFile, open_model, predict_bytes, prediction_dict
from florilegium.serve import Limits, create_app
from florilegium.serve.schema import Answer, Card, Health, Refused
from tests.model_making import write_text_model
from tests.page_serving import painted, serving, write_colour_model

SMALL = Limits(max_file_bytes=2_000_000)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open the model of colours."""
    return open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))


@pytest.fixture(scope="module")
def client(model: ModelFile) -> Iterator[httpx.Client]:
    """Speak to a real server on this machine."""
    with serving(create_app(model, limits=SMALL)) as address, httpx.Client(base_url=address, timeout=30) as started:
        yield started


def send(client: httpx.Client, *photos: tuple[str, bytes]) -> httpx.Response:
    """Send photos in one form."""
    return client.post("api/predict", files=[("photos", photo) for photo in photos])


def test_a_photo_gets_the_answer_of_the_command_line(client: httpx.Client, model: ModelFile) -> None:
    """The server says exactly what `florilegium predict --json` says, with the five best and the similar photos."""
    said = send(client, ("a.png", painted("rose"))).json()

    assert said == [json.loads(json.dumps(prediction_dict(predict_bytes(model, painted("rose"), name="a.png"))))]
    assert said[0]["label"] == "rose"
    assert said[0]["similar"][0]["label"] == "rose"


@pytest.mark.parametrize(("kind", "why"), [("rose", None), ("unsure", "unsure"), ("strange", "strange")])
def test_what_it_does_not_know_has_a_reason(client: httpx.Client, kind: str, why: str | None) -> None:
    """An answer that is none says whether the model is unsure or has never seen the like."""
    (said,) = send(client, ("a.png", painted(kind))).json()

    assert (said["known"], said["why"]) == (why is None, why)


def test_answers_come_in_the_order_of_the_photos(client: httpx.Client) -> None:
    """A hundred photos in one form get a hundred answers, each its own; one bad file does not stop the others."""
    kinds = ["rose", "daisy", "tulip", None] * 25
    photos = [(f"{i}.png", painted(kind) if kind else b"no picture") for i, kind in enumerate(kinds)]
    said = send(client, *photos).json()

    assert [one["input"] for one in said] == [name for name, _ in photos]
    assert [one.get("label") for one in said] == kinds
    assert all("not a picture" in one["error"] for one, kind in zip(said, kinds, strict=True) if kind is None)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF"])
def test_the_usual_formats_are_read(client: httpx.Client, file_format: str) -> None:
    """Each format that the page names is answered, whatever the file is called."""
    (said,) = send(client, ("photo", painted("tulip", file_format=file_format))).json()

    assert said["label"] == "tulip"


def test_a_rotated_phone_photo_is_read_upright(client: httpx.Client, model: ModelFile) -> None:
    """A photo that is stored lying and says so in its EXIF data gets the answer of the upright one."""
    rng = np.random.default_rng(0)
    upright = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    lying, file, flat = upright.transpose(Image.Transpose.ROTATE_90), io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6  # EXIF 2.32: turn by 90 degrees clockwise to see it upright
    lying.save(file, "PNG", exif=exif)
    upright.save(flat, "PNG")
    (said,) = send(client, ("phone.png", file.getvalue())).json()
    wanted = prediction_dict(predict_bytes(model, flat.getvalue(), name="phone.png"))

    assert said == json.loads(json.dumps(wanted))


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
UNREADABLE = {
    "nothing at all": (b"", 422, "empty (0 bytes)"),
    "half a photo": (painted("rose", file_format="JPEG", size=(600, 600))[:2000], 422, "damaged or truncated"),
    "a text": (b"hello", 415, "not a picture"),
    "HEIC": (HEIC, 415, "Save it as JPEG"),
    "SVG": (b"<?xml version='1.0'?><svg/>", 415, "SVG drawing"),
    "a web page": (b"<!doctype html><html>", 415, "a web page"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_photo_that_cannot_be_read_is_an_error_with_its_status(client: httpx.Client, name: str) -> None:
    """Where no photo of a form could be read, the status says why, in the shape that all errors have."""
    content, status, sentence = UNREADABLE[name]
    response = send(client, ("photo.jpg", content))
    document = response.json()

    assert response.status_code == status
    assert document["error"]["message"].startswith("photo.jpg: ")
    assert sentence in document["error"]["message"]
    assert document["answers"] == [{"input": "photo.jpg", "error": document["error"]["message"][11:]}]


def test_fifty_megapixels_are_read_and_too_many_are_refused(client: httpx.Client) -> None:
    """A 50-megapixel JPEG is decoded at a fraction of its size; 200 megapixels are refused before any is decoded."""
    large = painted("daisy", file_format="JPEG", size=(8000, 6250), quality=20)
    bomb = painted("daisy", size=(20_000, 10_000))
    refused = send(client, ("bomb.png", bomb))

    assert send(client, ("large.jpg", large)).json()[0]["label"] == "daisy"
    assert refused.status_code == 422
    assert "pixels" in refused.json()["error"]["message"]
    assert refused.json()["error"]["message"].endswith("Make it smaller.")  # no variable that only the operator can set


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\rose.png", "rose.png"),
        ("été 花.png", "été 花.png"),
        ("<b onclick=alert(1)>.png", "<b onclick=alert(1)>.png"),
        ("a\u202egnp.exe", "a\ufffdgnp.exe"),
        ("x" * 1000 + ".png", "x" * 200),
        ("\x00\x1b[2J.png", "\ufffd\ufffd[2J.png"),
        ("", "photo"),
    ],
)
def test_a_hostile_name_does_no_harm(client: httpx.Client, name: str, shown: str) -> None:
    """A photo's name loses folders, control characters, turned directions and excess; it never reaches a disk."""
    response = post_raw(client, part(f'form-data; name="photos"; filename="{name}"', painted("rose")))

    assert [one["input"] for one in response.json()] == [shown]


def part(disposition: str, content: bytes) -> bytes:
    """Make one part of a form by hand, as no browser would."""
    head = f"--edge\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n"


def post_raw(client: httpx.Client, *parts: bytes, end: bytes = b"--edge--\r\n") -> httpx.Response:
    """Send a form made by hand."""
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    return client.post("api/predict", content=b"".join(parts) + end, headers=headers)


FAULTY: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "JSON": ({"json": {"photo": "rose.jpg"}}, 415, "NotAForm", "This is application/json"),
    "nothing": ({}, 415, "NotAForm", "does not say what it holds"),
    "a plain form": ({"data": {"photo": "rose.jpg"}}, 415, "NotAForm", "application/x-www-form-urlencoded"),
    "an empty choice": ({"files": {"photos": ("", b"")}}, 422, "NoPhoto", "no photo in the form"),
    "too many": ({"files": [("p", ("a", b"x"))] * 101}, 413, "TooLarge", "More than 100 photos in one form"),
    "too large": ({"files": {"photos": ("big.jpg", b"x" * 2_000_001)}}, 413, "TooLarge", "big.jpg: more than"),
    "a long text": ({"files": {"text": (None, b"x" * 70_000)}}, 413, "TooLarge", "long texts"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_form_that_cannot_be_taken_is_refused_in_one_shape(client: httpx.Client, name: str) -> None:
    """Every refusal has the right status and says in one sentence what is wrong and what to do."""
    given, status, kind, sentence = FAULTY[name]
    response = client.post("api/predict", **given)

    assert response.status_code == status
    assert response.json()["error"]["kind"] == kind
    assert sentence in response.json()["error"]["message"]
    Refused.model_validate(response.json())


def test_a_refusal_names_the_address_that_was_asked(client: httpx.Client) -> None:
    """The example in the message works when it is copied, whatever port the server has."""
    response = client.post("api/predict?a=b", json={})

    assert response.json()["error"]["message"].endswith(f" curl -F photos=@rose.jpg {client.base_url}api/predict")


@pytest.mark.parametrize("end", [b"", b"--ed"])
def test_a_form_that_breaks_off_is_refused(client: httpx.Client, end: bytes) -> None:
    """A form whose end is missing is not taken for a whole one."""
    response = post_raw(client, part('form-data; name="photos"; filename="a.png"', painted("rose")), end=end)

    assert (response.status_code, response.json()["error"]["kind"]) == (422, "NoPhoto")
    assert "ends before its end" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [b"garbage", b"--edge\r\nno header\r\n\r\n", b"--edge\r\n" + b"A: b\r\n" * 500, b"--edge\r\nA: " + b"b" * 9999],
)
def test_a_damaged_form_is_refused(client: httpx.Client, body: bytes) -> None:
    """Bytes that are no form are refused, not guessed at."""
    response = post_raw(client, body)

    assert (response.status_code, response.json()["error"]["kind"]) == (422, "NoPhoto")


def test_fields_beside_the_photos_are_passed_over(client: httpx.Client) -> None:
    """A form may hold other fields and any name for the photos."""
    fields = (
        part('form-data; name="note"', b"my garden"),
        part('form-data; name="x"; filename="r.png"', painted("rose")),
    )

    assert [one["label"] for one in post_raw(client, *fields).json()] == ["rose"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nowhere", 404), ("GET", "api/predict", 405), ("DELETE", "", 405)]
)
def test_unknown_addresses_are_errors_of_the_same_shape(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    """An address or a method that is not there is answered in the one shape too, with where to look."""
    response = client.request(method, path)

    assert response.status_code == status
    assert "/docs" in response.json()["error"]["message"]


def test_the_card_is_the_page_card(client: httpx.Client, model: ModelFile) -> None:
    """GET /api/card gives the card as an exported page holds it, and /healthz the model's id."""
    assert client.get("api/card").json() == json.loads(json.dumps(page_card(model)))
    assert client.get("healthz").json() == {"status": "ok", "model": "colours", "id": model.id}


def test_the_description_is_true(client: httpx.Client) -> None:
    """What OpenAPI promises is what comes: answers, errors, card and health fit their shapes."""
    described = client.get("openapi.json").json()
    kinds = ("rose", "unsure", "strange")

    assert described["info"]["version"] == __version__
    assert set(described["paths"]) == {"/api/predict", "/api/card", "/healthz"}
    for one in [*send(client, *[("a", painted(kind)) for kind in kinds]).json(), {"input": "a", "error": "bad"}]:
        assert Answer.model_validate(one).input == "a"
    Card.model_validate(client.get("api/card").json())
    Health.model_validate(client.get("healthz").json())
    Refused.model_validate(send(client, ("a", b"")).json())


def test_many_at_once_are_all_answered_rightly(client: httpx.Client) -> None:
    """Forty requests at a time get each its own answer."""
    kinds = ["rose", "daisy", "tulip", "unsure"] * 10
    with ThreadPoolExecutor(len(kinds)) as pool:
        said = list(pool.map(lambda kind: send(client, (kind, painted(kind))).json()[0], kinds))

    assert [one["input"] for one in said] == kinds
    assert [one["label"] for one in said if one["known"]] == [kind for kind in kinds if kind != "unsure"]


def test_a_text_model_has_no_page(tmp_path: Path) -> None:
    """A model of texts is refused with the command that takes texts."""
    with pytest.raises(Exception, match=r"a text model; the page takes photos.*florilegium predict"):
        create_app(open_model(write_text_model(tmp_path / "texts.onnx")))

"""Mutated pictures and forms by the hundred: each is answered or refused, none is a fault of the server."""

from collections import Counter

import pytest
from starlette.testclient import TestClient

from benchmarks import hostile_files
from florilegium.model import open_model
from florilegium.serve import create_app
from tests.page_serving import painted, write_colour_model

N_FILES = 300  # the benchmark `hostile` sends 20,000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """Give a client that does not raise what the server meets: it must answer."""
    model = open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))
    return TestClient(create_app(model), raise_server_exceptions=False)


def test_what_is_mutated_is_answered_or_refused(client: TestClient) -> None:
    """Flipped bytes, cut ends, foreign heads, absurd sizes, broken forms: 200 or a refusal with words, never a 5xx."""
    met: Counter[int] = Counter()
    for sent in hostile_files.requests(N_FILES, seed=1):
        response = client.post("/api/predict", content=sent.body, headers={"content-type": sent.content_type})
        met[response.status_code] += 1
        assert response.status_code in {200, 413, 415, 422}, sent.name
        assert response.status_code == 200 or response.json()["error"]["message"], sent.name

    assert min(met[200], met[422]) > N_FILES // 20, "the mutations are neither all harmless nor all fatal"


def test_the_same_seed_sends_the_same(client: TestClient) -> None:
    """What once did harm can be sent again."""
    del client
    first, again = (list(hostile_files.requests(30, seed=7)) for _ in range(2))

    assert first == again
    assert first != list(hostile_files.requests(30, seed=8))


@pytest.mark.parametrize("blow", ["bomb", "zip behind"])
def test_a_bomb_is_not_unpacked(client: TestClient, blow: str) -> None:
    """A picture of 3.6 gigapixels in a small file is refused; an archive behind a picture is not looked at."""
    good = painted("rose", file_format="JPEG")
    content = {"bomb": hostile_files.picture_bomb(), "zip behind": hostile_files.zip_in_jpeg(good, b"PK\x03\x04" * 999)}
    response = client.post("/api/predict", files={"photos": ("x.jpg", content[blow])})

    assert response.status_code == (422 if blow == "bomb" else 200)

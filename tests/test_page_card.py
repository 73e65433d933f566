"""The page's card: what the model file holds, and null where nothing was measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from florilegium.errors import ModelFileError
from florilegium.evaluation import verdict_dict
from florilegium.export import page_card
from florilegium.model import add_verdict, open_model
from tests.model_making import NOON, write_image_model
from tests.page_serving import write_colour_model
from tests.test_report_account import account

FLOWERS = ("daisy", "rose", "tulip")


def a_verdict() -> dict[str, Any]:
    """Give a sound verdict on three flowers, as a file holds it."""
    verdict = account(90, FLOWERS).verdict
    assert verdict is not None
    return verdict_dict(verdict)


def test_the_card_has_the_keys_that_pages_read(tmp_path: Path) -> None:
    """A server's /api/card and an exported card.json hold these keys, and nothing that JSON cannot say."""
    card = page_card(open_model(write_colour_model(tmp_path / "colours.onnx")))

    assert set(card) == {
        *("name", "title", "classes", "verdict", "text", "abstention", "short_side", "created", "n_train", "licence"),
        *("limits", "id"),
    }
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert (card["name"], card["n_train"], card["created"]) == ("colours", 90, NOON.isoformat())


def test_the_files_own_figures_come_first(tmp_path: Path) -> None:
    """Figures of classes and of abstention that the file holds are given as they are."""
    card = page_card(open_model(write_colour_model(tmp_path / "colours.onnx")))
    rose = card["classes"][1]

    assert (rose["label"], rose["n_train"], rose["n_right"], rose["n_asked"]) == ("rose", 40, 5, 10)
    assert rose["confused_with"] == ["tulip", "daisy"]
    assert card["abstention"]["threshold"] == 0.5
    assert card["abstention"]["strangeness_limit"] == 0.1
    assert card["abstention"]["false_alarms"]["n_events"] == 1


def test_what_was_not_measured_is_null(tmp_path: Path) -> None:
    """A model that nobody judged has no figures: none are made up."""
    card = page_card(open_model(write_image_model(tmp_path / "plain.onnx")))

    assert card["verdict"] is None
    assert {(one["n_train"], one["n_asked"], one["n_right"], one["low"]) for one in card["classes"]} == {
        (None, 0, None, None)
    }
    assert card["abstention"] | {"threshold": 0} == {
        **dict.fromkeys(("strangeness_limit", "false_alarms", "unsure", "answered_right")),
        **dict.fromkeys(("held_out_answered", "held_out_right")),
        "threshold": 0,
        "misses": [],
        "notes": [],
    }
    assert card["limits"] == []
    assert card["licence"] == "unstated"


def test_a_verdict_lends_its_figures(tmp_path: Path) -> None:
    """Where only the verdict has figures of classes, they are its own; its warnings are the page's limits."""
    path, verdict = write_image_model(tmp_path / "judged.onnx"), a_verdict()
    add_verdict(path, verdict)
    card = page_card(open_model(path))
    rose = next(one for one in verdict["per_class"] if one["name"] == "rose")

    assert card["verdict"]["sentence"] == verdict["sentence"]
    assert card["classes"][1]["n_right"] == rose["n_right"]
    assert card["classes"][1]["n_asked"] == rose["n"]
    assert card["limits"] == list(verdict["warnings"])


def test_a_damaged_verdict_is_refused(tmp_path: Path) -> None:
    """A verdict that was tampered with does not reach a page."""
    path = write_image_model(tmp_path / "judged.onnx")
    add_verdict(path, {**a_verdict(), "model": "perfect"})

    with pytest.raises(ModelFileError, match="the verdict in its metadata is damaged"):
        page_card(open_model(path))


def test_a_model_that_always_answers_says_so(tmp_path: Path) -> None:
    """Without a threshold and a limit there is nothing to tell of abstention."""
    assert page_card(open_model(write_image_model(tmp_path / "bold.onnx", threshold=0.0)))["abstention"] is None


@pytest.mark.parametrize(
    ("file_name", "provenance", "name", "title"),
    [
        ("flowers20.onnx", {}, "flowers20", "Twenty popular flowers"),
        ("model.onnx", {"source": "flowers20"}, "flowers20", "Twenty popular flowers"),
        ("model.onnx", {"source": "my garden"}, "my garden", "my garden"),
        ("model.onnx", {"source": "garden", "title": "What grows here"}, "garden", "What grows here"),
        ("model.onnx", {"source": 5, "title": ["x"]}, "model", "model"),
        ("model.onnx", {"source": "a\x00b" + "x" * 99}, "a\ufffdb" + "x" * 26 + "…" + "x" * 29, None),
    ],
)
def test_a_model_has_a_name_and_a_title(
    tmp_path: Path, file_name: str, provenance: dict[str, Any], name: str, title: str | None
) -> None:
    """The name is the file's or, in a project, the source's; the title is what its maker chose, else the name."""
    card = page_card(open_model(write_image_model(tmp_path / file_name, provenance=provenance)))

    assert (card["name"], card["title"]) == (name, title or name)


def test_a_maker_may_state_limits_and_a_licence(tmp_path: Path) -> None:
    """What the maker wrote down of limits comes first; what is no text is left out."""
    stated = {"limits": ["Only whole flowers.", 5], "licence": "CC0-1.0"}
    card = page_card(open_model(write_image_model(tmp_path / "m.onnx", provenance=stated)))

    assert card["limits"] == ["Only whole flowers."]
    assert card["licence"] == "CC0-1.0"

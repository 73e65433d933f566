"""Bias on a project: whose groups, which answers, and that the seal stays shut."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import florilegium
from florilegium.bias import Decisions, Findings, examine
from florilegium.errors import MetadataError, SettingError, StepMissing
from florilegium.model.file import open_model
from florilegium.project import Project
from florilegium.project.biased import Biased
from florilegium.project.biasing import used
from florilegium.project.judged import BiasWish, judged
from florilegium.report.bias_card import Use
from florilegium.report.bias_values import STATES

COLOURS = {"red": (200, 40, 40), "blue": (50, 60, 210)}
N = 90  # pictures of each colour


def paint(folder: Path, *, n: int = N) -> None:
    """Paint pictures of two colours; those of the shop "dim" hold so little colour that many are mistaken."""
    rng = np.random.default_rng(3)
    lines = ["file_name,shop,hand,empty"]
    for label, colour in COLOURS.items():
        (folder / label).mkdir(parents=True)
        for i in range(n):
            dim = i % 2 == 0
            coarse = rng.normal(0, 60, (6, 6, 3))
            base = np.full(3, 120.0) + (np.array(colour) - 120.0) * (0.05 if dim else 1.0)
            pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + base, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i:03}.png")
            lines.append(f"{label}/{i:03}.png,{'dim' if dim else 'plain'},{'left' if i % 3 else 'right'},")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a trained project whose seal is shut; tests that share it may look for biases and no more."""
    photos = tmp_path_factory.mktemp("photos")
    paint(photos)
    made = florilegium.new(tmp_path_factory.mktemp("project") / "shops", photos)
    made.train()
    return made


@pytest.fixture(scope="module")
def found(project: Project) -> Biased:
    """Give what was found by shop and hand."""
    return project.bias(BiasWish(groups=("shop", "hand")))


def test_a_shop_with_dim_pictures_is_found(found: Biased) -> None:
    """Where pictures of one shop hold no colour, the model errs more there, and the page leads with it."""
    errors = [each for each in found.findings.found if each.bias == "errors"]

    assert {each.column for each in errors} == {"shop"}
    assert "dim" in errors[0].sentence


def test_a_group_that_makes_no_difference_is_not_called_a_gap(found: Biased) -> None:
    """Left and right hands are dealt without regard to anything, and nothing is found between them."""
    assert [each.sentence for each in found.findings.found if each.column == "hand"] == []


def test_only_answers_to_unseen_training_items_are_judged(project: Project, found: Biased) -> None:
    """While the seal is shut, what is judged are the out-of-fold answers, and the ledger stays empty."""
    status = project.status()

    assert found.n == status.n_train
    assert status.n_openings == 0
    assert any("sealed" in note for note in found.account.notes)


def test_the_page_lies_in_the_project(project: Project, found: Biased) -> None:
    """The page is written beside the report, whole, and the record knows of the command."""
    assert found.path == project.folder / "bias.html"
    assert "Six kinds of bias" in (project.folder / "bias.html").read_text(encoding="utf-8")
    assert project.store.runs()[-1].command in {"bias", "report"}


def test_the_report_shows_the_six_in_short(project: Project, found: Biased) -> None:
    """The report has a line per kind and a link to the page of biases."""
    html = project.report().path.read_text(encoding="utf-8")

    assert found.path is not None
    assert f'href="{found.path.name}"' in html
    assert sum(html.count(f"<td>{words}</td>") for words in STATES.values()) == 6


def test_the_usual_groups_are_metadata_facts_and_slices(project: Project) -> None:
    """Unasked, columns with few values and facts about the file are looked at; one with the label's values is not."""
    columns = {rates.column for rates in project.bias().findings.rates}

    assert {"shop", "hand"} <= columns
    assert "empty" not in columns


def test_a_fact_makes_groups(project: Project) -> None:
    """Brightness, a number, is cut into bins whose names are ranges."""
    (rates,) = project.bias(BiasWish(groups=("brightness",))).findings.rates

    assert len(rates.rows) >= 2
    assert all(" to " in row.group for row in rates.rows)


def test_unknown_columns_are_named_with_the_nearest(project: Project) -> None:
    """Two unknown columns give one message, each with what is nearest."""
    with pytest.raises(MetadataError, match=r"(?s)'shp'.*Nearest: shop.*'hnad'.*Nearest: hand"):
        project.bias(BiasWish(groups=("shp", "hnad")))


def test_one_class_may_be_the_yes(project: Project) -> None:
    """With --positive one class is the yes, and false alarms are counted."""
    findings = project.bias(BiasWish(groups=("shop",), positive="Red")).findings

    assert findings.rates[0].rows[0].rates["false positive rate"].n > 0
    with pytest.raises(SettingError, match="Nearest: 'red'"):
        project.bias(BiasWish(groups=("shop",), positive="rad"))


def test_a_folder_of_unlabelled_pictures_is_a_target(project: Project, tmp_path: Path) -> None:
    """Pictures of the use, without labels, make evaluation bias measurable."""
    rng = np.random.default_rng(5)
    for i in range(60):
        pixels = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    findings = project.bias(BiasWish(groups=("shop",), target=tmp_path)).findings

    assert "evaluation" not in findings.unmeasured


def test_what_is_said_of_the_use_may_stand_in_the_settings(project: Project) -> None:
    """An address for objections in florilegium.toml reaches the page; one on the command line wins."""
    path = project.folder / "florilegium.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace('recourse = ""', 'recourse = "ann@example.org"'), encoding="utf-8")
    with florilegium.load(project.folder) as opened:
        kept = opened.bias(BiasWish(groups=("shop",))).account.use
        said = used(opened, Use(recourse="bob@example.org"))
    path.write_text(before, encoding="utf-8")

    assert (kept.recourse, said.recourse) == ("ann@example.org", "bob@example.org")


def test_a_damaged_summary_counts_as_none(project: Project, found: Biased) -> None:
    """A summary that somebody has broken leaves the report whole."""
    record = project.store.current_model()
    assert record is not None
    path = project.folder / "models" / f"{record.model_id[:16]}.bias.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(json.dumps({"lead": found.account.title, "six": [{}]}), encoding="utf-8")
    html = project.report().path.read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")

    assert "Nobody has looked yet" in html


def test_without_a_model_the_next_step_is_named(tmp_path: Path) -> None:
    """Before training, bias says to train."""
    paint(tmp_path / "photos", n=8)
    made = florilegium.new(tmp_path / "fresh", tmp_path / "photos")

    with pytest.raises(StepMissing, match="florilegium train"):
        made.bias()


def test_an_opened_seal_adds_its_items(project: Project, tmp_path: Path) -> None:
    """Once a verdict has shown the sealed items, their answers are judged too."""
    shutil.copytree(project.folder, tmp_path / "opened")
    with florilegium.load(tmp_path / "opened") as opened:
        opened.verdict()
        record = opened.store.current_model()
        assert record is not None
        given, status = judged(opened, record, opened.holdings()), opened.status()

    assert len(given.rows) == status.n_train + status.n_test
    assert given.n_sealed == status.n_test


def test_the_models_own_card_says_what_the_settings_say(project: Project, tmp_path: Path) -> None:
    """A model that is trained after somebody wrote down its use bears that use and the address for objections."""
    shutil.copytree(project.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "florilegium.toml"
    told = {"intended_use": "Sorting prints", "out_of_scope_use": "Judging people", "recourse": "ann@example.org"}
    text = path.read_text(encoding="utf-8").replace("seed = 0", "seed = 1")  # the same model would not be written anew
    for name, said in told.items():
        text = text.replace(f'{name} = ""', f'{name} = "{said}"')
    path.write_text(text, encoding="utf-8")
    with florilegium.load(tmp_path / "copy") as opened:
        opened.train()
        card = open_model(opened.model_path).card.text

    assert all(said in card for said in told.values())
    assert "Nobody has written this yet" not in card


def test_the_labels_of_a_group_are_one_command_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project hands on the command that opens its own labels."""
    asked: dict[str, object] = {}

    def heard(decisions: Decisions, **options: Any) -> Findings:
        asked.update(options)
        return examine(decisions, **options)

    monkeypatch.setattr("florilegium.bias.examine", heard)
    project.bias(BiasWish(groups=("shop",), gap=0.2))

    assert asked["relabel"] == f"florilegium label -p {project.folder}"
    assert asked["gap"] == 0.2

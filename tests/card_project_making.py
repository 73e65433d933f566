"""A project of painted pictures whose model mixes up peony and camellia, for the tests of cards."""

import csv
from pathlib import Path

import numpy as np

import florilegium
from florilegium.evaluation import Predictions
from florilegium.project import Project, kept
from florilegium.source.base import Side
from tests.card_making import NOW
from tests.photo_making import a_picture, encoded

CLASSES = ("camellia", "peony", "rose")
MODEL_ID = "c" * 64
N = 12  # pictures of each class
LICENCES = ("CC BY 4.0", "CC0", "all rights reserved", "")


def paint(folder: Path) -> None:
    """Paint pictures of three classes, with a table of their licences and authors."""
    with_rows = [["file_name", "license", "author"]]
    for number, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True)
        for i in range(N):
            name = f"{label}/{i:02}.jpg"
            (folder / name).write_bytes(encoded(a_picture(seed=100 * number + i), "JPEG"))
            with_rows.append([name, LICENCES[i % 4], "Ann Ott" if i % 8 == 0 else ""])
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(with_rows)


def answered(project: Project) -> Predictions:
    """Give answers in which two peonies are taken for camellias and one camellia for a peony."""
    names = sorted(name for name, (_, side) in project.store.sides().items() if side is Side.TRAIN)
    labels = [name.split("/")[0] for name in names]
    said = list(labels)
    peonies, camellias = [[i for i, at in enumerate(labels) if at == label] for label in ("peony", "camellia")]
    for i in peonies[:2]:
        said[i] = "camellia"
    said[camellias[0]] = "peony"
    return Predictions.of_labels(
        labels,
        names=names,
        probabilities=np.eye(3)[[CLASSES.index(each) for each in said]],
        groups=np.arange(len(names)),
        classes=CLASSES,
    )


def make_project(folder: Path) -> Path:
    """Make a project with answers of a model; give its folder."""
    paint(folder / "photos")
    with florilegium.new(folder / "flowers", folder / "photos", encoder="pixels") as project:
        project.store.add_model(MODEL_ID, {"head": "linear"}, now=NOW)
        kept.save_predictions(project.folder, MODEL_ID, "folds", answered(project))
    return folder / "flowers"

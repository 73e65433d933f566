"""`predict --similar`: training examples most like each input. Path: project -> **cli**.

A model file names its examples where it has embeddings, and holds no text; what a text says comes from the project that
the model was trained in, and so do the examples of a model of words. All are of the training side.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from florilegium.cli.bars import Bars
from florilegium.cli.terminal import load
from florilegium.errors import SettingError
from florilegium.model import ModelFile, Prediction, prediction_dict
from florilegium.source.base import Kind

Examples = Callable[[Prediction], list[dict[str, Any]]]


def nothing(_: Prediction) -> list[dict[str, Any]]:
    """Give no examples: none are wanted, or there are none."""
    return []


def of_file(answer: Prediction) -> list[dict[str, Any]]:
    """Give the examples that the model file itself names, most like the input as the model sees it."""
    told = prediction_dict(answer, thumbnails=False)["similar"]
    return [{**said, "name": each.exemplar.name} for said, each in zip(told, answer.similar, strict=True)]


@contextmanager
def similar_of(model: str, opened: ModelFile, bars: Bars) -> Iterator[Examples]:
    """Give what finds the training examples most like an input; a file that names some needs no project for that.

    Raises: SettingError: a model of texts that was not named by its project's folder.
    """
    is_folder = os.path.isdir(model)  # noqa: PTH112 - a name may hold what no path can
    if opened.card.kind is not Kind.TEXT or (opened.card.exemplars and not is_folder):
        yield of_file
        return
    if not is_folder:
        raise SettingError(
            f"{model}: --similar: a model file holds no training texts. Name the project folder instead of its file."
        )
    from florilegium.project.similar_texts import SimilarTexts  # reads the project, and only here

    with load(Path(model), bars) as project:
        texts = SimilarTexts(project)

        def found(answer: Prediction) -> list[dict[str, Any]]:
            if answer.similar:
                return [{**each, "text": texts.text(each["name"])} for each in of_file(answer)]
            if answer.text is None:
                return []
            return [
                {
                    "label": each.exemplar.label,
                    "similarity": each.similarity,
                    "name": each.exemplar.name,
                    "text": texts.text(each.exemplar.name),
                }
                for each in texts.nearest(answer.text)
            ]

        yield found

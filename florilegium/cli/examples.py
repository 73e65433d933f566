"""`predict --similar`: training texts most like each text that is asked about. Path: project -> **cli**.

A model file holds no text, so they come from the project that the model was trained in, and from its training side.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from florilegium.cli.bars import Bars
from florilegium.cli.terminal import load
from florilegium.errors import SettingError
from florilegium.model import ModelFile, Prediction
from florilegium.source.base import Kind

Examples = Callable[[Prediction], list[dict[str, Any]]]


def no_texts(_: Prediction) -> list[dict[str, Any]]:
    """Give no training texts: those that a file holds stand in the answer itself."""
    return []


@contextmanager
def similar_of(model: str, opened: ModelFile, bars: Bars) -> Iterator[Examples]:
    """Give what finds the training texts most like an input; a file that holds examples needs no project.

    Raises: SettingError: a model of texts that was not named by its project's folder.
    """
    is_folder = os.path.isdir(model)  # noqa: PTH112 - a name may hold what no path can
    if opened.card.kind is not Kind.TEXT or (opened.card.exemplars and not is_folder):
        yield no_texts
        return
    if not is_folder:
        raise SettingError(
            f"{model}: --similar: a model file holds no training texts. Name the project folder instead of its file."
        )
    from florilegium.project.similar_texts import SimilarTexts  # reads the project, and only here

    with load(Path(model), bars) as project:
        texts = SimilarTexts(project)

        def found(answer: Prediction) -> list[dict[str, Any]]:
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

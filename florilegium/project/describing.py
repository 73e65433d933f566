"""The model card for people: what it is, for what, from what, how good, and its limits. Path: **project** (shell).

Markdown under the headings of Hugging Face's model card. States what is known and counted; what nobody has written is
said to be unwritten. Figures that the verdict will bring stand beside it in the same file, not here.
"""

from collections import Counter
from typing import TYPE_CHECKING

import florilegium
from florilegium.evaluation.words import counted
from florilegium.features import GraphEncoder, SentenceEncoder
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide
from florilegium.report.bias_card import UNWRITTEN
from florilegium.settings import Settings
from florilegium.source.base import Kind

if TYPE_CHECKING:
    from florilegium.project.project import Project

CLASSES_MOST = 200  # names that the card lists
LICENCES_MOST = 8  # of the training items
UNSTATED = "no stated licence"


def card_text(
    project: "Project", holdings: Holdings, side: TrainingSide, encoder: GraphEncoder | SentenceEncoder | None
) -> str:
    """Give the model card, Markdown.

    Args: encoder: what makes the vectors; None: a text model.
    """
    what = "texts" if holdings.dataset.kind is Kind.TEXT else "pictures"
    parts = {
        f"A classifier of {counted(len(side.classes), 'class', 'classes')}": _details(side, encoder, what),
        "Uses": (
            f"{_stated(project.settings)}\n\n"
            f"It names the class of {what} like those it learned from, or says that it does not know. It knows no "
            "other class. It was not made to decide about people on its own; whoever is judged by it should be able "
            "to contest the answer."
        ),
        "Training data": _data(project, holdings, side, what),
        "Evaluation": (
            "Its verdict against the best simple rule on sealed items, with ranges, the figures of each class and "
            "those of abstention stand in this file's metadata (`verdict`, `per_class`, `abstention`)."
        ),
        "Bias, Risks, and Limitations": (
            f"{what.capitalize()} from other sources than those of the training are answered worse; where sources are "
            "known, the verdict says by how much. Probabilities are calibrated for items like those it learned from. "
            "Whether it errs more often for some groups than for others: `florilegium bias` tells."
        ),
        "Model Card Contact": project.settings.recourse
        or f"{UNWRITTEN} Whoever is judged has nowhere to object (setting `recourse`).",
    }
    return "\n\n".join(f"# {heading}\n\n{text}" for heading, text in parts.items()) + "\n"


def _stated(settings: Settings) -> str:
    """Give what its maker says that it is for and not for; what nobody said is said to be unsaid."""
    intended = settings.intended_use or f"{UNWRITTEN} (setting `intended_use`)"
    out_of_scope = settings.out_of_scope_use or f"{UNWRITTEN} (setting `out_of_scope_use`)"
    return f"Direct use: {intended}\n\nOut-of-scope use: {out_of_scope}"


def _details(side: TrainingSide, encoder: GraphEncoder | SentenceEncoder | None, what: str) -> str:
    more = f", and {len(side.classes) - CLASSES_MOST:,} more" if len(side.classes) > CLASSES_MOST else ""
    network = f" {what.capitalize()} are described by {encoder.name} ({encoder.licence})." if encoder else ""
    return (
        f"Made with Florilegium {florilegium.__version__}.{network} "
        f"Classes: {', '.join(side.classes[:CLASSES_MOST])}{more}."
    )


def _data(project: "Project", holdings: Holdings, side: TrainingSide, what: str) -> str:
    samples = [holdings.dataset.samples[row] for row in side.rows]
    name = project.settings.source.location.rsplit("/", 1)[-1]
    origins = {sample.origin for sample in samples if sample.origin}
    where = f" from {counted(len(origins), 'source')}" if origins else ""
    licences = Counter(sample.licence or UNSTATED for sample in samples)
    told = ", ".join(f"{licence} {n:,}" for licence, n in licences.most_common(LICENCES_MOST))
    rest = f", and {len(licences) - LICENCES_MOST:,} other licences" if len(licences) > LICENCES_MOST else ""
    return (
        f"{len(side.y):,} labelled {what}{where}, out of `{name}`. Licences of the items: {told}{rest}. "
        f"{counted(len({int(group) for group in side.groups}), 'group')} of near-duplicates and related items were "
        "kept together when parts were held out."
    )

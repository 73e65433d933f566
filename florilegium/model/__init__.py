"""Heads, their calibration, and the one-file model. Path: features -> **model** -> evaluation."""

from florilegium.model.card import ModelCard
from florilegium.model.file import add_verdict, find, open_model, shipped_models, write
from florilegium.model.graph import image_graph, text_graph
from florilegium.model.opened import ModelFile
from florilegium.model.predict import Prediction, csv_lines, predict, prediction_dict
from florilegium.model.train import Candidate, Trained, again, train

__all__ = [
    "Candidate",
    "ModelCard",
    "ModelFile",
    "Prediction",
    "Trained",
    "add_verdict",
    "again",
    "csv_lines",
    "find",
    "image_graph",
    "open_model",
    "predict",
    "prediction_dict",
    "shipped_models",
    "text_graph",
    "train",
    "write",
]

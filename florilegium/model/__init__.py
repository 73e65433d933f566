"""Heads, their calibration, and the one-file model. Path: features -> **model** -> evaluation."""

from florilegium.model.card import ModelCard
from florilegium.model.exemplars import Exemplar, Similar
from florilegium.model.file import add_verdict, find, open_model, shipped_models, write
from florilegium.model.graph import image_graph, sentence_graph, text_graph
from florilegium.model.opened import Answers, ModelFile
from florilegium.model.predict import (
    STRANGE,
    UNSURE,
    Prediction,
    csv_lines,
    predict,
    predict_bytes,
    predict_texts,
    prediction_dict,
)
from florilegium.model.train import Candidate, Trained, again, recalibrated, train

__all__ = [
    "STRANGE",
    "UNSURE",
    "Answers",
    "Candidate",
    "Exemplar",
    "ModelCard",
    "ModelFile",
    "Prediction",
    "Similar",
    "Trained",
    "add_verdict",
    "again",
    "csv_lines",
    "find",
    "image_graph",
    "open_model",
    "predict",
    "predict_bytes",
    "predict_texts",
    "prediction_dict",
    "recalibrated",
    "sentence_graph",
    "shipped_models",
    "text_graph",
    "train",
    "write",
]

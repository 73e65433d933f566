"""Fine-tune a sentence encoder with cross-validated groups, then on everything. Path: features -> **model.finetune**.

Every fold starts from the frozen network and a head that never saw the fold's held-out texts. Sees the training side
only; whether the result is better than the frozen head is for the paired comparison to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor

from florilegium.errors import SettingError
from florilegium.features.precision import halved
from florilegium.features.sentences import SentenceEncoder, with_trunk
from florilegium.features.sentences.tokens import Tokens
from florilegium.model.finetune import checkpoint
from florilegium.model.finetune.forecast import Forecast
from florilegium.model.finetune.memory import keep_memory
from florilegium.model.finetune.runs import forecast_of, learned, timed, tuned
from florilegium.model.finetune.sentence_learner import ANSWER_BATCH, SentenceLearner
from florilegium.model.finetune.sentence_plan import SentencePlan
from florilegium.model.finetune.tuning import Tuned, start_head
from florilegium.model.linear import LinearHead
from florilegium.types import Ints, Progress, Vectors, silent

STEP = "fine-tuning, percent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SentenceTask:
    """What is learned from: row i of each array is text i of the training side."""

    encoder: SentenceEncoder
    texts: Sequence[str]
    x: Vectors  # (n, d) embeddings of the frozen encoder, for the heads to start from
    y: Ints  # (n,) 0..k-1, each at least once
    k: int
    folds: Ints  # (n,) negative: always learned from, never asked about
    hashes: Sequence[str]  # (n,) contents, so that a checkpoint is taken up for the same texts only


def tuned_on_texts(
    task: SentenceTask,
    plan: SentencePlan,
    *,
    device: str = "cpu",
    kept: Path | None = None,
    progress: Progress = silent,
) -> Tuned[SentenceEncoder]:
    """Cross-validate the plan, choose its epochs, and learn from all texts.

    Args: device: "cpu" or "cuda".  kept: a folder for checkpoints, so that a killed training goes on where it was.
    Raises: SettingError: the encoder is stored in bytes.
    """
    keep_memory()
    _refuse_bytes(task.encoder)
    made = _Maker(task, plan, device)
    found = learned(
        made,
        task.y,
        task.folds,
        k=task.k,
        epochs=plan.epochs,
        key=checkpoint.key_of(
            plan, task.encoder.key, device, k=task.k, y=task.y, folds=task.folds, told=list(task.hashes)
        ),
        kept=kept,
        step=STEP,
        progress=progress,
    )
    network, head = found.learner.averaged()
    return tuned(found, encoder=tuned_sentences(task.encoder, network), head=head)


def sentence_forecast(task: SentenceTask, plan: SentencePlan, *, device: str) -> Forecast:
    """Try a few steps and answers, and reckon what all of them would take; learns nothing that is kept."""
    keep_memory()
    _refuse_bytes(task.encoder)
    every = np.arange(len(task.y))
    learner = _Maker(task, plan, device)(every)
    rng = np.random.default_rng(0)  # as long as texts are on the whole, not as the first ones are
    some, few = (rng.permutation(every)[:n] for n in (plan.batch, ANSWER_BATCH))
    step_s = timed(lambda: learner.step(some, at=0, n_steps=1)) / len(some)
    answer_s = timed(lambda: learner.answer(few)) / len(few)
    seen = 2 * plan.n_pairs(len(every)) / len(every)
    return forecast_of(learner, task.folds, epochs=plan.epochs, seen=seen, step_s=step_s, answer_s=answer_s)


class _Maker:
    """Makes a learner that starts from the frozen encoder and a head fitted on some rows."""

    def __init__(self, task: SentenceTask, plan: SentencePlan, device: str) -> None:
        self.task, self.plan, self.device = task, plan, device
        self.tokens = Tokens(task.encoder.rules, where=task.encoder.name)(list(task.texts))
        found = LinearHead.search(task.x, task.y, task.folds, k=task.k, seed=0).head
        self.c = found.c if isinstance(found, LinearHead) else LinearHead().c

    def __call__(self, rows: Ints) -> SentenceLearner:
        task = self.task
        torch.manual_seed(self.plan.seed)
        head = start_head(task.x[rows], task.y[rows], k=task.k, c=self.c)
        return SentenceLearner(task.encoder, self.tokens, task.y, head, self.plan, device=self.device)


def tuned_sentences(encoder: SentenceEncoder, weights: Mapping[str, Tensor]) -> SentenceEncoder:
    """Give the encoder with learned weights in place of its own, rounded to half precision so that files stay small."""
    trunk = onnx.ModelProto()
    trunk.CopyFrom(encoder.trunk)
    for tensor in trunk.graph.initializer:
        if tensor.name in weights:
            values = weights[tensor.name].detach().to("cpu", torch.float32).contiguous().numpy()
            tensor.CopyFrom(numpy_helper.from_array(halved(values), tensor.name))
        elif tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2:
            tensor.CopyFrom(numpy_helper.from_array(halved(numpy_helper.to_array(tensor)), tensor.name))  # the words
    return with_trunk(encoder, trunk, name=f"{encoder.name}-tuned", source=f"{encoder.source}; fine-tuned")


def _refuse_bytes(encoder: SentenceEncoder) -> None:
    if any(node.op_type == "MatMulInteger" for node in encoder.trunk.graph.node):
        raise SettingError(
            f"{encoder.name}: its weights are bytes, which cannot be trained. Take the folder it was made from "
            "(--encoder st:PATH), fine-tune, or train without --finetune."
        )

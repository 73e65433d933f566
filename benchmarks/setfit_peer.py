"""The peer of bench_setfit: SetFit on texts that it is told of (benchmarks/peer_process.py says how).

Runs in an environment of its own (benchmarks/make_setfit_env.sh), never in this package's. Is told besides "encoder", a
folder in sentence-transformers' layout, and "iterations", 5.

The quick start of SetFit's guide: one epoch over pairs, batches of 16, then a logistic regression on the vectors; the
number of pairs is 2 * iterations * texts, since all pairs of 770 texts take hours of a CPU.
"""

import os
import tempfile
from types import ModuleType
from typing import Any

from benchmarks.peer_process import serve

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}


# SetFit's own classes have no types that hold.
def learned(asked: dict[str, Any]) -> Any:  # noqa: ANN401
    """Train as the guide does; gives a SetFitModel."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts, labels = zip(*asked["train"], strict=True)
    model = SetFitModel.from_pretrained(asked["encoder"], labels=sorted(set(labels)))
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            batch_size=16,
            num_epochs=1,
            num_iterations=asked["iterations"],
            seed=asked["seed"],
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        dataset = Dataset.from_dict({"text": list(texts), "label": list(labels)})
        Trainer(model=model, args=arguments, train_dataset=dataset).train()
    return model


def answers(model: Any, texts: list[str]) -> list[str]:  # noqa: ANN401
    """Give the likeliest label of each text."""
    return [str(label) for label in model.predict(texts, show_progress_bar=False)]


def modules() -> tuple[ModuleType, ...]:
    """Import what is needed."""
    import sentence_transformers
    import setfit
    import torch

    return torch, sentence_transformers, setfit


if __name__ == "__main__":
    serve(modules, learned, answers)

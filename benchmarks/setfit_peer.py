"""The peer of bench_setfit: SetFit on texts that it is told of.

Runs in an environment of its own (benchmarks/make_setfit_env.sh), never in this package's. Reads one JSON document from
standard input, {"train": [[text, label], ...], "ask": [text, ...], "encoder": folder, "iterations": 5, "threads": 1,
"seed": 0}, and prints one: {"answers": [label, ...], "seconds", "cpu_seconds", "peak_mib", "versions"}. Sees no label
of what it is asked, and knows nothing of Florilegium.

The quick start of SetFit's guide: one epoch over pairs, batches of 16, then a logistic regression on the vectors; the
number of pairs is 2 * iterations * texts, since all pairs of 770 texts take hours of a CPU.
"""

import contextlib
import json
import os
import platform
import resource
import sys
import tempfile
import time
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}

KIB_PER_MIB = 1024


# SetFit's own classes have no types that hold.
def learned(asked: dict[str, Any], folder: str) -> Any:  # noqa: ANN401
    """Train as the guide does; gives a SetFitModel."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts, labels = zip(*asked["train"], strict=True)
    model = SetFitModel.from_pretrained(asked["encoder"], labels=sorted(set(labels)))
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


def versions() -> dict[str, str]:
    """Import what is needed and say which versions there are."""
    import sentence_transformers
    import setfit
    import torch

    return {
        "python": platform.python_version(),
        **{module.__name__: str(module.__version__) for module in (torch, sentence_transformers, setfit)},
    }


def main() -> None:
    """Read what is asked, train, answer; `--check` only says what is installed."""
    used = versions()
    if "--check" in sys.argv:
        print(json.dumps(used))
        return
    import torch

    asked = json.load(sys.stdin)
    torch.set_num_threads(asked["threads"])
    began, cpu_began = time.perf_counter(), time.process_time()
    # Standard output is for the one document.
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
        model = learned(asked, folder)
        trained, cpu_trained = time.perf_counter(), time.process_time()
        said = [str(label) for label in model.predict(asked["ask"], show_progress_bar=False)]
    document = {
        "answers": said,
        "seconds": trained - began,
        "cpu_seconds": cpu_trained - cpu_began,
        "answering_seconds": time.perf_counter() - trained,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB,
        "versions": used,
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()

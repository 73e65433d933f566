"""Fine-tuning of networks, the only part that needs torch. Path: features -> **model.finetune**.

    from florilegium.model import finetune
    tuned = finetune.finetune(task, finetune.Plan(epochs=8))
    tuned = finetune.from_scratch(small_task, finetune.ScratchPlan())

Import it where it is asked for and not before: it loads torch, which takes seconds.
"""

import os

# Before torch is loaded: threads that wait for each other shall sleep, not spin. Where other programs want the same
# cores, spinning made a step five times slower here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from florilegium.model.finetune.device import chosen_device
from florilegium.model.finetune.examples import source_weights
from florilegium.model.finetune.forecast import Forecast, forecast
from florilegium.model.finetune.network import Network, tuned_encoder
from florilegium.model.finetune.plan import Plan
from florilegium.model.finetune.scratch import ScratchTask, coarser, from_scratch, scratch_forecast
from florilegium.model.finetune.scratch_plan import ScratchPlan
from florilegium.model.finetune.sentence_plan import SentencePlan
from florilegium.model.finetune.sentence_tuning import SentenceTask, sentence_forecast, tuned_on_texts
from florilegium.model.finetune.tuning import Task, Tuned, finetune

__all__ = [
    "Forecast",
    "Network",
    "Plan",
    "ScratchPlan",
    "ScratchTask",
    "SentencePlan",
    "SentenceTask",
    "Task",
    "Tuned",
    "chosen_device",
    "coarser",
    "finetune",
    "forecast",
    "from_scratch",
    "scratch_forecast",
    "sentence_forecast",
    "source_weights",
    "tuned_encoder",
    "tuned_on_texts",
]

"""The peer of bench_fastai: fastai's `vision_learner(...).fine_tune(...)` on photos (benchmarks/peer_process.py).

Runs in an environment of its own (benchmarks/make_fastai_env.sh), never in this package's. Is told besides "weights", a
file, and "epochs", 4.

Chapter 2 of the fastai book, but for the body: weights of hubs are out of reach where this was written, so it is
MobileNetV2 from a file, the very weights that Florilegium's own encoder has.
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.peer_process import serve

SIDE = 224  # px, as in the book
ARCHITECTURE = "mobilenetv2_100"


def torchvision_may_load() -> None:
    """Let `import torchvision` succeed where its compiled part is built for CUDA and torch is not.

    fastai takes architectures and picture transforms from it, all plain Python; the operators declared here find boxes
    around things, are never called, and only have to exist.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    ops: Any = torch.ops  # has no types
    library_of: Any = torch.library.Library
    for compiled in Path(spec.origin).parent.glob("_C*.so"):
        try:
            ops.load_library(str(compiled))
        except OSError:
            library = library_of("torchvision", "DEF")
            for name in ("nms", "qnms"):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            declared.append(library)


declared: list[Any] = []  # what is declared lives as long as its library


class Shift(nn.Module):
    """A norm whose statistics are folded into the convolution before it: what is left adds a number and cuts off.

    As a norm, fastai would let it learn new statistics, and the folded ones would be lost.
    """

    def __init__(self, norm: Any) -> None:  # noqa: ANN401 - timm's norm with its activation
        super().__init__()
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        if not torch.allclose(scale, torch.ones_like(scale), atol=1e-5):
            raise ValueError("this norm is not folded")
        self.bias = nn.Parameter(norm.bias.detach().clone())
        self.act = norm.act

    def forward(self, x: Tensor) -> Tensor:
        """Add the bias of each channel: (n, c, h, w) + (c, 1, 1)."""
        found: Tensor = self.act(x + self.bias[:, None, None])
        return found


def body(weights: Path) -> nn.Module:
    """Give MobileNetV2 as timm builds it, with weights from a file, its folded norms made plain."""
    import timm
    from safetensors.torch import load_file

    model: nn.Module = timm.create_model(ARCHITECTURE, pretrained=False, pad_type="same")
    model.load_state_dict(load_file(weights))
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, Shift(child))
    return model


def fine_tuned(asked: dict[str, Any]) -> Any:  # noqa: ANN401 - fastai's Learner has no types
    """Train as the book does: random resized crops, its usual augmentation, head first, then all."""
    from fastai.vision import all as fv

    fv.set_seed(asked["seed"])
    block = fv.DataBlock(
        blocks=(fv.ImageBlock, fv.CategoryBlock),
        get_x=fv.ItemGetter(0),
        get_y=fv.ItemGetter(1),
        splitter=fv.IndexSplitter([]),  # nothing is chosen by a validation set, so every photo is learned from
        item_tfms=fv.RandomResizedCrop(SIDE, min_scale=0.5),
        batch_tfms=[*fv.aug_transforms(), fv.Normalize.from_stats([0.5] * 3, [0.5] * 3, cuda=False)],
    )
    dls = block.dataloaders([tuple(pair) for pair in asked["train"]], num_workers=0, device=torch.device("cpu"))
    learn = fv.vision_learner(
        dls,
        lambda pretrained=True: body(Path(asked["weights"])),  # noqa: ARG005 - fastai hands it over by name
        cut=lambda model: nn.Sequential(model.conv_stem, model.bn1, model.blocks, model.conv_head, model.bn2),
        normalize=False,
    )
    with learn.no_bar():
        learn.fine_tune(asked["epochs"])
    return learn


# fastai has no types.
def answers(learn: Any, paths: list[str]) -> list[str]:  # noqa: ANN401
    """Give the likeliest label of each photo."""
    dl = learn.dls.test_dl([(path, None) for path in paths], with_labels=False)
    with learn.no_bar(), learn.no_logging():
        found, _ = learn.get_preds(dl=dl)
    vocabulary = learn.dls.vocab
    return [str(vocabulary[i]) for i in found.argmax(dim=1).tolist()]


def modules() -> tuple[ModuleType, ...]:
    """Import what is needed."""
    torchvision_may_load()
    import fastai
    import timm
    import torchvision
    from fastai.vision import all as fv

    del fv
    return torch, torchvision, fastai, timm


if __name__ == "__main__":
    serve(modules, fine_tuned, answers)

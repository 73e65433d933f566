"""Networks from transformers: brought once, exported faithfully, used and tuned like any other."""

# ruff: noqa: E402 - what follows the skip needs torch

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra finetune is not installed")
transformers = pytest.importorskip("transformers", reason="the extra finetune is not installed")

import torch

import florilegium
from florilegium.errors import SettingError
from florilegium.features.backbone import onnx_encoder
from florilegium.features.stream import Runner
from florilegium.model.finetune import Network, hub
from tests.finetune_making import striped

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SEEN = {"image_size": 64, "patch_size": 16}


def repository(kind: str, folder: Path) -> Path:
    """Write a repository as `save_pretrained` does, with a small random network of this kind."""
    torch.manual_seed(0)
    prepared = transformers.ConvNextImageProcessor(size={"shortest_edge": 64}, crop_pct=0.875)
    if kind == "resnet":
        model = transformers.ResNetModel(
            transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 16, 32], depths=[1, 1, 1, 1])
        )
    elif kind == "convnext":
        model = transformers.ConvNextModel(
            transformers.ConvNextConfig(hidden_sizes=[8, 16, 16, 32], depths=[1, 1, 1, 1])
        )
    elif kind == "vit":
        model = transformers.ViTModel(transformers.ViTConfig(**TINY, **SEEN))
        prepared = transformers.ViTImageProcessor(size={"height": 64, "width": 64})
    else:
        text = {**TINY, "vocab_size": 100, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
        model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config={**TINY, **SEEN}))
        prepared = transformers.CLIPImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64})
    model.save_pretrained(folder)
    prepared.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["resnet", "convnext", "vit", "clip"])
def test_a_repository_becomes_an_encoder_that_can_be_tuned(kind: str, tmp_path: Path) -> None:
    """The network of transformers, the ONNX file and the torch network that is tuned give the same vectors."""
    folder = repository(kind, tmp_path / kind)

    encoder = onnx_encoder(hub.brought(f"hf:{folder}", cache=tmp_path / "cache"))

    fitted = np.random.default_rng(0).integers(0, 256, (2, encoder.side, encoder.side, 3), dtype=np.uint8)
    given = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    whole = transformers.AutoModel.from_pretrained(folder)
    body = hub.Pooled(whole.vision_model if kind == "clip" else whole).eval()
    mean, std = (torch.tensor(levels).view(1, 3, 1, 1) for levels in (given.image_mean, given.image_std))
    pixels = (torch.from_numpy(fitted).permute(0, 3, 1, 2).float() / 255 - mean) / std
    with torch.no_grad():
        expected = body(pixels).numpy()
        in_torch = Network(encoder)(torch.from_numpy(fitted)).numpy()
    np.testing.assert_allclose(Runner(encoder).embed(fitted), expected, atol=1e-4)
    np.testing.assert_allclose(in_torch, expected, atol=1e-4)


def test_a_network_is_fetched_once(tmp_path: Path) -> None:
    """With the repository gone, what was brought before is still there."""
    folder = repository("resnet", tmp_path / "repository")
    path = hub.brought(f"hf:{folder}", cache=tmp_path / "cache")
    written = path.read_bytes()
    for file in folder.iterdir():
        file.unlink()

    assert hub.brought(f"hf:{folder}", cache=tmp_path / "cache").read_bytes() == written


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    """The message says what was expected to lie there."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(SettingError, match=r"empty: no image network.*Expected a repository with config.json"):
        hub.brought(f"hf:{tmp_path / 'empty'}", cache=tmp_path)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    """A repository with only a pickle in it is not opened."""
    folder = repository("resnet", tmp_path / "repository")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")

    with pytest.raises(SettingError, match=r"model\.safetensors"):
        hub.brought(f"hf:{folder}", cache=tmp_path / "cache")


def test_a_hub_out_of_reach_is_named_with_a_cure(tmp_path: Path) -> None:
    """Nothing listens on the port: the message says so and how to go on."""
    program = (
        "from pathlib import Path; from florilegium.model.finetune import hub; "
        f"hub.brought('hf:nobody/nothing', cache=Path({str(tmp_path)!r}))"
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(florilegium.__file__).parents[1]),
    }

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)

    *_, last = done.stderr.splitlines()
    assert last.startswith("florilegium.errors.DownloadError: hf:nobody/nothing: the hub is not reached")
    assert "Retry" not in done.stderr  # nor waits for half a minute what it does not say
    assert "hf:PATH" in done.stderr


def test_a_project_uses_a_network_from_a_repository(tmp_path: Path) -> None:
    """The whole way with `encoder = hf:PATH`: trained, written, and read again."""
    from PIL import Image

    folder = repository("convnext", tmp_path / "repository")
    photos, y = striped(40)
    for number, (photo, label) in enumerate(zip(photos, y, strict=True)):
        path = tmp_path / "photos" / ("down", "across")[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).resize((96, 96)).save(path)

    project = florilegium.new(tmp_path / "p", tmp_path / "photos", encoder=f"hf:{folder}")
    trained = project.train()

    assert trained.record.card["encoder"].startswith("onnx-hf-")
    assert trained.path.is_file()

"""Write an encoder as a folder that needs nothing else. Path: **features.sentences** -> project.

The folder has sentence-transformers' layout with the transformer at its top, whatever the layout was before. The graph
lies in `onnx/model.onnx`, with pooling and all that follows inside: `florilegium.json` says so. Read again it is the
same encoder, under the same key. It appears whole or not at all.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from florilegium.errors import StorageError
from florilegium.features.sentences.encoder import SentenceEncoder
from florilegium.features.sentences.layout import BERT_CONFIG, MODULES, OURS, OWN, PROMPTS, read_layout

# What people and other programs look up; all that the encoder's key depends on is written anew.
OF_TRANSFORMER = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
README = "README.md"  # states the licence


def write_folder(encoder: SentenceEncoder, source: Path, output: Path, *, about: Mapping[str, object]) -> int:
    """Write `encoder`, read from the folder `source`, to `output`; give its size in bytes.

    Args: about: what `florilegium.json` shall say beside the key.
    Raises: StorageError: `output` is there already and is no such folder, or it cannot be written; what is there stays.
    """
    try:
        output = output.resolve()
        if output.exists() and not _may_be_replaced(output):
            raise StorageError(f"{output}: is there and is no encoder that this command wrote. Choose another folder.")
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as folder:
            made = Path(folder) / "made"
            _fill(made, encoder, source, about)
            _take_the_place(made, output)
        return sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    except OSError as error:
        raise StorageError(f"{output}: {error.strerror or error}. Make room, or choose another folder.") from error


def _may_be_replaced(output: Path) -> bool:
    return output.is_dir() and ((output / OURS).is_file() or not any(output.iterdir()))


def _fill(made: Path, encoder: SentenceEncoder, source: Path, about: Mapping[str, object]) -> None:
    (made / "onnx").mkdir(parents=True)
    made.chmod(0o755)
    (made / "onnx" / "model.onnx").write_bytes(encoder.trunk.SerializeToString(deterministic=True))
    transformer = read_layout(source).transformer
    for path in (*(transformer / name for name in OF_TRANSFORMER), source / README):
        if path.is_file():
            shutil.copyfile(path, made / path.name)
    rules = encoder.rules
    (made / "tokenizer.json").write_text(rules.tokenizer, encoding="utf-8", newline="")
    _write_json(made / MODULES, [{"idx": 0, "name": "0", "path": "", "type": f"{OWN}models.Transformer"}])
    _write_json(made / BERT_CONFIG, {"max_seq_length": rules.max_tokens, "do_lower_case": rules.lowercase})
    if rules.prefix:
        _write_json(made / PROMPTS, {"prompts": {"default": rules.prefix}, "default_prompt_name": "default"})
    said = {"key": encoder.key, "name": encoder.name, "d": encoder.d, "max_tokens": rules.max_tokens}
    _write_json(made / OURS, {**said, "notes": encoder.notes, **about})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _take_the_place(made: Path, output: Path) -> None:
    """Put the new folder where the old one is; where that fails, the old one comes back."""
    if not output.exists():
        made.rename(output)
        return
    # Not in the folder that is deleted in any case: where even the way back fails, the old one is there to be found.
    aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.old.", dir=output.parent))
    try:
        output.rename(aside / "old")
        made.rename(output)
    except BaseException:
        if (aside / "old").exists():
            (aside / "old").rename(output)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)

"""Write an encoder as a folder that needs nothing else. Path: **features.sentences** -> project.

The folder has sentence-transformers' layout, the graph in `onnx/model.onnx`, and `florilegium.json`, which says that
pooling is in the graph. It appears whole or not at all.
"""

import json
import shutil
import tempfile
from pathlib import Path

from florilegium.errors import StorageError
from florilegium.features.sentences.encoder import SentenceEncoder
from florilegium.features.sentences.folder import OURS

COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
          "sentence_bert_config.json", "config_sentence_transformers.json", "modules.json", "README.md")  # fmt: skip


def write_folder(encoder: SentenceEncoder, source: Path, output: Path, *, about: dict[str, object]) -> int:
    """Write `encoder`, read from the folder `source`, to `output`; give its size in bytes.

    Args: about: what `florilegium.json` shall say beside the key.
    Raises: StorageError: `output` is there already and is no such folder, or it cannot be written.
    """
    if output.exists() and any(output.iterdir() if output.is_dir() else [1]) and not (output / OURS).is_file():
        raise StorageError(f"{output}: is there and is no encoder that this command wrote. Choose another folder.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as folder:
            made = Path(folder) / "made"
            _fill(made, encoder, source, about)
            if output.exists():
                output.rename(Path(folder) / "old")
            made.rename(output)
    except OSError as error:
        raise StorageError(f"{output}: {error.strerror or error}. Make room, or choose another folder.") from error
    return sum(path.stat().st_size for path in output.rglob("*") if path.is_file())


def _fill(made: Path, encoder: SentenceEncoder, source: Path, about: dict[str, object]) -> None:
    (made / "onnx").mkdir(parents=True)
    made.chmod(0o755)
    (made / "onnx" / "model.onnx").write_bytes(encoder.trunk.SerializeToString(deterministic=True))
    for name in COPIED:
        if (source / name).is_file():
            shutil.copyfile(source / name, made / name)
    for config in source.glob("[0-9]_*/config.json"):
        (made / config.parent.name).mkdir()
        shutil.copyfile(config, made / config.parent.name / "config.json")
    (made / "tokenizer.json").write_text(encoder.rules.tokenizer, encoding="utf-8")
    document = {"key": encoder.key, "d": encoder.d, "max_tokens": encoder.rules.max_tokens, **about}
    (made / OURS).write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")

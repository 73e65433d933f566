"""A project's settings: read from and written to `florilegium.toml`. Path: store -> **settings** -> project."""

import dataclasses
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from florilegium.errors import ProjectMissing, SettingError, StorageError
from florilegium.source.base import SourceSpec

FILE_NAME = "florilegium.toml"
DATABASE_NAME = "florilegium.db"
DATABASE_VARIABLE = "FLORILEGIUM_DATABASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be chosen about a project; every choice has a default."""

    source: SourceSpec
    seed: int = 0  # same seed, same data: same split, same model
    share_test: float = 0.2  # 0..1, the share of the data that is sealed, unless the source brings a test set
    encoder: str = "auto"  # auto, pixels, tfidf, a backbone's name, onnx:PATH, hf:NAME or st:PATH_OR_NAME
    alpha: float = 0.05  # the chance of ever calling a model better that is not, over all openings together
    answer_accuracy: float = 0.95  # 0..1, the share right among given answers that the abstention aims at
    openings_before: int = 0  # how often this very test set was opened before this folder was made
    intended_use: str = ""  # what the model is for, in words; stands in its card
    out_of_scope_use: str = ""  # what it must not be used for
    recourse: str = ""  # a mail or web address where those who are judged can object
    database: str = ""  # an SQLAlchemy address; empty: florilegium.db in the project folder

    def __post_init__(self) -> None:
        """Refuse values out of range, all of them at once."""
        faults = [
            f"{name} = {value}: expected a number between {low} and {high}"
            for name, value, low, high in (
                ("share_test", self.share_test, 0.02, 0.8),
                ("alpha", self.alpha, 0.0001, 0.5),
                ("answer_accuracy", self.answer_accuracy, 0.0, 1.0),
            )
            if not low <= value <= high
        ]
        faults += [
            f"{name} = {value}: expected a whole number from 0 up"
            for name, value in (("seed", self.seed), ("openings_before", self.openings_before))
            if value < 0
        ]
        if faults:
            raise SettingError(
                f"{len(faults)} setting(s) out of range: {'; '.join(faults)}. Correct them in {FILE_NAME}."
            )

    def address(self, folder: Path) -> str:
        """Give the database's SQLAlchemy address: the environment's, the setting's, or a file in the folder."""
        return os.environ.get(DATABASE_VARIABLE, "") or self.database or f"sqlite:///{folder / DATABASE_NAME}"


def write(settings: Settings, folder: Path) -> None:
    """Write `florilegium.toml`, whole or not at all."""
    values = dataclasses.asdict(settings)
    source = values.pop("source")
    lines = [
        "# A Florilegium project. What each setting means: docs/settings.md",
        *_lines(values),
        "",
        "[source]",
        *_lines(source),
    ]
    target, partial = folder / FILE_NAME, folder / f".{FILE_NAME}.partial"
    try:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror}. Choose a folder that you may write to.") from error


def _lines(values: dict[str, Any]) -> list[str]:
    # A JSON string, number or boolean is also a TOML one, once non-ASCII text is left as it is and DEL is escaped.
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for key, value in values.items()
        if value is not None
    ]


def read(folder: Path) -> Settings:
    """Read a project's settings.

    Raises: ProjectMissing: no project here.  SettingError: the file is not TOML, or a key or value is unknown.
    """
    path = folder / FILE_NAME
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProjectMissing(
            f"{folder}: no project here ({FILE_NAME} is missing). Make one with: florilegium new DIR SOURCE, "
            "or name its folder with -p DIR"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: not valid TOML: {error}. Correct the line, or make the project anew.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}. Check that you may read the folder.") from error
    return _settings(values, path)


def _settings(values: dict[str, Any], path: Path) -> Settings:
    source = values.pop("source", {})
    faults = [*_faults(values, Settings, ""), *_faults(source, SourceSpec, "source.")]
    if "location" not in source:
        faults.append("source.location is missing")
    if faults:
        raise SettingError(f"{path}: {'; '.join(faults)}. What may stand there: docs/settings.md")
    return Settings(source=SourceSpec(**source), **values)


def _faults(values: dict[str, Any], shape: type, prefix: str) -> list[str]:
    fields = {f.name: f for f in dataclasses.fields(shape)}
    faults = [f"{prefix}{key}: no such setting" for key in values if key not in fields]
    for key in values.keys() & fields.keys():
        default = fields[key].default
        number = isinstance(default, int | float)
        wanted = (int, float) if isinstance(default, float) else (int,) if number else (str,)
        if not isinstance(values[key], wanted) or isinstance(values[key], bool):
            faults.append(f"{prefix}{key} = {values[key]!r}: expected {'a number' if number else 'text'}")
    return faults

"""A project's settings: read from and written to `florilegium.toml`. Path: store -> **settings** -> project."""

import dataclasses
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from florilegium.errors import ProjectMissing, SettingError, StorageError
from florilegium.source.base import SourceSpec

FILE_NAME = "florilegium.toml"
DATABASE_NAME = "florilegium.db"
DATABASE_VARIABLE = "FLORILEGIUM_DATABASE"
FILE_ADDRESS = "sqlite:///"
URL_WANTED = "expected a web address without a query, such as https://flowers.example/"


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
    public_url: str = ""  # where readers reach the pages, such as https://flowers.example/; links in mails begin so
    audit_share: float = 0.02  # 0..1, the share of live answers that chance draws for a blind audit
    appeal_days: float = 14.0  # days in which an appeal or an audit is to be decided
    second_review_share: float = 0.1  # 0..1, the share of cases that a second reviewer looks at, where there are two
    min_review_s: float = 8.0  # seconds; a review that took less is shown as too quick to be meaningful
    keep_days: float = 30.0  # days that pictures and texts are kept for an audit, or after an appeal was decided
    forget_days: float = 365.0  # days after which all that is personal in an answer and its cases is erased
    name_reviewers: bool = False  # tell an appellant the name of who decided
    smtp: str = ""  # host:port of the mail server, with STARTTLS; smtps://host:port for TLS; empty: no mail is sent
    smtp_user: str = ""  # its user; the password is read from the environment variable FLORILEGIUM_SMTP_PASSWORD
    mail_from: str = ""  # the sender's address
    mail_to: str = ""  # addresses of reviewers, with commas between; they are reminded of deadlines
    queries_per_minute: int = 120  # written queries that one address may send; 0: as many as it likes
    database: str = ""  # sqlite:///FILE or postgresql://...; empty: florilegium.db in the project folder (database.md)

    def __post_init__(self) -> None:
        """Refuse values out of range, all of them at once."""
        faults = [
            f"{name} = {value}: expected a number between {low} and {high}"
            for name, value, low, high in (
                ("share_test", self.share_test, 0.02, 0.8),
                ("alpha", self.alpha, 0.0001, 0.5),
                ("answer_accuracy", self.answer_accuracy, 0.0, 1.0),
                ("audit_share", self.audit_share, 0.0, 1.0),
                ("appeal_days", self.appeal_days, 0.01, 3650.0),
                ("second_review_share", self.second_review_share, 0.0, 1.0),
                ("min_review_s", self.min_review_s, 0.0, 3600.0),
                ("keep_days", self.keep_days, 0.01, 3650.0),
                ("forget_days", self.forget_days, 0.01, 36500.0),
            )
            if not low <= value <= high
        ]
        faults += [
            f"{name} = {value}: expected a whole number from 0 up"
            for name, value in (
                ("seed", self.seed),
                ("openings_before", self.openings_before),
                ("queries_per_minute", self.queries_per_minute),
            )
            if value < 0
        ]
        if self.public_url and not _is_url(self.public_url):
            faults.append(f"public_url = {self.public_url!r}: {URL_WANTED}")
        if faults:
            raise SettingError(
                f"{len(faults)} setting(s) out of range: {'; '.join(faults)}. Correct them in {FILE_NAME}."
            )

    def address(self, folder: Path) -> str:
        """Give the database's SQLAlchemy address: the environment's, the setting's, or a file in the folder."""
        given = os.environ.get(DATABASE_VARIABLE, "") or self.database or f"{FILE_ADDRESS}{DATABASE_NAME}"
        # A file without a path lies in the project, wherever the command was started.
        return f"{FILE_ADDRESS}{folder / given.removeprefix(FILE_ADDRESS)}" if given.startswith(FILE_ADDRESS) else given


def checked_url(url: str) -> str:
    """Give a public address with a slash at its end.

    Raises: SettingError: it is none.

    >>> checked_url("https://flowers.example"), checked_url("http://127.0.0.1:8000/flowers/")
    ('https://flowers.example/', 'http://127.0.0.1:8000/flowers/')
    """
    if not _is_url(url):
        raise SettingError(f"{url!r}: {URL_WANTED}")
    return url if url.endswith("/") else f"{url}/"


def _is_url(url: str) -> bool:
    return (
        re.fullmatch(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", url)
        is not None
    )


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
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600 if settings.database else 0o666)  # the address may hold a password
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
        expected, wanted = _wanted(default)
        if not isinstance(values[key], wanted) or (isinstance(values[key], bool) and wanted != (bool,)):
            faults.append(f"{prefix}{key} = {values[key]!r}: expected {expected}")
    return faults


def _wanted(default: object) -> tuple[str, tuple[type, ...]]:
    """Say what a setting takes, in words and as types, by what it has when nobody chose."""
    if isinstance(default, bool):
        return "true or false", (bool,)
    if isinstance(default, int | float):
        return "a number", (int, float) if isinstance(default, float) else (int,)
    return "text", (str,)

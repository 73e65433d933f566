"""A learner's choices, and where their own record lies. Path: **project** (used by studying).

The glossary needs no project: its reviews are kept in the user's own data folder.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from florilegium.cards.day import STARTS_AT, Day
from florilegium.cards.schedule import Scheduler
from florilegium.errors import SettingError, StorageError
from florilegium.store import CardRecord

FILE_NAME = "study.db"
NEW_PER_DAY = 10  # at three weeks' pace about 60 reviews a day, a quarter of an hour
MOST_NEW = 9999
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a learner can choose; kept in the record, so that each device of one record obeys.

    Raises: SettingError: a value is out of its range.
    """

    new_per_day: int = NEW_PER_DAY  # 0..9999
    retention: float = 0.9  # the share that shall be remembered when a card comes
    zone: str = ""  # a time zone's name; "": this machine's
    day_starts: int = STARTS_AT  # o'clock
    consent: bool = False  # may answers to picture cards be counted to the human baseline?
    parameters: tuple[float, ...] = ()  # FSRS's numbers, optimised; (): its own

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 <= self.new_per_day <= MOST_NEW:
            raise SettingError(f"{self.new_per_day} new cards a day: expected 0 to {MOST_NEW:,}.")
        _ = self.day, self.scheduler

    @property
    def day(self) -> Day:
        """Give the rule of the learner's days."""
        return Day.of(self.zone, self.day_starts)

    @property
    def scheduler(self) -> Scheduler:
        """Give FSRS with the learner's numbers."""
        return Scheduler(parameters=self.parameters, retention=self.retention)


def choices_of(record: CardRecord, who: str) -> Choices:
    """Read what a learner chose; what this version does not know is left alone."""
    known = {field.name for field in dataclasses.fields(Choices)}
    kept = {name: value for name, value in record.settings(who).items() if name in known}
    if "parameters" in kept:
        kept["parameters"] = tuple(kept["parameters"])
    return Choices(**kept)


def choose(record: CardRecord, who: str, **given: object) -> Choices:
    """Keep what is given (None: leave as it is), and give all choices.

    Raises: SettingError: a value is out of its range; nothing is kept.
    """
    new = {name: value for name, value in given.items() if value is not None}
    choices = dataclasses.replace(choices_of(record, who), **new)  # type: ignore[arg-type]  # fields by name
    for name in new:
        value = getattr(choices, name)
        record.set(who, name, list(value) if isinstance(value, tuple) else value)
    return choices


def own_path() -> Path:
    """Say where a learner's own record lies when they name no file."""
    return user_data_path("florilegium") / FILE_NAME


def own_record(file: Path | None = None) -> CardRecord:
    """Open a learner's own record: a file of theirs, or the one in the user's data folder.

    Raises: StorageError: its folder cannot be made, or it is no record.
    """
    path = own_path() if file is None else file.absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent}: {error.strerror}. Name another place: --deck-file FILE") from error
    return CardRecord(f"sqlite:///{path}")


def checked_name(who: str) -> str:
    """Give a learner's name, or refuse it.

    Raises: SettingError: it is empty or too long.
    """
    name = who.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise SettingError(f"--who {who!r}: expected a name of 1 to {LONGEST_NAME} printable letters.")
    return name

"""One folder is one `Project`; each method loads, calls one stage and records. Path: settings -> **project** -> cli.

What a stage computes lives in that stage; what is kept lives in the store. This module only connects them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from florilegium import settings as settings_file
from florilegium.dataset import LabelEvent
from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Verdict
from florilegium.journal.events import Bookmark, Told
from florilegium.project import auditing, biasing, carding, encoders, journaling, judging, reporting, sealing, training
from florilegium.project.biased import Biased
from florilegium.project.carding import DeckWish, Gathered
from florilegium.project.founding import make_folder, refuse_taken
from florilegium.project.holdings import Holdings, gather, take_in
from florilegium.project.judged import BiasWish
from florilegium.project.kept import MODEL_NAME
from florilegium.project.labels import Labels
from florilegium.project.lock import only_command
from florilegium.project.results import Audited, Reading, Reported, Status, Trained
from florilegium.project.tuning import TuneWish, library
from florilegium.settings import Settings
from florilegium.source.base import SourceSpec
from florilegium.store import Store, shown
from florilegium.types import Ints, Progress, silent

if TYPE_CHECKING:
    from florilegium.project.accounts import Accounts
    from florilegium.project.backup.packing import BackedUp
    from florilegium.project.desk import Desk, DeskWish
    from florilegium.project.monitor import Feedback, Monitored, MonitorWish
    from florilegium.project.queries import Queries
    from florilegium.project.recourse import Recourse
    from florilegium.project.recourse.trail import CaseLine

CACHE_NAME = "cache"


def utc_now() -> datetime:
    """Give the present moment, aware and in UTC."""
    return datetime.now(UTC)


class Project:
    """A folder that holds settings, a record, a cache, models and reports.

    Make one with `florilegium.new`, open one with `florilegium.load`.
    """

    def __init__(self, folder: Path, *, progress: Progress = silent, clock: Callable[[], datetime] = utc_now) -> None:
        """Open the project that lives in `folder`.

        Raises: ProjectMissing: there is none.  SettingError: its settings are faulty.
            StorageError: its record cannot be opened.
        """
        self.folder = folder.resolve()
        self.progress = progress
        self.clock = clock
        self.settings: Settings = settings_file.read(self.folder)
        self.store = Store(self.settings.address(self.folder))
        self._holdings: Holdings | None = None

    def __enter__(self) -> Self:
        """Use the project in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the record."""
        self.store.close()

    def __repr__(self) -> str:
        """Name the folder and the source."""
        return f"Project({str(self.folder)!r}, source={self.settings.source.location!r})"

    @property
    def cache(self) -> Path:
        """The folder of what can be computed again; it may be deleted at any time."""
        return self.folder / CACHE_NAME

    def holdings(self) -> Holdings:
        """Give data set, features, groups and sides, read once and kept until something changes."""
        if self._holdings is None:
            self._holdings = gather(self)
        return self._holdings

    def new(self) -> Reading:
        """Read the source again: add what is new, seal its share, move nothing that has a side."""
        with self._command("new") as details:
            reading = take_in(self)
            self._holdings = None
            self._holdings, sealed = sealing.seal(self, self.holdings())
            details |= {"notes": list(reading.notes), "faults": [[f.name, f.reason] for f in reading.faults], **sealed}
        return reading

    def audit(self, *, output: Path | None = None) -> Audited:
        """Say what is doubtful in the data, and write a page about it.

        Args: output: where the page goes; None: `audit.html` in the project's folder.
        """
        with self._command("audit") as details:
            result = auditing.run(self, self.holdings(), output)
            checks = dict.fromkeys(finding.check for finding in result.findings)
            details |= {"n_findings": len(result.findings), "checks": list(checks)}
        return result

    def train(self, tuning: TuneWish | None = None) -> Trained:
        """Cross-validate the baselines, then choose, calibrate and write a model; the sealed test set stays closed.

        Args: tuning: fine-tune the network too, and keep that where it is shown to be better; needs torch.
        """
        with self._command("train") as details:
            if tuning is not None:
                library()  # what is missing is said before anything is computed
            result = training.train(self, self._ready(), tuning)
            details |= {"model": result.record.model_id, "head": result.record.card["head"]}
        from florilegium.project.queries.promising import ended_notes

        return replace(result, notes=(*result.notes, *ended_notes(self)))

    def verdict(self) -> Verdict:
        """Open the seal for the current model; asked again about the same model, show what is recorded."""
        with self._command("verdict") as details:
            result = judging.verdict(self, self._ready)
            details |= {"outcome": result.outcome.value, "opening": result.opening}
        return result

    def bias(self, wish: BiasWish | None = None) -> Biased:
        """Test six kinds of bias on the current model's answers and write the page; opens no seal."""
        with self._command("bias") as details:
            result = biasing.run(self, self._ready(), wish or BiasWish())
            details |= {"n": result.n, "n_found": len(result.findings.found)}
        return result

    def report(self) -> Reported:
        """Write everything known about the current model into one HTML file."""
        with self._command("report") as details:
            result = reporting.write(self, self._ready())
            details |= {"path": result.path.name}
        return result

    def relabel(
        self, name: str, label: str | None, *, who: str = "owner", why: str = "", new_class: bool = False
    ) -> LabelEvent:
        """Record that somebody says what an item is; `None` takes it out of the set. Nothing is overwritten.

        Args: new_class: the label may be a class that no item has yet.
        Raises: InputError: no item has that name, or no item that class; the nearest names are given.
        """
        with self._command("relabel") as details:
            event = sealing.event(self, name, label, who=who, why=why, new_class=new_class)
            self.store.label([event])
            self._holdings = None
            details |= {"item": name, "label": label}
        return event

    def backup(self, output: str | Path) -> "BackedUp":
        """Write settings, record, models and reports into one archive, while pages are served. `restore` reads it.

        Raises: InputError: it would lie in the project's own folder.
        """
        from florilegium.project.backup.packing import pack

        with self._command("backup") as details:
            result = pack(self, Path(output))
            details |= {"path": result.path.name, "n_bytes": result.n_bytes, "n_rows": result.n_rows}
        return result

    def cards(self, wish: DeckWish | None = None) -> Gathered:
        """Make this project's cards: pictures, mistakes, corrected labels, terms met; sealed items are not shown."""
        return carding.gather(self, wish or DeckWish())

    def labels(self) -> Labels:
        """Give the record of labels, to be written into a file or added to from one."""
        return Labels(self, command=self._command, changed=self._look_again)

    def queries(self) -> "Queries":
        """Give the written queries: what may be answered without a person, with what, and by whom the others are."""
        from florilegium.project.queries import Queries  # routes with the model, which loads a while

        return Queries(self, command=self._command, changed=self._look_again)

    def label(self, wish: "DeskWish | None" = None) -> "Desk":
        """Sit down at the project's labels: what is asked next, what was said, what that brought.

        Labels given before are sealed or learned from first. Whoever gets up calls `close` of what this gives.
        """
        from florilegium.project.desk import Desk, DeskWish  # the quick model loads half a second

        with self._command("label"):
            self._holdings, _ = sealing.seal(self, self.holdings())
            return Desk(self, self._holdings, wish or DeskWish(seed=self.settings.seed))

    def monitor(self, wish: "MonitorWish | None" = None) -> "Monitored":
        """Watch what the current model answers live against what its verdict promised, and write a page about it."""
        from florilegium.project.monitor import MonitorWish, watching

        with self._command("monitor") as details:
            result = watching.run(self, self._ready(), wish or MonitorWish())
            details.update(result.record)
        return result

    def feedback(self) -> "Feedback":
        """Give what measures how much the model feeds itself, and what plays that."""
        from florilegium.project.monitor import Feedback

        return Feedback(self, self._ready(), command=self._command)

    def user(self) -> "Accounts":
        """Give the accounts of the people who may sign in to this project's pages."""
        from florilegium.project.accounts import Accounts

        return Accounts(self.store, clock=self.clock)

    def recourse(self) -> "Recourse":
        """Give what people can do about live answers; it locks nothing, so that a server may keep it."""
        from florilegium.project.recourse import Recourse  # ONNX Runtime loads a moment

        return Recourse(self, changed=self._look_again)

    def appeals(self) -> "tuple[CaseLine, ...]":
        """Give every appeal and blind audit in one line, the newest first."""
        from florilegium.project.recourse import trail

        return trail.lines(self.recourse())

    def person(self, ticket: str) -> dict[str, Any]:
        """Give all that is kept about an answer, by its ticket or by that of its case."""
        return self.recourse().person_document(ticket)

    def confusion(self) -> tuple[Ints, tuple[str, ...]]:
        """Give counts (k, k), truth down and answer across, of the current model's answers, and the class names.

        The answers are to the sealed items once the seal was opened for this model, else those of cross-validation.
        """
        return reporting.confusion(self)

    @property
    def model_path(self) -> Path:
        """The current model's file."""
        return self.folder / MODEL_NAME

    def status(self) -> Status:
        """Say what this project holds and what comes next."""
        return reporting.status(self)

    def journal(self, *, name: str = "", after: Bookmark | None = None, tz: tzinfo | None = None) -> Told:
        """Tell what was done since a bookmark, event by event, from the record alone; None: from the beginning.

        Args: name: the project's short name in a journal; empty: its folder's.  tz: of the learner, to count days.
        """
        return journaling.tell(self, name=name or self.folder.name, after=after or Bookmark(), tz=tz)

    def _ready(self) -> Holdings:
        """Give the holdings, sealing first what an interrupted command left unsealed."""
        self._holdings, _ = sealing.seal(self, self.holdings())
        if not self._holdings.train.any():
            raise StepMissing(
                f"{self.folder}: no labelled item to learn from. Add some and run: florilegium new {self.folder} SOURCE"
            )
        return self._holdings

    def _look_again(self) -> None:
        """Forget what is held in memory: labels have changed."""
        self._holdings = None

    @contextmanager
    def _command(self, name: str) -> Iterator[dict[str, Any]]:
        """Hold the project for one command, and record it with its duration when it is done."""
        details: dict[str, Any] = {}
        began = time.monotonic()
        with only_command(self.folder, name):
            yield details
            self.store.record_run(name, seconds=time.monotonic() - began, details=details, now=self.clock())


def load(folder: str | Path = ".", *, progress: Progress = silent) -> Project:
    """Open the project that lives in `folder`.

    Raises: ProjectMissing: there is none.
    """
    return Project(Path(folder), progress=progress)


def new(folder: str | Path, source: str | Path, *, progress: Progress = silent, **choices: Any) -> Project:
    """Make a project in `folder` from a source, or read the source again where the project exists.

    Args: folder: where the project shall live; made if missing.
        source: "digits", "mnist", "flowers20", "banking77", a folder of class folders, or a table file.
        choices: label, content, group, origin, split, metadata, encoding (columns and files of the source);
            seed, share_test, encoder, alpha, answer_accuracy, database (settings).
    Raises: SourceError: the source cannot become a data set.  InputError: another source's project lives here.
    """
    project = prepare(folder, source, progress=progress, **choices)
    project.new()
    return project


def prepare(folder: str | Path, source: str | Path, *, progress: Progress = silent, **choices: Any) -> Project:
    """Write the settings of a new project, or open the one that is there, without reading the source."""
    from florilegium import source as sources

    folder = Path(folder)
    spec_names = set(SourceSpec.__dataclass_fields__)
    given = {key: value for key, value in choices.items() if value is not None}
    spec = sources.locate(SourceSpec(location=str(source), **{k: v for k, v in given.items() if k in spec_names}))
    wanted = Settings(source=spec, **{k: v for k, v in given.items() if k not in spec_names})
    if (folder / settings_file.FILE_NAME).exists() and not _is_blank(folder, wanted):
        return _same_project(Project(folder, progress=progress), wanted, given)
    encoders.check(wanted.encoder, cache=folder / CACHE_NAME)
    make_folder(folder)
    refuse_taken(wanted.address(folder), own=folder)
    settings_file.write(wanted, folder)
    return Project(folder, progress=progress)


def _is_blank(folder: Path, wanted: Settings) -> bool:
    """Tell whether nothing is decided yet: the first reading or encoding failed, and other settings may be tried."""
    with Project(folder) as project:
        same_source = project.settings.source.location == wanted.source.location
        unsealed = not project.store.runs() and not project.store.sides()
        return not project.store.samples()[0] or (same_source and unsealed)


def _printed(name: str, values: Mapping[str, Any]) -> str:
    """Give a setting's value as it may be shown."""
    return shown(values[name]) if name == "database" and values[name] else repr(values[name])


def _same_project(project: Project, wanted: Settings, given: Mapping[str, Any]) -> Project:
    """Refuse another source and other settings: both would be ignored in silence."""
    if project.settings.source.location != wanted.source.location:
        raise InputError(
            f"{project.folder}: a project of {project.settings.source.location!r} lives here already, not of "
            f"{wanted.source.location!r}. Choose another folder, or correct source.location in its settings."
        )
    there = {**asdict(project.settings.source), **asdict(project.settings)}
    asked = {**asdict(wanted.source), **asdict(wanted)}
    other = [
        f"{name} is {_printed(name, there)} there and {_printed(name, asked)} here"
        for name in given
        if there[name] != asked[name]
    ]
    if other:
        raise InputError(
            f"{project.folder}: the project was made with other settings: {'; '.join(other)}. "
            "Leave them out to go on with it, or choose another folder."
        )
    return project

"""Watch the live record of a project, and write the page. Path: feedback -> **project** (shell) -> cli, serve."""

import hashlib
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import evaluation, feedback
from florilegium.bias.contrast import effect_of
from florilegium.errors import SettingError, StepMissing
from florilegium.evaluation import Predictions, Score
from florilegium.feedback.over_time import share_score
from florilegium.project import kept
from florilegium.project.biased import as_json
from florilegium.project.holdings import Holdings
from florilegium.project.judged import judged
from florilegium.project.monitor.feeding import share_of
from florilegium.project.monitor.live_record import days, live_record
from florilegium.project.monitor.sentences import told
from florilegium.project.queries import promising
from florilegium.report.monitor import MonitorAccount, build_monitor
from florilegium.types import Bools, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

PAGE_NAME = "monitor.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorWish:
    """What a user wants to watch."""

    since: datetime | None = None  # aware; None: from the first answer on
    output: Path | None = None  # where the page goes; None: monitor.html in the project


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """What the monitor found, and where the page about it lies."""

    account: MonitorAccount
    record: dict[str, object]  # what the run's record keeps of it
    path: Path | None = None  # None: no page was written

    @property
    def watched(self) -> feedback.Watched:
        """Give what was found."""
        return self.account.watched

    def html(self) -> str:
        """Give the page."""
        return build_monitor(self.account)


def run(project: "Project", holdings: Holdings, wish: MonitorWish) -> Monitored:
    """Watch, and write the page, whole or not at all."""
    path = wish.output or project.folder / PAGE_NAME
    account = look(project, holdings, since=wish.since)
    current = project.store.current_model()
    record = told(project, "" if current is None else current.model_id, account.watched)
    found = Monitored(account=account, record=record, path=path)
    with kept.replacing(path) as beside:
        beside.write_text(found.html(), encoding="utf-8", errors="backslashreplace")
    return found


def look(project: "Project", holdings: Holdings, *, since: datetime | None = None) -> MonitorAccount:
    """Watch the live record without writing anything.

    Raises: StepMissing: no model has been trained, or what it answered is gone.
    """
    record = project.store.current_model()
    if record is None:
        raise StepMissing(
            f"{project.folder}: no model yet, so nothing to watch. Train one: florilegium train -p {project.folder}"
        )
    answers = judged(project, record, holdings).answers
    live = live_record(project, answers.classes, since=since)
    now = project.clock()
    tested = _tested(project, record)
    watched = feedback.watch(
        live,
        model=record.number,
        before=_before(project, record, holdings, live),
        promise=promised(project, record),
        desk=_promised_at_the_desk(project),
        judged=_judged(tested or (answers, np.ones(len(answers), dtype=np.bool_))),
        unknown_before=None if tested is None else _unknown(*tested),
        now=days(now),
        seed=project.settings.seed,
        progress=project.progress,
    )
    return MonitorAccount(
        title=project.folder.name,
        made=now,
        since=since,
        model=record.number,
        watched=watched,
        feedback=share_of(project, holdings),
        trained=tuple((each.number, days(each.trained_at)) for each in project.store.models()),
    )


def promised(project: "Project", record: "ModelRecord") -> feedback.Promise | None:
    """Give what the verdict on a model promised where it answers; None: the seal is closed."""
    verdict = _verdict(project, record)
    if verdict is None:
        return None
    score: Score = verdict.answered or verdict.model
    tested = _tested(project, record)
    effect = 1.0
    if tested is not None:
        answers, known = tested
        rows = known if verdict.answered is not None else np.ones(len(answers), dtype=np.bool_)
        effect = effect_of(answers.right[rows], answers.groups[rows]) if rows.any() else 1.0
    return feedback.Promise(score=score, n_effective=score.n / effect)


def _promised_at_the_desk(project: "Project") -> feedback.DeskPromise | None:
    """Give the error rate promised of automatic answers, and since when; None: nothing goes out without a person."""
    made, since = promising.last(project), promising.same_since(project)
    if made is None or since is None or not made.promise.is_given or not made.intents:
        return None
    return feedback.DeskPromise(error=made.promise.error, since=days(since))


def _verdict(project: "Project", record: "ModelRecord") -> evaluation.Verdict | None:
    opening = next((o for o in project.store.ledger() if o.model_id == record.model_id and o.verdict), None)
    if opening is None or opening.verdict is None:
        return None
    return evaluation.verdict_from_dict(opening.verdict)


def _tested(project: "Project", record: "ModelRecord") -> tuple[Predictions, Bools] | None:
    """Give the answers to the sealed items, once the seal was opened for this model."""
    if _verdict(project, record) is None:
        return None
    return kept.load_predictions(project.folder, record.model_id, "test")


def _judged(tested: tuple[Predictions, Bools]) -> feedback.Judged:
    answers, known = tested
    return feedback.Judged(
        probability=answers.confidence[known], right=answers.right[known], clusters=answers.groups[known]
    )


def _unknown(answers: Predictions, known: Bools) -> Score | None:
    return share_score("unknown", ~known, answers.groups)


def _before(
    project: "Project", record: "ModelRecord", holdings: Holdings, live: feedback.LiveRecord
) -> feedback.Reference:
    """Give the items that were learned from: vectors of the model's encoder, out-of-fold answers, facts."""
    given = judged(project, record, holdings)
    n = len(given.rows) - given.n_sealed  # the items of the training side come first
    rows: Ints = given.rows[:n]
    looks = holdings.survey.looks
    return feedback.Reference(
        vectors=None if live.vectors is None else _vectors(project, record, holdings, rows, live.vectors.shape[1]),
        said=given.answers.said[:n],
        facts={name: looks.facts[rows, i].astype(np.float64) for i, name in enumerate(looks.fact_names)},
        clusters=holdings.near[rows],
    )


def _vectors(project: "Project", record: "ModelRecord", holdings: Holdings, rows: Ints, width: int) -> Vectors | None:
    """Give the vectors (m, width) of these rows, as they are kept with live answers; None: there are none alike.

    Those of counted terms are kept in the cache: ten thousand texts take three seconds to count.
    """
    texts = holdings.texts(rows)
    if texts is None or holdings.survey.encoded:
        encoded = [each.vectors for each in holdings.survey.encoded.values() if each.vectors.shape[1] == width]
        return np.asarray(encoded[0][rows], dtype=np.float32) if encoded else None
    digest = hashlib.sha256("\n".join([record.model_id, *(holdings.dataset.hashes[i] for i in rows)]).encode())
    place = project.cache / "sketches" / f"{digest.hexdigest()[:32]}.npz"
    try:
        with np.load(place, allow_pickle=False) as file:
            found: Vectors | None = file["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        model = kept.open_current(project.folder, record.model_id)
        found = model.kept_vectors(model.vectors_of_texts(texts))
        if found is not None:
            kept.kept_whole(place, vectors=found)
    return found if found is not None and found.shape[1] == width else None


def moment(text: str | None) -> datetime | None:
    """Read a day, or a moment, as people write it; without a zone it is UTC.

    Raises: SettingError: it is none.

    >>> str(moment("2026-11-30"))
    '2026-11-30 00:00:00+00:00'
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingError(
            f"since {text!r}: expected a day such as 2026-11-30, or a moment such as 2026-11-30T14:00."
        ) from error


def document(found: Monitored) -> dict[str, Any]:
    """Give all that was found as a JSON document."""
    account = found.account
    watched = account.watched
    return {
        "title": account.title,
        "model": account.model,
        "page": None if found.path is None else str(found.path),
        "since": None if account.since is None else account.since.astimezone(UTC).isoformat(),
        "kept": watched.audit.kept.value,
        "sentence": watched.audit.sentence,
        **as_json(asdict(watched)),
        "feedback": as_json(asdict(account.feedback)),
    }

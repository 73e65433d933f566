"""Record live answers before they are given, and let chance draw some for a blind audit. Path: **project** (shell).

Answers of requests that come at the same time are written in one transaction: each is on disk before its asker hears
it, and the disk is waited for once per group.
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict

from florilegium.appeals import Case, Consent, Origin
from florilegium.errors import InputError
from florilegium.features.facts import text_facts
from florilegium.model.predict import Prediction as Said
from florilegium.project.recourse import words
from florilegium.project.recourse.keyed import checked_key
from florilegium.source.base import Kind
from florilegium.source.sniff import SNIFF_BYTES, image_format
from florilegium.store import Content, Prediction, Purpose, Recording, ticket_hash
from florilegium.store.live import Live

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

MOST_AT_ONCE = 64  # answers in one transaction
NOTHING: Mapping[str, str] = {}


class Recorder:
    """Writes what comes at the same time in one transaction, in a thread of its own."""

    def __init__(self, live: Live) -> None:
        """Write into this part of the store."""
        self._live = live
        self._waiting: deque[tuple[Recording, Future[Prediction]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="answers")

    def record(self, given: Recording) -> Future[Prediction]:
        """Record an answer; it is on disk when the future is done. The future cannot be cancelled."""
        mine: Future[Prediction] = Future()
        mine.set_running_or_notify_cancel()  # whoever goes away leaves the others of the group alone
        self._waiting.append((given, mine))
        self._writer.submit(self._write)
        return mine

    def _write(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        if not group:  # written with those before
            return
        # Two with one key are a retry that met its first try; they must not be in one transaction.
        keys = [given.prediction.key for given, _ in group if given.prediction.key is not None]
        if len(keys) == len(set(keys)):
            try:
                recorded = self._live.record([given for given, _ in group])
            except Exception:  # noqa: BLE001, S110 - one cannot be recorded: below it is said which, the others are
                pass
            else:
                for (_, future), prediction in zip(group, recorded, strict=True):
                    future.set_result(prediction)
                return
        for given, future in group:
            try:
                future.set_result(self._live.record([given])[0])
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits has to hear it
                future.set_exception(error)


class Told(TypedDict, total=False):
    """What the sender says beside an upload, and who answered it."""

    key: str | None  # the sender's own number of the request; sent twice with one upload, recorded once, same ticket
    metadata: Mapping[str, str]  # by column (site, language)
    may_check: bool  # False: the asker does not want a person to look at it, whatever chance draws
    may_learn: bool  # the asker lets the model learn from it, should chance draw it; else not
    model_id: str | None  # of the model that answered; None: the current one


def begun(recourse: "Recourse", upload: bytes | str, said: Said, told: Told) -> tuple[Future[Prediction], str]:
    """Begin to record an answer; see `Recourse.begin_answer`."""
    if said.error is not None:
        raise InputError(f"{said.input}: there is no answer to record: {said.error}")
    octets = upload.encode("utf-8", "surrogatepass") if isinstance(upload, str) else upload
    key, may_check = told.get("key"), told.get("may_check", True)
    sha256 = hashlib.sha256(octets).hexdigest()
    ticket = recourse.keyed.answer_ticket(None if key is None else checked_key(key), sha256)
    is_drawn = recourse.keyed.draw("audit", ticket) < recourse.settings.audit_share
    prediction = Prediction(
        at=recourse.now(),
        model_id=told.get("model_id") or recourse.model.id,
        kind=Kind.TEXT if isinstance(upload, str) else Kind.IMAGE,
        sha256=sha256,
        label=said.label,
        probability=said.probability,
        known=said.known,
        top=said.top,
        key=None if key is None else recourse.keyed.key("answer", key, sha256),
        facts=_facts(upload, said),
        metadata=words.columns(told.get("metadata", NOTHING)),
        may_check=may_check,
        drawn=is_drawn,
        ticket_hash=ticket_hash(ticket),
    )
    recording = Recording(prediction=prediction, vector=said.vector)
    if is_drawn and may_check:
        recording = _audited(recourse, recording, octets, may_learn=told.get("may_learn", False))
    return recourse.recorder.record(recording), ticket


def _audited(recourse: "Recourse", recording: Recording, octets: bytes, *, may_learn: bool) -> Recording:
    """Open a case beside an answer that chance drew."""
    prediction, days = recording.prediction, recourse.settings.appeal_days
    case = Case(
        prediction_id=0,
        origin=Origin.AUDIT,
        key=recourse.keyed.key("audit", prediction.ticket_hash),
        at=prediction.at,
        deadline_at=prediction.at + timedelta(days=days),
        consent=Consent.LEARN if may_learn else Consent.REVIEW,
    )
    content = Content(
        content=octets,
        media_type=media_type(octets, prediction.kind),
        purpose=Purpose.CHECK,
        kept_until=prediction.at + timedelta(days=recourse.settings.keep_days),
    )
    return Recording(prediction=prediction, vector=recording.vector, content=content, case=case, days=days)


def media_type(octets: bytes, kind: Kind) -> str:
    """Tell what a content is, by its bytes and never by what its sender calls it."""
    if kind is Kind.TEXT:
        return "text/plain"
    found = image_format(octets[:SNIFF_BYTES])
    return f"image/{found.lower()}" if found else "application/octet-stream"


def _facts(upload: bytes | str, said: Said) -> dict[str, float]:
    if not isinstance(upload, str):
        return dict(said.facts)
    found = text_facts([upload])
    return dict(zip(found.names, map(float, found.values[0]), strict=True))

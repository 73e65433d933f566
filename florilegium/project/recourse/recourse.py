"""Everything that people can do about live answers of one project, in one object. Path: **project** (shell) -> serve.

May be used by several threads and several processes at once; the record is the only truth. Holds no lock of the
project: a server lives beside the commands.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from florilegium.appeals import Consent, Ruling
from florilegium.errors import InputError, StepMissing
from florilegium.model.exemplars import Similar
from florilegium.model.file import open_model
from florilegium.model.opened import ModelFile
from florilegium.model.predict import Prediction as Said
from florilegium.project.recourse import answering, appealing, learning, mailing, persons, retention, reviewing
from florilegium.project.recourse.answering import Recorder, Told
from florilegium.project.recourse.appealing import CaseStatus
from florilegium.project.recourse.keyed import KEY_NAME, Keyed
from florilegium.project.recourse.mailing import Delivered
from florilegium.project.recourse.persons import Erased
from florilegium.project.recourse.refusals import TicketUnknown
from florilegium.project.recourse.retention import Swept
from florilegium.project.recourse.reviewing import Blind, OpenFile, Waiting
from florilegium.project.secret import secret_in
from florilegium.store import CaseFile, Prediction

if TYPE_CHECKING:
    from florilegium.project.project import Project

NOTHING: Mapping[str, str] = {}
REVIEWERS = frozenset({"reviewer", "owner"})
NO_FILE = (0, 0)
MOST_TICKET = 200  # characters; a longer one is none of ours


class Recourse:
    """Live answers, appeals, reviews and what follows from them."""

    def __init__(self, project: "Project", *, changed: Callable[[], None] = lambda: None) -> None:
        """Take an opened project; it stays open as long as this is used.

        Args: changed: called when items or labels have changed, so that what is held of them is read anew.
        """
        self.project, self.changed = project, changed
        self.settings, self.store = project.settings, project.store
        self.keyed = Keyed(secret_in(project.folder, KEY_NAME))
        self.recorder = Recorder(project.store.live)
        self._opening = threading.Lock()
        self._model: tuple[tuple[int, int], ModelFile] | None = None

    def now(self) -> datetime:
        """Give the present moment by the project's clock."""
        return self.project.clock()

    # Live answers

    def answered(self, upload: bytes | str, prediction: Said, **told: Unpack[Told]) -> tuple[Prediction, str]:
        """Record a live answer; it is on disk when this returns. Give it with the ticket by which it can be contested.

        Args:
            upload: the picture's bytes or the text, as it was answered.
            prediction: what the model said, from `predict_bytes(..., facts=True)` or `predict`; without error.
            told: see `Told`.
        """
        written, ticket = self.begin_answer(upload, prediction, **told)
        return written.result(), ticket

    def begin_answer(
        self, upload: bytes | str, prediction: Said, **told: Unpack[Told]
    ) -> tuple[Future[Prediction], str]:
        """Begin to record a live answer, as `answered`; give what is done once it is on disk, and its ticket.

        Nobody may hear the answer before it is done.
        """
        return answering.begun(self, upload, prediction, told)

    def answer(self, ticket: str) -> Prediction:
        """Give the recorded answer that a ticket belongs to.

        Raises: TicketUnknown: there is none.
        """
        found = self.store.live.by_ticket(ticket) if len(ticket) <= MOST_TICKET else None
        if found is None:
            raise TicketUnknown("No answer belongs to this address. Follow the link under the answer itself.")
        return found

    # What the appellant can do

    def appeal(
        self,
        ticket: str,
        *,
        reason: str,
        key: str,
        suggestion: str | None = None,
        contact: str = "",
        consent: Consent = Consent.NONE,
        content: bytes | str | None = None,
    ) -> tuple[CaseFile, str]:
        """Contest an answer; give the case and the ticket of its private link. Sent twice with one key: the same both.

        Args: content: the picture or text, given again; kept only with consent, and only the very one answered.
        Raises: TicketUnknown, AlreadyContested, NotTheSame; InputError: no reason, no class, no address.
        """
        return appealing.appeal(
            self,
            ticket,
            reason=reason,
            suggestion=suggestion,
            contact=contact,
            consent=consent,
            content=content,
            key=key,
        )

    def status(self, link: str) -> CaseStatus:
        """Give what the holder of a private link may know.

        Raises: TicketUnknown.
        """
        return appealing.status(self, link)

    def withdraw(self, link: str, *, key: str, text: str = "") -> CaseFile:
        """Take an appeal back; what was kept to be looked at is erased."""
        return appealing.withdraw(self, link, key=key, text=text)

    def reopen(self, link: str, *, text: str, key: str, content: bytes | str | None = None) -> CaseFile:
        """Ask for another look at a closed case; once."""
        return appealing.reopen(self, link, text=text, key=key, content=content)

    def tell(
        self, link: str, *, text: str, key: str, consent: Consent | None = None, content: bytes | str | None = None
    ) -> CaseFile:
        """Answer a reviewer's question.

        Args: content: the picture or text, where it was not kept before.  consent: what is allowed with it.
        Raises: InputError: no words and no content; content without consent, or another one than was answered.
        """
        return appealing.tell(self, link, text=text, key=key, consent=consent, content=content)

    # What reviewers can do

    def queue(self, who: str, role: str) -> tuple[Waiting, ...]:
        """Give what waits for a person, the nearest deadline first; role "owner" also sees what is disputed."""
        return reviewing.queue(self, who, role)

    def take(self, case: int, who: str, role: str = "reviewer") -> CaseFile:
        """Have a case before oneself; somebody else's only after 30 minutes, a disputed one only as "owner".

        Raises: IllegalStep.
        """
        return reviewing.take(self, case, who, role)

    def blind(self, case: int, who: str) -> Blind:
        """Give the picture or text and the classes, and nothing else.

        Raises: StateError: the case is not before this person.
        """
        return reviewing.blind(self, case, who)

    def judge_blind(
        self,
        case: int,
        who: str,
        label: str | None,
        *,
        key: str,
        is_none: bool = False,
        seconds: float | None = None,
    ) -> CaseFile:
        """Record what a reviewer sees.

        Args: label: None: cannot tell, or with `is_none`, none of the classes.  seconds: as the browser measured them.
        Raises: InputError: a label, and yet none of the classes; or no class of this project.
        """
        return reviewing.judge_blind(self, case, who, label, is_none=is_none, seconds=seconds, key=key)

    def open_file(self, case: int, who: str) -> OpenFile:
        """Give all that is known of a case.

        Raises: BlindFirst: the reviewer has not judged it blind yet.
        """
        return reviewing.open_file(self, case, who)

    def decide(
        self,
        case: int,
        who: str,
        ruling: Ruling,
        label: str | None,
        *,
        reason: str,
        key: str,
        seconds: float | None = None,
    ) -> CaseFile:
        """Rule with a reason; label None: none of the classes (upheld), or the answer (rejected).

        Closes the case, unless a second reviewer is wanted; an upheld one with consent is learned from.
        """
        return reviewing.decide(self, case, who, ruling, label, reason=reason, seconds=seconds, key=key)

    def put_back(self, case: int, who: str, *, key: str) -> CaseFile:
        """Leave a case to others."""
        return reviewing.put_back(self, case, who, key=key)

    def want_second(self, case: int, who: str, *, key: str) -> CaseFile:
        """Ask that another person decides, too."""
        return reviewing.want_second(self, case, who, key=key)

    def ask(self, case: int, who: str, text: str, *, key: str) -> CaseFile:
        """Ask the appellant for more; not possible in a case that chance drew."""
        return reviewing.ask(self, case, who, text, key=key)

    def learn(self, file: CaseFile) -> CaseFile:
        """Make a label event of a decided case, where that is allowed; else give it as it is."""
        return learning.learn(self, file)

    # What time and persons ask for

    def sweep(self) -> Swept:
        """Erase what may not be kept longer, remind of deadlines, finish what a crash left; at start and every hour."""
        return retention.sweep(self)

    def send_mail(self) -> Delivered:
        """Send what waits in the outbox and is due."""
        return mailing.send_due(self)

    def person_document(self, ticket: str) -> dict[str, Any]:
        """Give all that is kept about an answer, by its ticket or its case's, for JSON."""
        return persons.document(self, ticket)

    def person_archive(self, ticket: str) -> bytes:
        """Give the same as a ZIP file, with the picture or text."""
        return persons.archive(self, ticket, persons.document(self, ticket))

    def forget(self, ticket: str) -> Erased:
        """Erase all that is personal about an answer; counts stay."""
        return persons.forget(self, ticket)

    # What the modules of this package share

    def case(self, link: str) -> CaseFile:
        """Give the case of a private link.

        Raises: TicketUnknown: there is none.
        """
        found = self.store.cases.by_ticket(link) if len(link) <= MOST_TICKET else None
        if found is None:
            raise TicketUnknown("No case belongs to this address. Use the whole private link that you were given.")
        return found

    def case_by_id(self, number: int) -> CaseFile:
        """Give a case by its number.

        Raises: InputError: there is none.
        """
        found = self.store.cases.by_id(number) if 0 < number < 2**31 else None
        if found is None:
            raise InputError(f"Case {number}: no such case in this project. Load the queue again.")
        return found

    def prediction_of(self, file: CaseFile) -> Prediction:
        """Give the answer that a case is about."""
        found = self.store.live.by_id(file.case.prediction_id)
        if found is None:  # pragma: no cover - a foreign key holds it
            raise InputError(f"Case {file.case.id}: its answer is gone. Restore the database from a backup.")
        return found

    def others_open(self, file: CaseFile) -> bool:
        """Tell whether another case about the same answer is open, and needs what was kept."""
        others = self.store.cases.of_prediction(file.case.prediction_id)
        return any(not each.standing.state.is_closed for each in others if each.case.id != file.case.id)

    @property
    def model(self) -> ModelFile:
        """The current model; opened anew when `florilegium train` wrote another.

        Raises: StepMissing: none is trained.
        """
        with self._opening:
            path = self.project.model_path
            now = _stamp(path)
            if self._model is None or self._model[0] != now:
                if now == NO_FILE:
                    raise StepMissing(f"{path}: there is no model yet. Train one: florilegium train")
                self._model = (now, open_model(path))
            return self._model[1]

    @property
    def classes(self) -> tuple[str, ...]:
        """The current model's classes."""
        return self.model.classes

    def similar(self, prediction: Prediction) -> tuple[Similar, ...]:
        """Give the training examples most like what was asked about; () where the model has none or has changed."""
        vector = self.store.live.vectors([prediction.id]).get(prediction.id)
        model = self.model
        if vector is None or not model.card.exemplars or len(vector) != model.d:
            return ()
        found = model.answers(vector[None])
        if found.similar is None or found.similarity is None:
            return ()
        pairs = zip(found.similar[0], found.similarity[0], strict=True)
        return tuple(Similar(exemplar=model.card.exemplars[i], similarity=float(cosine)) for i, cosine in pairs)

    def n_reviewers(self) -> int:
        """Count the people who may review."""
        people = getattr(self.store, "people", None)
        if people is None:
            return 1
        accounts = people.all()
        return max(1, len([each for each in accounts if each.is_active and each.role in REVIEWERS]))

    @property
    def can_mail(self) -> bool:
        """Tell whether a mail server and a sender are set."""
        return bool(self.settings.smtp and self.settings.mail_from)

    @property
    def reviewers_mail(self) -> tuple[str, ...]:
        """The addresses that are told of cases and deadlines."""
        return tuple(dict.fromkeys(part.strip() for part in self.settings.mail_to.split(",") if part.strip()))

    def address(self, path: str) -> str:
        """Give a path as an address that can be followed from outside, where one is set."""
        return f"{self.settings.public_url.rstrip('/')}{path}"

    def link_address(self, link: str) -> str:
        """Give the address of a private link."""
        return self.address(f"/case/{link}")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return NO_FILE
    return (found.st_mtime_ns, found.st_size)

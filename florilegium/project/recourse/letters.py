"""What is written to appellants and reviewers, and when. Path: **project** (shell). Sends nothing.

Each letter is put into the outbox in the transaction of the step that causes it. Whoever gave no address gets none.
"""

from typing import TYPE_CHECKING

from florilegium.appeals import State, Step
from florilegium.store import CaseFile, Mail

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse


def received(recourse: "Recourse", file: CaseFile, link: str) -> tuple[Mail, ...]:
    """Confirm an appeal with its private link, and tell reviewers that there is one."""
    due = _day(file)
    body = (
        f"We have received your appeal. A person looks at it by {due}.\n\n"
        f"Follow it here, and keep this link to yourself:\n{recourse.link_address(link)}\n"
    )
    return (
        *_to_appellant(recourse, file, "received", "Your appeal was received", body),
        *_to_reviewers(recourse, file, "waits", "A case waits for review", f"A case is to be decided by {due}.\n"),
    )


def reopened(recourse: "Recourse", file: CaseFile) -> tuple[Mail, ...]:
    """Tell reviewers that a case is to be looked at again."""
    body = f"A case was opened again and is to be decided by {_day(file)}.\n"
    return _to_reviewers(recourse, file, "waits again", "A case waits for review", body)


def told(recourse: "Recourse", file: CaseFile) -> tuple[Mail, ...]:
    """Tell reviewers that an appellant answered."""
    body = f"The question was answered. The case is to be decided by {_day(file)}.\n"
    return _to_reviewers(recourse, file, f"told {len(file.events)}", "A case can go on", body)


def asked(recourse: "Recourse", file: CaseFile) -> tuple[Mail, ...]:
    """Pass a reviewer's question on."""
    question = str(file.events[-1].details.get("text", ""))
    body = f"The person who reviews your appeal asks:\n\n{question}\n\nPlease answer under your private link.\n"
    return _to_appellant(recourse, file, f"asked {len(file.events)}", "A question about your appeal", body)


def decided(recourse: "Recourse", file: CaseFile) -> tuple[Mail, ...]:
    """Give the answer with its reason."""
    standing = file.standing
    if not any(event.step is Step.DECIDED for event in file.events) or not standing.state.is_closed:
        return ()
    said = "The answer was wrong." if standing.state is State.UPHELD else "The answer stands."
    outside = recourse.settings.recourse
    elsewhere = f"\nIf you disagree, you can also turn to: {outside}\n" if outside else ""
    again = "\nYou can ask once for another look under your private link.\n" if not standing.n_reopened else ""
    body = f"A person has decided about your appeal. {said}\n\nThe reason:\n{standing.reason}\n{again}{elsewhere}"
    return _to_appellant(recourse, file, f"decided {len(file.events)}", "The answer to your appeal", body)


def reminder(recourse: "Recourse", file: CaseFile, *, is_late: bool) -> tuple[Mail, ...]:
    """Remind reviewers of a deadline."""
    which, when = ("late", "was due by") if is_late else ("soon", "is due by")
    subject = "A case is overdue" if is_late else "A case is due soon"
    round_of = file.standing.n_reopened
    return _to_reviewers(recourse, file, f"{which} {round_of}", subject, f"It {when} {_day(file)}.\n")


def _day(file: CaseFile) -> str:
    due = file.standing.deadline_at
    return f"{due.day} {due:%B %Y}"


def _to_appellant(recourse: "Recourse", file: CaseFile, occasion: str, subject: str, body: str) -> tuple[Mail, ...]:
    if not file.case.contact or not recourse.can_mail:
        return ()
    key = recourse.keyed.key("mail", file.case.id, occasion)
    return (Mail(key=key, recipient=file.case.contact, subject=subject, body=body),)


def _to_reviewers(recourse: "Recourse", file: CaseFile, occasion: str, subject: str, body: str) -> tuple[Mail, ...]:
    if not recourse.can_mail:
        return ()
    where = f"\nThe queue: {recourse.address('/review')}\n" if recourse.settings.public_url else ""
    return tuple(
        Mail(
            key=recourse.keyed.key("mail", file.case.id, occasion, recipient),
            recipient=recipient,
            subject=f"{subject} (case {file.case.id})",
            body=body + where,
        )
        for recipient in recourse.reviewers_mail
    )

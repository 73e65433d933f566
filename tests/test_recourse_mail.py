"""Mail is sent once, by a real server of this machine; one that refuses, hangs or drops is survived."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from florilegium.errors import SettingError
from florilegium.project.recourse import Recourse, mailing
from florilegium.project.recourse.mailing import Delivered, server_of
from florilegium.store import Mail
from tests.recourse_making import Moving, contest, make_project, picture, recourse_at, review

HERE = "127.0.0.1"


class Inbox:
    """What a mail server got; `refuses` says what it answers to a recipient instead of yes."""

    def __init__(self) -> None:
        """Begin empty."""
        self.messages: list[EmailMessage] = []
        self.refuses: str | None = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a recipient, or not."""
        if self.refuses is not None:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a message."""
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.messages.append(found)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Inbox, int]]:
    """Run a mail server on a free port."""
    inbox = Inbox()
    with socket.create_server((HERE, 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname=HERE, port=port)
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@contextmanager
def mailing_recourse(made: Path, at: Path, port: int, **changed: object) -> Iterator[Recourse]:
    """Open a project that sends mail to a port of this machine."""
    chosen = {
        "smtp": f"{HERE}:{port}",
        "mail_from": "appeals@flowers.example",
        "mail_to": "bob@flowers.example, cid@flowers.example",
        "public_url": "https://flowers.example/",
        "recourse": "ombudsman@example.org",
        **changed,
    }
    with recourse_at(made, at, **chosen) as recourse:
        yield recourse


def test_an_appeal_is_answered_by_mail(made: Path, tmp_path: Path) -> None:
    """Appellant and reviewers hear of the appeal, the appellant of the decision with its reason; each once."""
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port) as recourse:
        file, link = contest(recourse, picture("red"), contact="ann@example.org")
        first = recourse.send_mail()
        review(recourse, file.case.id, "blue")
        second, third = recourse.send_mail(), recourse.send_mail()

    to = [message["To"] for message in inbox.messages]
    assert (first.n_sent, second.n_sent, third) == (3, 1, Delivered(n_sent=0, n_failed=0, n_given_up=0))
    assert to == ["ann@example.org", "bob@flowers.example", "cid@flowers.example", "ann@example.org"]
    assert f"https://flowers.example/case/{link}" in inbox.messages[0].get_content()
    assert link not in inbox.messages[1].get_content()
    answer = inbox.messages[3].get_content()
    assert "The answer was wrong." in answer
    assert "it is plainly something else" in answer
    assert "ombudsman@example.org" in answer
    assert "ann" not in answer.replace("ann@example.org", "").split()  # nobody is named
    assert len({message["Message-ID"] for message in inbox.messages}) == 4


def test_nobody_gets_mail_who_gave_no_address(made: Path, tmp_path: Path) -> None:
    """Without a contact only the reviewers are written to; without a mail server nobody is."""
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port, mail_to="") as recourse:
        file, _ = contest(recourse, picture("red"))
        review(recourse, file.case.id, "blue")
        assert recourse.send_mail().n_sent == 0
    with mailing_recourse(made, tmp_path / "q", 25, smtp="") as recourse:
        contest(recourse, picture("red"), contact="ann@example.org")
        assert recourse.store.outbox.all() == ()

    assert inbox.messages == []


def waiting(recourse: Recourse) -> Mail:
    """Put one message into the outbox; give it as it stands there."""
    contest(recourse, picture("red"), contact="ann@example.org")
    return recourse.store.outbox.all()[0]


def test_a_server_that_refuses_for_now_is_asked_again(made: Path, tmp_path: Path) -> None:
    """After 451 the message waits a growing time and is sent then."""
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port, mail_to="") as recourse:
        waiting(recourse)
        inbox.refuses = "451 greylisted"
        first, at_once = recourse.send_mail(), recourse.send_mail()
        error = recourse.store.outbox.all()[0].error
        clock = recourse.project.clock
        assert isinstance(clock, Moving)
        clock.later(minutes=10)
        inbox.refuses = None
        later = recourse.send_mail()

    assert (first.n_failed, at_once.n_failed, at_once.n_sent, later.n_sent) == (1, 0, 0, 1)
    assert error == "451 greylisted"
    assert len(inbox.messages) == 1


def test_a_server_that_refuses_for_ever_is_not_asked_again(made: Path, tmp_path: Path) -> None:
    """After 550 the message is given up, and the reason stands in the outbox."""
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port, mail_to="") as recourse:
        waiting(recourse)
        inbox.refuses = "550 no such user"
        done = recourse.send_mail()
        clock = recourse.project.clock
        assert isinstance(clock, Moving)
        clock.later(days=30)
        again, kept = recourse.send_mail(), recourse.store.outbox.all()[0]

    assert (done.n_given_up, again.n_sent, kept.sent_at, kept.error) == (1, 0, None, "550 no such user")


def test_after_two_days_of_failures_it_is_given_up(made: Path, tmp_path: Path) -> None:
    """A server that is not there is tried eight times in two days."""
    with mailing_recourse(made, tmp_path / "p", 1, mail_to="") as recourse:
        waiting(recourse)
        clock, n = recourse.project.clock, 0
        assert isinstance(clock, Moving)
        began = clock.now
        while (done := recourse.send_mail()).n_given_up == 0:
            n += done.n_failed
            clock.later(minutes=30)
        kept = recourse.store.outbox.all()[0]

    assert n == len(mailing.WAITS_MIN)
    assert timedelta(days=1) < clock.now - began < timedelta(days=3)
    assert kept.error is not None
    assert kept.error.startswith("ConnectionRefusedError")


class Broken(socketserver.BaseRequestHandler):
    """A server that says nothing (hangs), or breaks off after its greeting."""

    hangs = True

    def handle(self) -> None:
        """Wait until the other side gives up, or break off."""
        if self.hangs:
            self.request.settimeout(5)
            self.request.recv(1)
        else:
            self.request.sendall(b"220 here\r\n")


@pytest.mark.parametrize("hangs", [True, False])
def test_a_server_that_hangs_or_drops_is_left(made: Path, tmp_path: Path, hangs: bool) -> None:
    """It costs the timeout, not the server's life; the message waits for the next try."""
    broken = type("Handler", (Broken,), {"hangs": hangs})
    with socketserver.ThreadingTCPServer((HERE, 0), broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with mailing_recourse(made, tmp_path / "p", server.server_address[1], mail_to="") as recourse:
            waiting(recourse)
            done = mailing.send_due(recourse, timeout_s=0.3)
            kept = recourse.store.outbox.all()[0]
        server.shutdown()

    assert (done.n_sent, done.n_failed) == (0, 1)
    assert kept.sent_at is None
    assert kept.error


def test_what_another_process_sends_is_left_to_it(made: Path, tmp_path: Path) -> None:
    """A message that one process has claimed is not sent by a second one."""
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port, mail_to="") as recourse:
        waiting(recourse)
        claimed = recourse.store.outbox.claim(now=recourse.now())
        done = recourse.send_mail()

    assert (len(claimed), done.n_sent, inbox.messages) == (1, 0, [])


def test_no_word_becomes_a_header(made: Path, tmp_path: Path) -> None:
    """Line breaks in a subject are spaces; an address with one is no address, and such a message is given up."""
    tricks = "Answer\r\nBcc: all@example.org\r\n\r\nhello"
    with mail_server() as (inbox, port), mailing_recourse(made, tmp_path / "p", port, mail_to="") as recourse:
        file, _ = contest(recourse, picture("red"))
        to = "ann@example.org"
        mails = (
            Mail(key="k1", recipient=to, subject=tricks, body="Bcc: all@example.org\n.\nend"),
            Mail(key="k2", recipient=f"{to}\r\nBcc: all@example.org", subject="s", body="b"),
        )
        recourse.store.outbox.put(file.case.id, mails, now=recourse.now())
        done = recourse.send_mail()

    (message,) = inbox.messages
    assert (done.n_sent, done.n_given_up) == (1, 1)
    assert message["Bcc"] is None
    assert message["Subject"] == "Answer Bcc: all@example.org hello"
    assert message.get_content().splitlines() == ["Bcc: all@example.org", ".", "end"]


@pytest.mark.parametrize("text", ["", "smtp://", "mail.example.org:0", "mail.example.org:smtp", "http://a", "a b:25"])
def test_a_wrong_mail_server_is_named(text: str) -> None:
    """What names no mail server is refused with how it is written."""
    with pytest.raises(SettingError, match="no mail server"):
        server_of(text)


def test_nothing_goes_out_in_clear() -> None:
    """Only this machine's own server may do without TLS."""
    assert [mailing._is_here(host) for host in ("127.0.0.1", "::1", "localhost", "10.0.0.1", "mail.example.org")] == [
        True,
        True,
        True,
        False,
        False,
    ]

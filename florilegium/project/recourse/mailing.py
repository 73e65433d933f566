"""Send what waits in the outbox. Path: outbox -> **project** (shell) -> a mail server. The only module that sends mail.

A message that cannot be sent is tried again after growing waits, and given up after two days or when the server says
that it never will. Two processes never send one message at the same time. A crash between the server's yes and our
record sends it once more, under the same Message-ID, by which mail programs know a message again.
"""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING

from florilegium.errors import InputError, SettingError
from florilegium.project.recourse import words
from florilegium.report.render import UNPRINTABLE
from florilegium.store import Mail

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse
    from florilegium.settings import Settings

PASSWORD_VARIABLE = "FLORILEGIUM_SMTP_PASSWORD"  # noqa: S105 - where the password is, not the password
TIMEOUT_S = 20.0  # for every answer of the server
# Minutes until the next try, after the first, second, ... failure; then it is given up.
WAITS_MIN = (1, 5, 15, 60, 240, 720, 1440)
MOST_SUBJECT = 150  # characters
PLAIN, STARTTLS, TLS = 25, 587, 465  # ports, where none is said
FOR_EVER = 500  # from this reply code on the server will never take the message


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else STARTTLS, which is demanded of every host but this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of the messages that were due."""

    n_sent: int
    n_failed: int  # will be tried again
    n_given_up: int


def server_of(text: str) -> Server:
    """Read the setting `smtp`.

    Raises: SettingError: it names no host, or no port.

    >>> server_of("mail.example.org:587"), server_of("smtps://mail.example.org")
    (Server(host='mail.example.org', port=587, is_tls=False), Server(host='mail.example.org', port=465, is_tls=True))
    """
    scheme, mark, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if mark else ("smtp", text)
    host, colon, port = rest.strip("/").rpartition(":") if ":" in rest else (rest.strip("/"), "", "")
    is_tls = scheme == "smtps"
    sound = (
        scheme in {"smtp", "smtps"}
        and host
        and host.isprintable()
        and " " not in host
        and (not colon or port.isdigit())
    )
    if not sound or (port and not 0 < int(port) < 65536):
        raise SettingError(
            f"smtp = {text!r}: no mail server. Write it as mail.example.org:587 (STARTTLS) or smtps://mail.example.org"
        )
    return Server(host=host.strip("[]"), port=int(port) if port else TLS if is_tls else STARTTLS, is_tls=is_tls)


def message(mail: Mail, settings: "Settings", *, now: datetime) -> EmailMessage:
    """Make the message. Line breaks in a subject or an address cannot become headers: EmailMessage refuses them.

    Raises: InputError: the sender's or the recipient's address is none.
    """
    made = EmailMessage()
    made["From"] = words.address(settings.mail_from)
    made["To"] = words.address(mail.recipient)
    made["Subject"] = " ".join(UNPRINTABLE.sub(" ", mail.subject).split())[:MOST_SUBJECT]
    made["Date"] = format_datetime(mail.at or now)
    made["Message-ID"] = f"<{mail.key}@{settings.mail_from.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot shall answer
    made.set_content(mail.body)
    return made


def send_due(recourse: "Recourse", *, timeout_s: float = TIMEOUT_S) -> Delivered:
    """Send what is due, one connection for all; without a mail server nothing happens.

    Raises: SettingError: `smtp` names no mail server.  InputError: `mail_from` is no address.
    """
    settings = recourse.settings
    if not recourse.can_mail:
        return Delivered(n_sent=0, n_failed=0, n_given_up=0)
    server = server_of(settings.smtp)
    words.address(settings.mail_from)  # a wrong setting is said before any message counts as tried
    mails = recourse.store.outbox.claim(now=recourse.now())
    outcomes = _sent(mails, server, settings, now=recourse.now(), timeout_s=timeout_s) if mails else []
    n_sent = n_failed = n_given_up = 0
    for mail, failure in outcomes:
        if failure is None:
            recourse.store.outbox.sent(mail.id, now=recourse.now())
            n_sent += 1
            continue
        wait = (
            None if failure.is_final or mail.n_tries >= len(WAITS_MIN) else timedelta(minutes=WAITS_MIN[mail.n_tries])
        )
        recourse.store.outbox.failed(mail.id, failure.words, next_at=None if wait is None else recourse.now() + wait)
        n_given_up += wait is None
        n_failed += wait is not None
    return Delivered(n_sent=n_sent, n_failed=n_failed, n_given_up=n_given_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    words: str
    is_final: bool


def _sent(
    mails: tuple[Mail, ...], server: Server, settings: "Settings", *, now: datetime, timeout_s: float
) -> Iterator[tuple[Mail, _Failure | None]]:
    """Send messages one after the other; give each with what went wrong. One that is gone fails all that are left."""
    left = list(mails)
    try:
        with _connected(server, settings, timeout_s=timeout_s) as connection:
            while left:
                failure = _one(connection, left[0], settings, now=now)
                yield left.pop(0), failure
    except (OSError, smtplib.SMTPException) as error:
        failure = _Failure(words=_said(error), is_final=False)
        yield from ((mail, failure) for mail in left)


def _one(connection: smtplib.SMTP, mail: Mail, settings: "Settings", *, now: datetime) -> _Failure | None:
    try:
        connection.send_message(message(mail, settings, now=now))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return _Failure(words=_said(error), is_final=all(code >= FOR_EVER for code in codes))
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as error:
        connection.rset()
        return _Failure(words=_said(error), is_final=error.smtp_code >= FOR_EVER)
    except (ValueError, InputError) as error:  # an address or subject that no message can have
        return _Failure(words=_said(error), is_final=True)
    return None


@contextmanager
def _connected(server: Server, settings: "Settings", *, timeout_s: float) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if server.is_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=timeout_s)
    with connection:
        connection.ehlo_or_helo_if_needed()
        if not server.is_tls and (connection.has_extn("starttls") or not _is_here(server.host)):
            connection.starttls(context=context)  # fails where the server does not offer it: nothing goes out in clear
        if settings.smtp_user:
            connection.login(settings.smtp_user, os.environ.get(PASSWORD_VARIABLE, ""))
        yield connection


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine, where nobody listens on the way."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(error: Exception) -> str:
    """Say what went wrong, without the recipient's address."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        text = f"{error.smtp_code} {reply}"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        text = "; ".join(f"{code} {reply.decode('utf-8', 'replace')}" for code, reply in error.recipients.values())
    else:
        text = f"{type(error).__name__}: {error}"
    return " ".join(UNPRINTABLE.sub(" ", text).split())[:300]

"""Mail goes out encrypted: STARTTLS with a real server, and nothing at all where its certificate is not trusted."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.recourse_making import contest, make_project, picture, recourse_at
from tests.test_recourse_mail import HERE, Inbox

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate for this machine, with its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, own = folder / "key.pem", folder / "own.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    named = ["-addext", f"subjectAltName=IP:{HERE},DNS:localhost", "-keyout", str(key), "-out", str(own)]
    subprocess.run([*made, *named], check=True, capture_output=True)
    return own, key


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@contextmanager
def tls_server(certificate: tuple[Path, Path]) -> Iterator[tuple[Inbox, int]]:
    """Run a mail server that takes no message before the connection is encrypted."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    inbox = Inbox()
    with socket.create_server((HERE, 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname=HERE, port=port, tls_context=context, require_starttls=True)
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


@pytest.mark.parametrize("is_trusted", [True, False])
def test_mail_is_encrypted_or_not_sent(
    made: Path, tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    """A server with a trusted certificate gets the message over TLS; another one gets nothing, and it waits."""
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wanted = {"mail_from": "appeals@flowers.example", "public_url": "https://flowers.example/"}
    with (
        tls_server(certificate) as (inbox, port),
        recourse_at(made, tmp_path / "p", smtp=f"{HERE}:{port}", **wanted) as recourse,
    ):
        contest(recourse, picture("red"), contact="ann@example.org")
        delivered = recourse.send_mail()
        (kept,) = recourse.store.outbox.all()

    assert (delivered.n_sent, len(inbox.messages)) == ((1, 1) if is_trusted else (0, 0))
    assert (kept.sent_at is not None) == is_trusted
    if not is_trusted:
        assert "certificate" in (kept.error or "").lower()

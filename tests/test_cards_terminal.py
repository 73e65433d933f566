"""Studying in a real terminal: single keys, no Enter, and nothing lost when the terminal is closed."""

import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from florilegium.store import CardRecord

pty = pytest.importorskip("pty", reason="needs a POSIX terminal")
PATIENCE_S = 30.0


class Terminal:
    """A program that believes it has a terminal."""

    def __init__(self, arguments: list[str]) -> None:
        self.seen = ""
        self.process, self._end = pty.fork()
        if self.process == 0:  # pragma: no cover - the other program
            os.execv(sys.executable, [sys.executable, "-m", "florilegium", *arguments])  # noqa: S606 - as a shell would

    def wait_for(self, text: str) -> None:
        """Read until a text is shown."""
        began = time.monotonic()
        while text not in self.seen:
            if time.monotonic() - began > PATIENCE_S:
                pytest.fail(f"{text!r} was not shown; what was: {self.seen[-2000:]}")
            ready, _, _ = select.select([self._end], [], [], 0.2)
            if ready:
                self.seen += os.read(self._end, 65536).decode(errors="replace")

    def press(self, keys: str) -> None:
        """Press keys, and forget what was shown before."""
        self.seen = ""
        os.write(self._end, keys.encode())

    def close(self) -> int:
        """Wait for the end; give the exit status."""
        try:
            while os.read(self._end, 65536):
                pass
        except OSError:
            pass  # how Linux says that the other side is gone
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Start a session with a record of its own, in a narrow window."""
    monkeypatch.setenv("COLUMNS", "60")
    return Terminal(["cards", "study", "--deck-file", str(tmp_path / "study.db"), "--who", "ada"])


def n_answers(tmp_path: Path) -> int:
    """Count the answers that are on the disk."""
    record = CardRecord(f"sqlite:///{tmp_path / 'study.db'}")
    try:
        return len(record.reviews("ada"))
    finally:
        record.close()


@pytest.mark.slow
def test_keys_are_read_one_by_one(terminal: Terminal, tmp_path: Path) -> None:
    """Space shows, a digit grades, u takes back, q leaves with 0; no Enter is needed. Broken lines stay indented."""
    terminal.wait_for("activation")
    terminal.press(" ")
    terminal.wait_for("4 easy")
    told = terminal.seen.splitlines()
    terminal.press("4")
    terminal.wait_for("activation function")
    terminal.press("u")
    terminal.wait_for("taken back")
    terminal.press(" 3")
    terminal.wait_for("── ")
    terminal.press("q")

    assert terminal.close() == 0
    assert n_answers(tmp_path) == 1
    assert len([line for line in told if line.strip()]) > 7  # lines of a card, some of them broken
    assert all(line.startswith("  ") for line in told if line.strip())


@pytest.mark.slow
def test_a_terminal_that_is_closed_loses_nothing(terminal: Terminal, tmp_path: Path) -> None:
    """Killed in the middle of a card, the answers before it are on the disk."""
    terminal.wait_for("activation")
    terminal.press(" 4")
    terminal.wait_for("activation function")
    os.kill(terminal.process, signal.SIGKILL)
    terminal.close()

    assert n_answers(tmp_path) == 1


@pytest.mark.slow
def test_ctrl_c_is_a_way_to_leave(terminal: Terminal, tmp_path: Path) -> None:
    """Ctrl-C ends the session as q does."""
    terminal.wait_for("activation")
    terminal.press(" 4")
    terminal.wait_for("activation function")
    terminal.press("\x03")
    terminal.wait_for("1 answered today")

    assert terminal.close() == 0
    assert n_answers(tmp_path) == 1

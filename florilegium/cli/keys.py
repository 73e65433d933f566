"""Single keys from a terminal, a pipe or a test. Path: **cli** (used by its card_study).

The terminal stays in one mode for the whole session: switching it for every key would throw away what is typed ahead.
"""

import os
import sys
from types import TracebackType
from typing import Any, Self

import typer

QUIT = "q"
LEAVING = {"\x04": QUIT, "\x1b": QUIT, "": QUIT}  # Ctrl-D, Escape, and the end of the input


class Keys:
    """Reads keys without Enter while its `with` block runs."""

    def __init__(self) -> None:
        """Look at where keys come from."""
        self._is_terminal = sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        """Turn off waiting for Enter, and the echo."""
        if self._is_terminal and os.name == "posix":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)  # Ctrl-C still interrupts; what was typed ahead stays
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._restore()

    def press(self, *allowed: str) -> str:
        """Wait for one of these keys; the end of the input, Escape and Ctrl-D are `q`."""
        while True:
            key = self._read().casefold()
            key = LEAVING.get(key, key)
            if key in allowed:
                return key

    def line(self, prompt: str) -> str:
        """Ask for a line, with echo.

        Raises: EOFError: the input has ended.
        """
        self._restore()
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        self.__enter__()
        if not line:
            raise EOFError
        return line.strip()

    def _read(self) -> str:
        if self._before is not None:
            return os.read(sys.stdin.fileno(), 1).decode("ascii", errors="replace")
        return typer.getchar() if self._is_terminal else sys.stdin.read(1)

    def _restore(self) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

"""This machine's own names, and its browser. Path: **cli** (used by what serves pages)."""

import webbrowser
from threading import Thread

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def open_browser(address: str) -> None:
    """Open an address in the reader's browser, in a thread: one that runs in the terminal would hold up the server."""
    Thread(target=webbrowser.open, args=(address,), daemon=True).start()

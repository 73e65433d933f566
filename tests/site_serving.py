"""A real static web server for the tests of exported pages, and Chromium to look at them."""

import base64
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

from playwright.sync_api import Browser, Page, sync_playwright

# Runs in the page: hands bytes to its engine, as app.js does with a photo that was dropped.
ASK = """async ([name, base64]) => {
  const { classify } = await import("./engine.js");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return classify(new Blob([bytes]), name);
}"""


class Site:
    """A folder, served at an address until it is stopped; counts what was asked for."""

    def __init__(self, folder: Path, *, headers: Mapping[str, str], packed: bool) -> None:
        self.asked: list[str] = []
        handler = partial(_Handler, site=self, headers=headers, packed=packed, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *given: Any, site: Site, headers: Mapping[str, str], packed: bool, directory: str) -> None:
        self.site, self.more, self.packed = site, headers, packed
        super().__init__(*given, directory=directory)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """Say nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        self.site.asked.append(self.path)
        super().send_response(code, message)

    def end_headers(self) -> None:
        for name, value in self.more.items():
            self.send_header(name, value)
        if self.packed and self.path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


@contextmanager
def served(folder: Path, *, headers: Mapping[str, str] | None = None, packed: bool = False) -> Iterator[Site]:
    """Serve a folder. `headers`: sent with every file.  `packed`: tell browsers to unpack `.gz`, as some hosts do."""
    site = Site(folder, headers=headers or {}, packed=packed)
    try:
        yield site
    finally:
        site.stop()


CHROMIUM_CHOICES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def chromium_path() -> str:
    """Give where Debian's Chromium is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_CHOICES))
        yield browser
        browser.close()


def ask(page: Page, octets: bytes, *, name: str = "photo") -> dict[str, Any]:
    """Give the page's answer to the bytes of one file."""
    return cast("dict[str, Any]", page.evaluate(ASK, [name, base64.b64encode(octets).decode()]))

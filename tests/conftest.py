"""What every test stands on: no network, no traces in the user's home, real data only where a test asks for it."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.postgres_serving import Server

DATA_VARIABLE = "FLORILEGIUM_DATA"
DATA = Path(os.environ[DATA_VARIABLE]).resolve() if os.environ.get(DATA_VARIABLE) else None
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONG = {"slow": 4, "chromium": 1}  # marks of tests that take long, and by how much
LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "testserver"}  # noqa: S104 - a name to allow, nothing is bound

# Derandomised, so that a red run is red again; no deadline, because CI shares its two cores.
hypothesis.settings.register_profile("ours", deadline=None, derandomize=True, max_examples=50, database=None)
hypothesis.settings.load_profile("ours")


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    """Let tests speak to this machine only: an audit hook sees what a patched `socket` would miss."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host: object = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
    else:
        return
    if host not in LOCAL_HOSTS:
        raise RuntimeError(f"a test tried to reach {host!r}: tests run without a network; use a local stand-in")


def pytest_configure(config: pytest.Config) -> None:
    """Cut the network, give caches a throwaway home, and make terminal output the same everywhere."""
    del config
    sys.addaudithook(_refuse_the_network)
    home = tempfile.mkdtemp(prefix="florilegium-tests-")
    os.environ |= {"XDG_CACHE_HOME": home, "XDG_DATA_HOME": home, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}
    for name in ("FLORILEGIUM_DATABASE", "FORCE_COLOR"):
        os.environ.pop(name, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    del config
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run; begin with the files that take long.

    Else one process would still be at the last long file while the others have nothing left to do.
    """
    no_data = pytest.mark.skip(reason=f"needs real data: set {DATA_VARIABLE} to a mirror (CONTRIBUTING.md says how)")
    no_browser = pytest.mark.skip(reason="needs Chromium: apt-get install chromium")
    has_browser = any(shutil.which(name) for name in BROWSERS)
    for item in items:
        if item.get_closest_marker("data") and (DATA is None or not DATA.is_dir()):
            item.add_marker(no_data)
        if item.get_closest_marker("chromium") and not has_browser:
            item.add_marker(no_browser)
    long: Counter[Path] = Counter()
    for item in items:
        long[item.path] += sum(weight for name, weight in LONG.items() if item.get_closest_marker(name))
    items.sort(key=lambda item: -long[item.path])  # a file's tests stay together, in the order that they had


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Show the real data to tests marked `data` only, so that no other test leans on it unseen."""
    if item.get_closest_marker("data") and DATA is not None:
        os.environ[DATA_VARIABLE] = str(DATA)
    else:
        os.environ.pop(DATA_VARIABLE, None)


@pytest.fixture(scope="session")
def data() -> Path:
    """Give the folder of the real data; only for tests marked `data`."""
    if DATA is None:
        pytest.fail("mark this test with `data`: it asks for real data")
    return DATA


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start Chromium once for a file of tests."""
    from tests.site_serving import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["Server"]:
    """Start a PostgreSQL server once for a process of tests; skip, with the reason, where there is none."""
    from tests.postgres_serving import missing, postgres

    if (reason := missing()) is not None:
        pytest.skip(reason)
    with postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: "Server") -> str:
    """Give the address of an empty place in PostgreSQL."""
    return postgres_server.new_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database; a test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'florilegium.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url

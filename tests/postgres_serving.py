"""A PostgreSQL server of the tests' own: made in a temporary folder, run by nobody special, gone with its process.

Started at the first test that asks for it, one per test process. It listens on a socket in its folder, never on the
network, and writes as a real one does: a commit is on disk before it is acknowledged.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql")  # Debian's place; elsewhere they are on the path
DATABASE, USER = "florilegium", "florilegium"
PORT = 5432  # names the socket's file only
START_S, STOP_S = 60, 20
_numbers = itertools.count(1)


def missing() -> str | None:
    """Say what this machine lacks to run a server; None: nothing."""
    if _binary("initdb") is None:
        return "needs PostgreSQL: apt-get install postgresql, or make postgres"
    if find_spec("psycopg") is None:
        return "needs psycopg: pip install 'florilegium[postgres]'"
    if shutil.which("setpriv") is None:
        return "needs setpriv (util-linux), so that no server outlives the tests"
    return None


def _binary(name: str) -> str | None:
    found = sorted(BINARIES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


class Server:
    """One server, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Make a database cluster in a folder of its own; its path is short, since a socket's path is."""
        self.folder = folder
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            os.chown(folder, *_nobody())
        # The cluster itself may be lost with the machine; what is written to it later may not.
        made = ["initdb", "--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-D"]
        self._run([*made, str(self.data)])
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"listen_addresses = ''\nport = {PORT}\nunix_socket_directories = '{folder}'\n")
            file.write("max_connections = 100\nfsync = on\nlog_timezone = 'UTC'\ntimezone = 'Asia/Kolkata'\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = process = self._started()
        deadline = time.monotonic() + START_S
        while self.sql("SELECT 1", check=False) != "1":
            if time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8")[-2000:])
            if process.poll() is not None:  # a child of one that was killed may live a moment longer, and keeps it out
                self._process = process = self._started()
            time.sleep(0.05)

    def _started(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._as_nobody(["postgres", "-D", str(self.data)]),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the tests, which stop it in the end
            )

    def kill(self) -> None:
        """Kill it and all its children at once, as a power cut does."""
        if self._process is not None:
            # Each child leads a session of its own, so the group does not hold them; and while one of them lives, the
            # next server does not start.
            pid = self._process.pid
            children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            for each in (pid, *children):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait(timeout=STOP_S)
            deadline = time.monotonic() + STOP_S
            while any(Path(f"/proc/{each}/stat").exists() for each in children) and time.monotonic() < deadline:
                time.sleep(0.01)
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop it at once: nobody needs its files any more."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def sql(self, statement: str, *, database: str = "postgres", check: bool = True) -> str:
        """Run a statement as the server's owner; give what it says."""
        psql = [str(_binary("psql")), "-h", str(self.folder), "-p", str(PORT), "-U", USER, "-d", database, "-X", "-A"]
        done = subprocess.run([*psql, "-t", "-c", statement], capture_output=True, text=True, check=check)
        return done.stdout.strip()

    def url(self, *, schema: str | None = None, user: str = USER, database: str = DATABASE) -> str:
        """Give the address of a database, or of a schema in it."""
        query = f"?host={self.folder}&port={PORT}"
        return f"postgresql://{user}@/{database}{query}" + ("" if schema is None else f"&schema={schema}")

    def new_url(self) -> str:
        """Give the address of a schema that nobody has used yet."""
        return self.url(schema=f"test_{next(_numbers)}")

    def _run(self, command: Sequence[str]) -> None:
        subprocess.run(self._as_nobody(command), check=True, capture_output=True, cwd=self.folder)

    def _as_nobody(self, command: Sequence[str]) -> list[str]:
        """Give a command that runs without rights, and ends when this process does, however that ends."""
        bound = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            user, group = _nobody()
            bound += ["--reuid", str(user), "--regid", str(group), "--clear-groups"]
        return [*bound, str(_binary(command[0])), *command[1:]]


def _nobody() -> tuple[int, int]:
    """Give user and group of somebody without rights."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return entry.pw_uid, entry.pw_gid


@contextmanager
def postgres() -> Iterator[Server]:
    """Run a server for a while; it is gone afterwards, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="flpg-", dir="/tmp"))
    server = None
    try:
        server = Server(folder)
        server.start()
        server.sql(f"CREATE DATABASE {DATABASE}")
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)

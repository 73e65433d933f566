"""Clients that never give up, servers that are killed, and what must be true of the record afterwards.

A *writer* gives one write after the other, each with a key of its own; a client sends it again and again until a server
answers. A round kills a server, or the database, at a moment drawn by chance and starts it again. Afterwards each
acknowledged write must stand in the record, none twice, none that nobody sent, and the state is what the events say.
A new kind of write is a class with the two methods of `Writer`; `durability_cases.WRITERS` lists them.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np
from itsdangerous import URLSafeSerializer

from florilegium.project import Project
from florilegium.project.accounts import Role
from florilegium.project.desk.memory import Memory
from florilegium.project.own import APPEALS
from florilegium.serve.accounts.gate import LOGIN
from florilegium.store import Said

ANSWER_S, AGAIN_S, START_S = 60.0, 0.02, 300.0  # patient: a busy machine is no fault of the server
BEFORE = ("import", "owner")  # who gave the labels that were there before the first kill
ACKNOWLEDGED = (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.SEE_OTHER)
PASSWORD = "a horse that staples batteries"  # noqa: S105 - of a project that lives for minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request that changes something, with the key under which it is kept once."""

    key: str
    path: str
    form: dict[str, str]
    photo: bytes | None = None  # goes as a file beside the fields


@dataclass(slots=True)
class Told:
    """What clients sent and what they heard."""

    sent: set[str] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)  # by what was said
    n_again: int = 0  # requests that had to be sent a second time
    given: dict[str, str] = field(default_factory=dict)  # key -> what the answer named: a ticket, a private link


class Client:
    """A browser that tries one server after the other until it gets an answer."""

    def __init__(
        self, ports: Callable[[], Sequence[int]], stop: threading.Event, who: str, seed: int, *, login: str
    ) -> None:
        """Remember where servers are; `ports` is asked each time, since they come and go. `login`: of a session."""
        self.place, self.n_like_me = 0, 1  # among those who write the same
        self.ports, self.stop, self.who = ports, stop, who
        self.told = Told()
        self._rng = np.random.default_rng(seed)
        self._http = httpx.Client(timeout=ANSWER_S, cookies={LOGIN: login})

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, photo: tuple[str, bytes] | None = None
    ) -> httpx.Response | None:
        """Ask until a server answers with anything but a fault of its own; None: the run is over."""
        while True:
            ports = self.ports()
            port = ports[int(self._rng.integers(len(ports)))]
            try:
                files = None if photo is None else {photo[0]: ("photo.png", photo[1])}
                response = self._http.request(method, f"http://127.0.0.1:{port}{path}", data=form, files=files)
                if response.status_code < 500:
                    return response
            except httpx.TransportError:
                pass
            if self.stop.is_set() and method == "GET":  # a write under way is sent until it is answered
                return None
            self.told.n_again += 1
            time.sleep(AGAIN_S)

    def send(self, write: Write, *, part: str = "photo") -> httpx.Response | None:
        """Send a write until it is acknowledged (its answer is given) or refused (None)."""
        self.told.sent.add(write.key)
        response = self.ask("POST", write.path, write.form, None if write.photo is None else (part, write.photo))
        if response is not None and response.status_code in ACKNOWLEDGED:
            self.told.acknowledged.append(write.key)
            return response
        said = "no answer" if response is None else f"{response.status_code} {response.text[:200]}"
        self.told.refused[said] += 1
        return None


class Writer(Protocol):
    """A kind of write."""

    def work(self, client: Client) -> None:
        """Write until the client's run is over."""
        ...

    def faults(self, project: Project, told: Sequence[Told]) -> list[str]:
        """Say what in the record is not as it must be; empty: nothing."""
        ...


class Labels:
    """Labels given on the labelling page, and taken back again, so that there is no end of them."""

    CLASSES = ("blue", "green", "red")

    def work(self, client: Client) -> None:
        """Label what the page asks for, then take it back, each with its own number."""
        n = 0
        while not client.stop.is_set():
            page = client.ask("GET", "/label/label")
            if page is None or (ticket := between(page.text, 'name="ticket" value="', '"')) is None:
                continue
            _, shown = URLSafeSerializer("", salt="desk").loads_unsafe(ticket)
            label = self.CLASSES[n % len(self.CLASSES)]
            form = {"ticket": ticket, "choice": "label", "label": label, "new_class": "true", "on": "label"}
            form["csrf"] = csrf = between(page.text, 'name="csrf" value="', '"') or ""
            if client.send(Write(key=shown["click"], path="/label/judge", form=form)):
                click = f"{client.who}-{n}"
                client.send(Write(key=click, path="/label/undo", form={"click": click, "on": "label", "csrf": csrf}))
            n += 1

    def faults(self, project: Project, told: Sequence[Told]) -> list[str]:
        """Compare what was heard with the record, and the record with itself."""
        history = project.store.judgements.history()
        kept = Counter(each.click for each in history)
        heard = [key for each in told for key in each.acknowledged]
        sent = set().union(*(each.sent for each in told))
        every = project.store.label_events()
        events = [each for each in every if each.who not in BEFORE and not each.name.startswith(APPEALS)]
        made = [(each.name, each.label, each.who) for each in history if each.label_id is not None]
        newest = {event.name: event.label for event in every}
        memory = Memory(project.store, project.holdings())
        gone = {each.undoes for each in history if each.undoes is not None}
        standing = [each.id for each in history if each.verdict is not Said.UNDO and each.id not in gone]
        checks: dict[str, list[Any]] = {
            "acknowledged and not there": [key for key in heard if kept[key] == 0],
            "there twice": [key for key, n in kept.items() if n > 1],
            "acknowledged twice": [key for key, n in Counter(heard).items() if n > 1],
            "there and never sent": [key for key in kept if key not in sent],
            "taken back twice": [n for n, times in Counter(each.undoes for each in history).items() if n and times > 1],
            "judgements without their label event": [] if Counter(made) == Counter(_told(events)) else ["differ"],
            "labels that are not the last event's": [
                s.name for s in project.store.samples()[0] if s.label != newest.get(s.name)
            ],
            "the desk's picture is another": []
            if [j.id for j in memory.standing] == standing and memory.labels == [newest.get(n) for n in memory.names]
            else ["differs"],
        }
        return [f"{what}: {found[:3]} ({len(found)})" for what, found in checks.items() if found]


def _told(events: Sequence[object]) -> Iterator[tuple[str, str | None, str]]:
    for event in events:
        # The caller hands over label events.
        yield event.name, event.label, event.who  # type: ignore[attr-defined]


def between(text: str, start: str, end: str) -> str | None:
    """Give what stands between two marks; None: the first is not there."""
    _, found, rest = text.partition(start)
    return rest.partition(end)[0] if found else None


class Servers:
    """Server processes of one project, which can be killed and replaced."""

    def __init__(self, folder: Path, *, n: int) -> None:
        """Start n of them."""
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.durability_server", str(folder)]
        self._nursery = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.running = [self._start() for _ in range(n)]  # (process, port)
        self.await_answers()

    def _start(self) -> tuple[int, int]:
        # It was started with pipes.
        assert self._nursery.stdin is not None and self._nursery.stdout is not None  # noqa: PT018, S101
        self._nursery.stdin.write("start\n")
        self._nursery.stdin.flush()
        child, port = self._nursery.stdout.readline().split()
        return int(child), int(port)

    def ports(self) -> list[int]:
        """Give the ports of those that run, or start."""
        return [port for _, port in self.running]

    def kill(self, which: int) -> None:
        """Kill one at once and start another in its place."""
        os.kill(self.running[which][0], signal.SIGKILL)
        self.running[which] = self._start()

    def await_answers(self) -> None:
        """Wait until each answers."""
        deadline = time.monotonic() + START_S
        for port in self.ports():
            while not _answers(port):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no answer on port {port}")
                time.sleep(AGAIN_S)

    def stop(self) -> None:
        """End the nursery, and its servers with it."""
        # It was started with pipes.
        assert self._nursery.stdin is not None and self._nursery.stdout is not None  # noqa: PT018, S101
        self._nursery.stdin.close()
        self._nursery.wait(timeout=START_S)
        self._nursery.stdout.close()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=ANSWER_S).status_code < 500
    except httpx.TransportError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run brought."""

    n_kills: int
    n_database_kills: int
    n_sent: int
    n_acknowledged: int
    n_again: int
    refused: dict[str, int]
    faults: tuple[str, ...]  # empty: all promises were kept
    seconds: float


def rounds(
    folder: Path,
    *,
    n: int,
    n_servers: int = 2,
    n_clients: int = 4,
    seed: int = 0,
    kill_database: Callable[[], None] | None = None,
    writers: Sequence[Writer],
) -> Outcome:
    """Let clients write for n rounds, each of which ends with a kill; then look at the record.

    Args: kill_database: kills the database and starts it again; every second round where it is given.
    """
    rng, began = np.random.default_rng(seed), time.monotonic()
    logins = _logins(folder, [f"w{k}x{i}" for k in range(len(writers)) for i in range(n_clients)])
    servers, stop = Servers(folder, n=n_servers), threading.Event()
    clients = [
        [_client(servers, stop, k, i, n_clients, seed=seed, logins=logins) for i in range(n_clients)]
        for k in range(len(writers))
    ]
    threads = [
        threading.Thread(target=writer.work, args=(client,))
        for writer, some in zip(writers, clients, strict=True)
        for client in some
    ]
    n_database = 0
    try:
        for thread in threads:
            thread.start()
        for i in range(n):
            time.sleep(float(rng.uniform(0.02, 0.5)))
            if kill_database is not None and i % 2:
                kill_database()
                n_database += 1
            else:
                servers.kill(int(rng.integers(n_servers)))
            servers.await_answers()
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=START_S)
        servers.stop()
        for client in (each for some in clients for each in some):
            client.close()
    told = [[client.told for client in some] for some in clients]
    with Project(folder) as project:
        faults = [fault for writer, some in zip(writers, told, strict=True) for fault in writer.faults(project, some)]
    faults += [f"a client never heard an answer: {thread.name}" for thread in threads if thread.is_alive()]
    flat = [each for some in told for each in some]
    return Outcome(
        n_kills=n,
        n_database_kills=n_database,
        n_sent=sum(len(each.sent) for each in flat),
        n_acknowledged=sum(len(each.acknowledged) for each in flat),
        n_again=sum(each.n_again for each in flat),
        refused=dict(sum((each.refused for each in flat), Counter[str]())),
        faults=tuple(faults),
        seconds=time.monotonic() - began,
    )


def _logins(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Make accounts; give a session's token per name."""
    with Project(folder) as project:
        accounts = project.user()
        accounts.add("boss", PASSWORD, role=Role.OWNER)
        links = {name: accounts.invite(name, role=Role.REVIEWER) for name in names}
        return {name: accounts.accept(link.token, PASSWORD).token for name, link in links.items()}


def _client(
    servers: Servers, stop: threading.Event, k: int, i: int, n: int, *, seed: int, logins: Mapping[str, str]
) -> Client:
    who = f"w{k}x{i}"
    client = Client(servers.ports, stop, who, seed + i, login=logins[who])
    client.place, client.n_like_me = i, n
    return client


def as_json(outcome: Outcome) -> str:
    """Give an outcome for a program or a log."""
    return json.dumps({name: getattr(outcome, name) for name in Outcome.__dataclass_fields__})

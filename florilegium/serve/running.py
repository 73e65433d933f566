"""Run the app on a port of this machine until it is told to stop. Path: **serve** -> cli."""

import errno
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI

from florilegium.errors import SettingError

FIRST_PORT, N_PORTS = 8000, 100  # tried one after the other where no port is asked for
BACKLOG = 256  # connections that wait to be taken: a page opens six
STOP_S = 3  # how long open requests may go on after Ctrl-C


def listen(host: str, port: int | None) -> socket.socket:
    """Take a port.

    Args: port: 0 takes any that is free; None takes 8000 or the next that is free.
    Raises: SettingError: the port is taken, may not be used, or the host is not one of this machine's.
    """
    if port is not None and not 0 <= port < 1 << 16:
        raise SettingError(f"port {port}: expected 0 to 65535.")
    tried = range(FIRST_PORT, FIRST_PORT + N_PORTS) if port is None else (port,)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for each in tried:
        try:
            listening = socket.create_server((host, each), family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port is not None:
                raise _refused(host, each, error) from error
        else:
            # Connections inherit it. asyncio sets it only where the socket names its protocol; without it every answer
            # on a kept connection waits 40 ms for the reader's acknowledgement.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listening
    raise SettingError(f"{host}: ports {tried[0]} to {tried[-1]} are all taken. Name one: --port 9000")


def _refused(host: str, port: int, error: OSError) -> SettingError:
    if error.errno == errno.EADDRINUSE:
        return SettingError(f"port {port} is taken. Name another one, or leave --port out: the next free one is taken.")
    if error.errno == errno.EACCES:
        return SettingError(f"port {port}: not allowed to you. Take one from 1024 up: --port 8000")
    return SettingError(
        f"{host}: {error.strerror or error}; expected an address of this machine. Leave --host out, or say 0.0.0.0 "
        "to be reached from other machines."
    )


def address_of(listening: socket.socket, host: str) -> str:
    """Give the address that a reader on this machine opens."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - a name to show
    return f"http://{shown}:{listening.getsockname()[1]}/"


def run(
    app: FastAPI,
    listening: socket.socket,
    *,
    ready: Callable[[], None],
    proxies: Sequence[str] = (),
    below: str = "",
    log_config: dict[str, Any] | None = None,
) -> None:
    """Serve until Ctrl-C or a termination signal.

    Args:
        ready: called once requests are answered.
        proxies: addresses whose word is taken for where a request comes from and whether it came over https.
        below: the path below which a proxy serves the app, and which it takes away.
        log_config: of `logging`, for what the server itself has to say; None: Uvicorn's own.
    Raises: KeyboardInterrupt: Ctrl-C; open requests were answered first.
    """
    config = uvicorn.Config(
        app,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        root_path=below,
        log_config=log_config or uvicorn.config.LOGGING_CONFIG,
        log_level="warning",
        access_log=False,  # names and times of photos are nobody's business
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        ws="none",
    )
    server = _Server(config, ready)
    if classifier := getattr(app.state, "classifier", None):  # a page of files has none
        threading.Thread(target=classifier.warm_up, daemon=True).start()
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

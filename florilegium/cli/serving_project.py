"""`serve` in a project: all its pages in one process. Path: project -> **cli** (used by its serving)."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from florilegium.cli.hosts import LOOPBACK, open_browser
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.errors import SettingError, StepMissing

if TYPE_CHECKING:
    from florilegium.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who can reach the server, and how."""

    host: str
    port: int | None
    public: bool  # people without accounts may use the public pages from elsewhere
    proxies: tuple[str, ...]  # whose word is taken for where a request comes from
    url: str  # the public address with a slash at its end; empty: none
    log: bool = False  # a JSON line per request

    @property
    def is_here(self) -> bool:
        """Tell whether only people at this machine can reach it, as far as is known."""
        return self.host in LOOPBACK and not (self.public or self.proxies or self.url)


def reach_of(
    project: "Project | None",
    *,
    host: str,
    port: int | None,
    public: bool,
    proxies: Sequence[str],
    url: str | None,
    log: str | None,
) -> Reach:
    """Check what was asked for.

    Raises: SettingError: an address is none, or the log has another form.
    """
    from florilegium.settings import checked_url

    if log not in (None, "json"):
        raise SettingError(f"--log {log}: expected json.")
    for proxy in proxies:
        _refuse_no_address(proxy)
    said = url or (project.settings.public_url if project is not None else "")
    return Reach(
        host=host,
        port=port,
        public=public,
        proxies=tuple(proxies),
        url=checked_url(said) if said else "",
        log=log == "json",
    )


def _refuse_no_address(proxy: str) -> None:
    from ipaddress import ip_network

    try:
        network = ip_network(proxy)
    except ValueError as error:
        raise SettingError(
            f"--proxy {proxy}: expected the proxy's own address, such as 127.0.0.1 or 10.0.0.0/8."
        ) from error
    if network.prefixlen == 0:
        raise SettingError(f"--proxy {proxy}: that is everybody, who could then claim any address. Name the proxy.")


def refuse_unguarded(project: "Project", reach: Reach) -> None:
    """Let no server start that others reach, where nobody has an account and that was not asked for.

    Raises: StepMissing.
    """
    if reach.is_here or reach.public or project.user().exist():
        return
    why = (
        f"--host {reach.host} is reached from other machines"
        if reach.host not in LOOPBACK
        else "a proxy makes it reachable from elsewhere"
        if reach.proxies
        else f"{reach.url} is a public address"
    )
    raise StepMissing(
        f"{project.folder}: {why}, and nobody has an account, so the pages for labelling and people would be open to "
        f"all. Make one: florilegium user add NAME --role owner -p {project.folder}\n"
        "Or say --public: then only the classifier and other public pages answer, until there is an account."
    )


def serve_project(
    folder: Path,
    *,
    host: str,
    port: int | None,
    public: bool,
    proxies: Sequence[str],
    url: str | None,
    log: str | None,
    frames: Sequence[str],
    as_json: bool,
    browser: bool,
) -> None:
    """Serve all pages of a project until Ctrl-C."""
    with bars_for(True) as bars, load(folder, bars) as project:
        reach = reach_of(project, host=host, port=port, public=public, proxies=proxies, url=url, log=log)
        refuse_unguarded(project, reach)
        from florilegium.serve.log import logging_config
        from florilegium.serve.running import address_of, listen, run
        from florilegium.serve.whole import create_whole

        app = create_whole(project, is_here=reach.is_here, url=reach.url, frames=frames, log=reach.log)
        below = f"/{reach.url.split('/', 3)[3]}".rstrip("/") if reach.url else ""
        # Uvicorn obeys Ctrl-C, answers what is open, and then passes it on: the usual end, not an interruption.
        with suppress(KeyboardInterrupt), listen(host, port) as listening:
            address = reach.url or address_of(listening, host)
            run(
                app,
                listening,
                ready=lambda: _tell(project, reach, address, as_json=as_json, browser=browser),
                proxies=reach.proxies,
                below=below,
                log_config=logging_config() if reach.log else None,
            )


def _tell(project: "Project", reach: Reach, address: str, *, as_json: bool, browser: bool) -> None:
    """Say where the pages are and who may use them, and open them."""
    people = project.user().exist()
    path = "home" if people or reach.is_here else ""
    if as_json:
        print_json({"url": address, "project": str(project.folder), "accounts": people})
    else:
        out = console()
        name = escape(project.folder.name)
        out.print(f"{name}: open [bold]{escape(address + path)}[/bold]   (Ctrl-C stops it)", highlight=False)
        out.print(f"[dim]{_who(reach, people=people)}[/dim]", highlight=False)
    sys.stdout.flush()
    if browser and reach.host in LOOPBACK:
        open_browser(address + path)


def _who(reach: Reach, *, people: bool) -> str:
    if people:
        return "The classifier answers everybody who reaches it; all other pages want an account."
    if reach.is_here:
        return "Whoever sits at this machine may use all pages; nobody else reaches them."
    return "Everybody who reaches this machine can use the public pages; nobody has an account for the others."

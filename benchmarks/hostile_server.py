"""The server that `bench_hostile` sends harm to, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs."""

    address: str  # ends with a slash
    pid: int
    headers: dict[str, str] = field(default_factory=dict)  # that every request needs

    def resident_mib(self) -> float:
        """Give the resident memory of the process in MiB."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / KIB_PER_MIB

    def n_operations(self) -> int:
        """Count what the OpenAPI offers."""
        paths = httpx.get(f"{self.address}openapi.json").raise_for_status().json()["paths"]
        return sum(len(operations) for operations in paths.values())


@contextmanager
def started(project: Path) -> Iterator[Server]:
    """Start `florilegium serve -p PROJECT`, all its pages and its JSON; give it once it answers."""
    command = [sys.executable, "-m", "florilegium", "serve", "-p", str(project), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        said = "".join(process.stdout.readline() for _ in range(5))
        try:
            yield Server(address=json.loads(said)["url"], pid=process.pid)
        finally:
            process.terminate()

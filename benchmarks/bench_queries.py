"""How long a written query takes: routed in memory, and answered by the endpoint with everything on disk.

    python -m benchmarks queries

A project of Banking77's 10,003 training queries with a reply per intent; its 3,080 test queries are asked one after the
other, first of the router alone, then by POST /api/queries of a real server on this machine. Promised: routing in under
1 ms in the middle.
"""

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import numpy as np

import florilegium
from florilegium.project.queries.routing import Router
from florilegium.serve.whole import create_whole
from tests.page_serving import serving

N_ASKED, MOST_ROUTING_MS = 1_000, 1.0


def main() -> None:
    """Print the table; exit 1 where routing takes longer than promised."""
    data = os.environ.get("FLORILEGIUM_DATA")
    if not data:
        print("skipped: FLORILEGIUM_DATA names no mirror that holds banking77")
        return
    with tempfile.TemporaryDirectory() as at:
        routing, whole = measured(Path(data) / "banking77", Path(at))
    print(f"{'':<28}{'p50, ms':>10}{'p99, ms':>10}")
    for name, times in (("routing alone", routing), ("POST /api/queries", whole)):
        print(f"{name:<28}{np.quantile(times, 0.5):>10.2f}{np.quantile(times, 0.99):>10.2f}")
    if np.quantile(routing, 0.5) > MOST_ROUTING_MS:
        sys.exit(f"routing takes more than {MOST_ROUTING_MS:g} ms")


def measured(data: Path, at: Path) -> tuple[list[float], list[float]]:
    """Give the milliseconds of each query: routed, and answered by a server."""
    with (data / "test.csv").open(encoding="utf-8", newline="") as file:
        asked = [row["text"] for row in csv.DictReader(file)][:: 3_080 // N_ASKED][:N_ASKED]
    with florilegium.new(at / "project", data / "train.csv", queries_per_minute=0) as project:
        project.train()
        replies = at / "replies.csv"
        intents = sorted({sample.label for sample in project.store.samples()[0] if sample.label})
        replies.write_text("intent,reply\n" + "".join(f"{i},About {i}.\n" for i in intents), encoding="utf-8")
        project.queries().take_replies(replies)
        print(project.queries().promise())
        router = Router(project)
        routing = timed(router.route, asked)
        with (
            serving(create_whole(project, is_here=True)) as address,
            httpx.Client(base_url=address, timeout=60) as client,
        ):

            def post(text: str) -> None:
                client.post("/api/queries", json={"text": text}).raise_for_status()

            return routing, timed(post, asked)


def timed(work: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Give the milliseconds that each text takes, after a few that warm up."""
    times = []
    for text in (*texts[:20], *texts):
        began = time.perf_counter()
        work(text)
        times.append(1_000 * (time.perf_counter() - began))
    return times[20:]

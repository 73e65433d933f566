"""Figures for Prometheus: counts from the record, times of this process. Path: project -> **serve**.

What several processes share is counted in the record, so that every one of them tells the same. Holds no personal
data: no ticket, no name, no text. Labels are classes, states and routes, of each a bounded number.
"""

import time
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from florilegium.project import Project
from florilegium.serve.accounts import Person, owner, public
from florilegium.serve.context import Whole
from florilegium.serve.guard import HOSTS, passed_on, refusal

CLASSES_MOST = 100  # told apart, the most frequent; the rest is OTHER
OTHER = "(other)"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROUTES = frozenset({"/", "/api/predict", "/api/appeals", "/review", "/monitor"})  # timed by name, the rest as OTHER


class Timed:
    """Note how long each request took, by route."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        """Wrap an app; the times go into this registry."""
        self.app = app
        self._seconds = Histogram(
            "florilegium_request_seconds",
            "Seconds from a request to the end of its answer, in this process.",
            ["route", "status"],
            buckets=BUCKETS_S,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            path = getattr(scope.get("route"), "path", "")
            route = path if path in ROUTES else OTHER
            self._seconds.labels(route, f"{status // 100}xx").observe(time.perf_counter() - began)


class Recorded(Collector):
    """Counts what is in the record, each time it is asked."""

    def __init__(self, project: Project) -> None:
        """Count in this project."""
        self._project = project

    def collect(self) -> Iterable[Metric]:
        """Give the counts."""
        store, now = self._project.store, self._project.clock()
        yield _answers(store.live.tally())
        states = store.cases.tally(now=now)
        cases = GaugeMetricFamily("florilegium_cases", "Cases by origin and state.", labels=["origin", "state"])
        for (origin, state), n in sorted(states.by_state.items()):
            cases.add_metric([origin, state], n)
        yield cases
        yield GaugeMetricFamily("florilegium_cases_overdue", "Open cases after their deadline.", value=states.n_overdue)
        yield GaugeMetricFamily("florilegium_queue_depth", "Cases that wait for a reviewer.", value=states.n_waiting)
        yield CounterMetricFamily(
            "florilegium_audits_answered", "Blind audits that were decided.", value=states.n_audits_decided
        )


def _answers(tally: dict[tuple[str | None, bool], int]) -> CounterMetricFamily:
    """Count live answers by class and by whether the model abstained; rare classes together."""
    totals: dict[str, int] = {}
    for (label, _), n in tally.items():
        totals[label or OTHER] = totals.get(label or OTHER, 0) + n
    told = set(sorted(totals, key=lambda name: (-totals[name], name))[:CLASSES_MOST])
    counts: dict[tuple[str, str], int] = {}
    for (label, known), n in tally.items():
        key = (label if label in told else OTHER, str(known).lower())
        counts[key] = counts.get(key, 0) + n
    answers = CounterMetricFamily("florilegium_predictions", "Live answers recorded.", labels=["class", "known"])
    for labels, n in sorted(counts.items()):
        answers.add_metric(list(labels), n)
    return answers


async def _scraper(request: Request) -> Person:
    """Let in a program on this machine that comes through no proxy, and owners."""
    host = request.client.host if request.client else ""
    if host in HOSTS and not passed_on(request.headers) and refusal("GET", request.headers) is None:
        return await public(request)
    return await owner(request)


def metrics_routes(whole: Whole) -> APIRouter:
    """Give the route that Prometheus reads; one registry per app, shared with `Timed`."""
    whole.metrics.register(Recorded(whole.project))
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    def metrics(person: Annotated[Person, Depends(_scraper)]) -> Response:
        """Give all figures as text."""
        del person  # whoever is let in sees the same
        return Response(generate_latest(whole.metrics), media_type=CONTENT_TYPE_LATEST)

    return router

"""Reach the endpoint that is asked most often without FastAPI's own handling of a request. Path: **serve**.

The route stays in its router, which describes it; the same function stands once more in front of all routes. Taking
parameters apart costs FastAPI half a millisecond of each answer, and this endpoint takes none but the request.
"""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Route


def put_first(app: FastAPI, router: APIRouter, paths: Sequence[str]) -> None:
    """Put routes of a router in front of all routes of an app.

    Args: paths: of POST routes whose endpoint and guards are coroutines that take the request alone.
    """
    for route in router.routes:
        if isinstance(route, APIRoute) and route.path in paths:
            app.router.routes.insert(0, _quick(route, router))


def _quick(route: APIRoute, router: APIRouter) -> Route:
    guards = [each.dependency for each in router.dependencies if each.dependency is not None]

    async def ask(request: Request) -> Response:
        request.scope["route"] = route  # its time is noted under the same name
        for guard in guards:
            await guard(request)
        response: Response = await route.endpoint(request)
        return response

    return Route(route.path, ask, methods=["POST"])

"""What the work at the desk brought, for people and for programs. Path: project -> **serve**."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from florilegium.project.desk import Desk
from florilegium.serve.desk.people import remember
from florilegium.serve.desk.render import page


def measuring_routes(desk: Desk) -> APIRouter:
    """Give the routes of the meter."""
    router = APIRouter()

    @router.get("/meter", include_in_schema=False)
    def meter(request: Request) -> Response:
        html = page(
            request, "meter.html", tab="meter", tally=desk.tally(), meter=desk.meter(), human=desk.human_baseline()
        )
        return remember(HTMLResponse(html), request)

    @router.get("/numbers.json", summary="Give all numbers of the meter", operation_id="numbers")
    def numbers() -> Response:
        """Give what people said and what it brought; what was not measured is null."""
        return JSONResponse({"tally": asdict(desk.tally())})

    return router

"""What the work at the desk brought, for people and for programs. Path: project -> **serve**."""

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import HTMLResponse, Response

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
        document = {"tally": desk.tally(), "meter": desk.meter(), "human_baseline": desk.human_baseline()}
        return Response(to_json(document, inf_nan_mode="null"), media_type="application/json")

    return router

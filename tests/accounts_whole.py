"""A small project with a model of colours, all of its pages as one app, and every route of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from starlette.routing import Mount

import florilegium
from florilegium.project import Project
from florilegium.serve.whole import create_whole
from tests.accounts_making import Clock
from tests.desk_making import paint_wrongly
from tests.page_serving import write_colour_model


def make_project(folder: Path) -> Path:
    """Make a project of painted pictures in `folder`, with the model of colours in the place of a trained one."""
    paint_wrongly(folder / "photos")
    florilegium.new(folder / "flowers", folder / "photos", encoder="pixels").store.close()
    write_colour_model(folder / "flowers" / "model.onnx")
    return folder / "flowers"


@contextmanager
def whole_of(folder: Path, *, clock: Clock | None = None, desk: bool = True, **choices: Any) -> Iterator[FastAPI]:
    """Give the app of a project; its labelling pages are ready, where `desk` is wanted."""
    with Project(folder, clock=clock or Clock()) as project:
        app = create_whole(project, **{"is_here": True, **choices})
        if desk:
            app.state.desk._make_now()
        try:
            yield app
        finally:
            app.state.desk.close()


def every_route(app: FastAPI, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give method and path of every route of an app, of what is included and mounted too; a HEAD is left out."""
    for route in _flat(app.routes):
        if isinstance(route, Mount):
            yield from every_route(cast("FastAPI", route.app), prefix + route.path)
        else:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, prefix + route.path


def _flat(routes: Any) -> Iterator[Any]:
    for route in routes:
        # Newer versions of FastAPI keep an included router as one entry.
        inner = getattr(route, "effective_candidates", None)
        if inner is None:
            yield route
        else:
            yield from _flat(inner())

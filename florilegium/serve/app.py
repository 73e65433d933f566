"""Put the app together: one classifier, its page, its JSON interface. Path: export -> **serve** -> cli.

Routes stand in one module per page. Accounts, appeals and labelling will be further modules of routes that are handed
what they need here. Opens no socket and no file.
"""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

import florilegium
from florilegium.model import ModelFile
from florilegium.serve.api import api_routes
from florilegium.serve.assets import add_assets
from florilegium.serve.classifier import Classifier
from florilegium.serve.edge import translate_errors
from florilegium.serve.headers import SecurityHeaders, security_headers
from florilegium.serve.limits import Limits, Room
from florilegium.serve.page import page_routes
from florilegium.serve.quick import put_first
from florilegium.serve.reference import reference_routes

MIN_GZIP_BYTES = 1400  # below, an answer fits into one packet anyway
GZIP_LEVEL = 4  # pages are made anew for each reader: level 9 costs more than it saves


def create_app(model: ModelFile, *, limits: Limits | None = None, frames: Sequence[str] = ()) -> FastAPI:
    """Make the app of an image model.

    Args:
        model: from `open_model`.
        limits: how much it takes on at once.
        frames: addresses whose pages may show this one in a frame, such as `https://huggingface.co`.
    Raises: ModelFileError: a text model, or its card is damaged.  SettingError: `frames` holds no addresses.
    """
    limits = limits or Limits()
    classifier, room = Classifier(model, n_threads=limits.n_threads), Room(limits.max_held_bytes)
    headers = security_headers(frames)
    app = FastAPI(
        title=f"Florilegium: {classifier.card['title']}",
        description="Says what a photo shows, how sure it is, and when it does not know.",
        version=florilegium.__version__,
        docs_url=None,  # both would load scripts from another host
        redoc_url=None,
    )
    app.state.classifier, app.state.limits, app.state.headers = classifier, limits, headers
    app.state.room = room
    app.add_middleware(GZipMiddleware, minimum_size=MIN_GZIP_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(SecurityHeaders, headers=headers)
    translate_errors(app)
    add_assets(app)
    app.include_router(page_routes(classifier, limits=limits, room=room))
    app.include_router(api := api_routes(classifier, limits=limits, room=room))
    put_first(app, api, ["/api/predict"])
    app.include_router(reference_routes(app, title=classifier.card["title"]))
    return app

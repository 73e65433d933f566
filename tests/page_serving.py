"""A classifier of colours, so that answers can be foretold, and a real server in front of it for the tests of the page.

Red is a rose, green a daisy, blue a tulip; gray lies between them all, and yellow is like nothing that was learned.
"""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from florilegium.features import pixels_encoder
from florilegium.features.stream import Runner
from florilegium.model.exemplars import Exemplar
from florilegium.model.figures import AbstentionFigures, ClassFigures, Rate
from florilegium.model.weights import Linear
from florilegium.serve.running import address_of, listen
from tests.model_making import CLASSES, write_image_model

COLOURS = {
    "daisy": (0, 200, 0),
    "rose": (200, 0, 0),
    "tulip": (0, 0, 200),
    "unsure": (128, 128, 128),
    "strange": (200, 200, 0),
}
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 780}
LIMIT = 0.1  # of strangeness: yellow is 0.18 from gray and 0.29 from red
SHARPNESS = 0.1  # a pure colour is 99 % sure
SIDE = 64  # px of a painted picture
# The smallest WebP picture: a thumbnail that may be shown.
THUMBNAIL = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="


def painted(kind: str, *, file_format: str = "PNG", size: tuple[int, int] = (SIDE, SIDE), **choices: Any) -> bytes:
    """Paint a picture of one colour, named by the answer it will get."""
    file = io.BytesIO()
    Image.new("RGB", size, COLOURS[kind]).save(file, file_format, **choices)
    return file.getvalue()


def write_colour_model(path: Path, *, measured: bool = True, **changes: Any) -> Path:
    """Write the model of colours, with exemplars of three origins and, if `measured`, its figures."""
    encoder = pixels_encoder(side=8, gray=False)
    runner = Runner(encoder)
    kinds = [*CLASSES, "unsure"]
    pictures = np.stack([np.full((SIDE, SIDE, 3), COLOURS[kind], dtype=np.uint8) for kind in kinds])
    vectors = np.concatenate([runner.embed(runner.fit(picture[None])) for picture in pictures])
    exemplars = tuple(
        Exemplar(
            name=f"{label}/1.png",
            label=label,
            origin=None if label == "tulip" else "a garden",
            licence="CC0-1.0" if label == "rose" else None,
            thumbnail=THUMBNAIL if label == "rose" else None,
        )
        for label in (*CLASSES, "rose")
    )
    figures: dict[str, Any] = {"per_class": class_figures(), "abstention": abstention_figures()} if measured else {}
    coef = (vectors[: len(CLASSES)].T * SHARPNESS).astype(np.float32)
    weights = Linear(coef=coef, intercept=np.zeros(len(CLASSES), dtype=np.float32))
    return write_image_model(
        path,
        encoder=encoder,
        weights=weights,
        temperature=1.0,
        learned=vectors,
        limit=LIMIT,
        **{"exemplars": exemplars, **figures, **changes},
    )


def class_figures() -> tuple[ClassFigures, ...]:
    """Make up figures: the rose is the weakest."""
    return (
        ClassFigures(label="daisy", n_train=30, n_asked=10, n_right=10, low=0.72, high=1.0),
        ClassFigures(
            label="rose", n_train=40, n_asked=10, n_right=5, low=0.24, high=0.76, confused_with=("tulip", "daisy")
        ),
        ClassFigures(label="tulip", n_train=1200, n_asked=10, n_right=9, low=0.6, high=0.98, confused_with=("rose",)),
    )


def abstention_figures() -> AbstentionFigures:
    """Make up figures of abstention."""
    return AbstentionFigures(
        false_alarms=Rate(name="own", n=30, n_events=1, low=0.006, high=0.167),
        unsure=Rate(name="own", n=30, n_events=3, low=0.035, high=0.256),
        answered_right=Rate(name="answered", n=26, n_events=25, low=0.811, high=0.993),
        misses=(Rate(name="noise", n=100, n_events=2, low=0.006, high=0.07),),
    )


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run an app on a real port of this machine; give its address."""
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield address_of(listening, "127.0.0.1")
        server.should_exit = True
        thread.join(timeout=10)


def opened(context: BrowserContext, address: str) -> Page:
    """Open the page and wait until its scripts run."""
    tab = context.new_page()
    tab.goto(address)
    expect(tab.locator("html")).to_have_class(re.compile("script"))
    tab.wait_for_load_state("networkidle")
    return tab


def photo(kind: str, name: str = "", **choices: Any) -> Any:
    """Give a painted photo as Playwright hands it over."""
    return {"name": name or f"{kind}.png", "mimeType": "image/png", "buffer": painted(kind, **choices)}


def plates(tab: Page, *states: str) -> Locator:
    """Give the plates, once each has come to one of the given states, in order."""
    found = tab.locator(".plate")
    expect(found).to_have_count(len(states))
    for plate, state in zip(found.all(), states, strict=True):
        expect(plate).to_have_attribute("data-state", state, timeout=15_000)
    return found

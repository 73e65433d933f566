"""How quickly the page without a server answers: opened in Chromium by somebody who was never there, and again.

Promised: the first answer within 3 s of opening the page, later ones within 0.3 s, and the same probabilities as
Python to 0.001. The peer is Python on the same photos and cores.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.bench_predict import photo_model
from benchmarks.photos import some_photos
from florilegium import model as models
from florilegium.export.page import ASSETS
from florilegium.export.static import export_static
from florilegium.export.vendored import FOLDER as VENDOR
from florilegium.model.opened import ModelFile
from tests.site_serving import ask, chromium, served

N_VISITS = 7
N_PHOTOS = 50
FIRST_S, LATER_S = 3.0, 0.3
ALIKE = 1e-3


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    contents = some_photos(N_PHOTOS)
    with tempfile.TemporaryDirectory() as made:
        model = the_model(Path(made))
        folder = export_static(model, Path(made) / "site").folder
        sizes(folder)
        kept = [speed(folder, contents), agreement(model, folder, contents)]
    sys.exit(0 if all(kept) else 1)


def the_model(folder: Path) -> ModelFile:
    """Give the shipped model, or where none is shipped MobileNetV2 with a head of random numbers."""
    shipped = models.shipped_models().get("flowers20")
    return models.open_model(shipped) if shipped else photo_model(folder / "photos.onnx")


def sizes(folder: Path) -> None:
    """Print what an installation carries for this, and what a visit fetches."""
    carried = sum(path.stat().st_size for path in [*VENDOR.iterdir(), *ASSETS.iterdir()])
    fetched = sum(path.stat().st_size for path in folder.iterdir() if path.name != "licences.txt")
    print(f"carried in the package {carried / 1e6:.2f} MB; fetched by a first visit {fetched / 1e6:.2f} MB")


def speed(folder: Path, contents: list[bytes]) -> bool:
    """Time first visits, second visits from what the browser kept, and later photos."""
    first, again, later = [], [], []
    with served(folder) as site, chromium() as browser:
        for _ in range(N_VISITS):
            page = browser.new_context().new_page()
            first.append(answered(page, contents[0], before=partial(page.goto, site.address)))
            later += [answered(page, content) for content in contents[1:11]]
            page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
            again.append(answered(page, contents[0], before=page.reload))
            page.context.close()
    for name, seconds in (("first visit", first), ("second visit", again), ("later photos", later)):
        print(f"{name:<13} {1000 * statistics.median(seconds):6.0f} ms median, {1000 * max(seconds):6.0f} ms worst")
    return statistics.median(first) <= FIRST_S and statistics.median(later) <= LATER_S


def answered(page: Page, content: bytes, *, before: Callable[[], object] = lambda: None) -> float:
    """Give the seconds until a photo is answered, opening the page included."""
    began = time.perf_counter()
    before()
    ask(page, content)
    return time.perf_counter() - began


def agreement(model: ModelFile, folder: Path, contents: list[bytes]) -> bool:
    """Compare with Python, photo by photo, and time it."""
    gaps, seconds = [], []
    with served(folder) as site, chromium() as browser:
        page = browser.new_page()
        page.goto(site.address)
        for content in contents:
            said = {one["label"]: one["probability"] for one in ask(page, content)["top"]}
            began = time.perf_counter()
            wanted = dict(models.predict_bytes(model, content, name="", top=len(model.classes)).top)
            seconds.append(time.perf_counter() - began)
            gaps.append(max(abs(wanted[label] - probability) for label, probability in said.items()))
    print(f"Python        {1000 * statistics.median(seconds):6.0f} ms median")
    print(f"largest difference in probability on {len(gaps)} photos: {max(gaps):.1e}")
    return bool(max(gaps) <= ALIKE)


if __name__ == "__main__":
    main()

"""How quickly `florilegium serve` starts, shows its page and answers photos, all over HTTP on this machine.

Promised: one photo within 50 ms of server time, and the page's first load within 1 s. The peer is the model alone, in
this process, on the same photos: what HTTP, the form and the queue cost is the difference.
"""

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image

from benchmarks.bench_static_page import the_model
from benchmarks.photos import some_photos
from florilegium.model import ModelFile, predict_bytes
from tests.site_serving import chromium

N_PHOTOS, N_VISITS, N_AT_ONCE = 100, 7, 3
ANSWER_S, LOAD_S = 0.050, 1.0
PHONE_SIZE, LARGE_SIZE = (4032, 3024), (8192, 6144)  # px: a phone's 12 megapixels, and 50


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    contents = some_photos(N_PHOTOS)
    with tempfile.TemporaryDirectory() as made:
        model = the_model(Path(made))
        with started(model.path) as address, httpx.Client(base_url=address, timeout=120) as client:
            kept = [answers(client, model, contents), first_load(address)]
    sys.exit(0 if all(kept) else 1)


@contextmanager
def started(path: Path) -> Iterator[str]:
    """Start the command; give its address once it is printed."""
    command = [sys.executable, "-m", "florilegium", "serve", str(path), "--port", "0", "--no-open", "--json"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        said = "".join(process.stdout.readline() for _ in range(5))
        print(f"{'start':<28} {1000 * (time.perf_counter() - began):6.0f} ms until the page can be opened")
        yield json.loads(said)["url"]
        process.terminate()


def answers(client: httpx.Client, model: ModelFile, contents: list[bytes]) -> bool:
    """Time photos one by one and several at once, beside the model alone."""

    def ask(content: bytes) -> None:
        client.post("api/predict", files={"photos": ("photo.jpg", content)}).raise_for_status()

    alone = timed("the model alone", lambda content: predict_bytes(model, content, name="photo.jpg"), contents)
    through = timed("through the server", ask, contents)
    print(f"{'what the server adds':<28} {1000 * (through - alone):6.1f} ms")
    began = time.perf_counter()
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        list(pool.map(ask, contents))
    rate = len(contents) / (time.perf_counter() - began)
    print(f"{f'{N_AT_ONCE} at a time':<28} {rate:6.1f} photos per second")
    for name, size in (("a phone's photo, 12 MP", PHONE_SIZE), ("50 MP", LARGE_SIZE)):
        timed(name, ask, [enlarged(contents[0], size)] * 5)
    return through <= ANSWER_S


def timed(name: str, ask: Callable[[bytes], object], contents: list[bytes]) -> float:
    """Print the median and the worst of the photos; give the median in seconds."""
    ask(contents[0])
    seconds = []
    for content in contents:
        began = time.perf_counter()
        ask(content)
        seconds.append(time.perf_counter() - began)
    print(f"{name:<28} {1000 * statistics.median(seconds):6.1f} ms median, {1000 * max(seconds):6.1f} ms worst")
    return statistics.median(seconds)


def enlarged(content: bytes, size: tuple[int, int]) -> bytes:
    """Make a photo as large as cameras make them."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).resize(size).save(file, "JPEG", quality=85)
    return file.getvalue()


def first_load(address: str) -> bool:
    """Time the first visit of somebody who was never there: until the page is drawn, and until all of it is loaded."""
    drawn, ready = [], []
    with chromium() as browser:
        for _ in range(N_VISITS):
            tab = browser.new_context().new_page()
            tab.goto(address)
            tab.wait_for_load_state("networkidle")
            script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            drawn.append(float(tab.evaluate(script)) / 1000)
            ready.append(
                float(tab.evaluate("performance.timing.loadEventEnd - performance.timing.navigationStart")) / 1000
            )
            tab.context.close()
    for name, seconds in (("page drawn", drawn), ("page loaded", ready)):
        print(f"{name:<28} {1000 * statistics.median(seconds):6.0f} ms median, {1000 * max(seconds):6.0f} ms worst")
    return statistics.median(ready) <= LOAD_S

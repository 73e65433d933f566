"""How quickly the labelling pages answer: a key, a click in the server, a new label learned.

Promised: a key until the next item is drawn within 50 ms, a label learned within 100 ms at 10,000 items. The items are
scikit-learn's digits with noise, so that nothing has to be fetched.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page
from sklearn.datasets import load_digits

import florilegium
from florilegium.project import Project
from florilegium.project.desk import Desk, DeskWish
from florilegium.serve.desk import create_desk
from florilegium.store import Said
from tests.page_serving import serving
from tests.site_serving import chromium

N_ITEMS, N_LABELLED, N_KEYS = 10_000, 1_000, 60
KEY_MS, LEARN_MS = 50.0, 100.0
THINKING_S = 0.4  # from an item's sight to a key: nobody looks at a picture and judges it in less
# Runs in the page: presses a key and waits until another item is drawn with its picture.
PRESS = """(key) => new Promise((done) => {
  const before = document.querySelector("[name=ticket]").value, began = performance.now();
  const look = () => {
    const ticket = document.querySelector("[name=ticket]"), image = document.querySelector(".shown img");
    if (ticket && ticket.value !== before && image?.complete) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  requestAnimationFrame(look);
})"""


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    with tempfile.TemporaryDirectory() as made:
        folder = project_of(Path(made), n=N_ITEMS)
        with Project(folder) as project:
            desk = project.label(DeskWish(again_share=0.0))
            try:
                desk.prepare()
                print(f"{'items':<34} {len(desk.memory.names):8,}, {desk.tally().n_labels:,} of them labelled")
                kept = [learning(desk), in_the_server(desk), in_chromium(desk)]
            finally:
                desk.close()
    sys.exit(0 if all(kept) else 1)


def project_of(folder: Path, *, n: int) -> Path:
    """Make a project of n pictures of digits, most of them without a label."""
    from PIL import Image

    digits, rng = load_digits(), np.random.default_rng(0)
    for i in range(n):
        row = i % len(digits.target)
        labelled = i < N_LABELLED
        place = folder / "photos" / str(digits.target[row]) if labelled else folder / "photos"
        place.mkdir(parents=True, exist_ok=True)
        noisy = np.clip(digits.images[row] * 16 + rng.normal(0, 24, (8, 8)), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(place / f"{i:05}.png")
    florilegium.new(folder / "project", folder / "photos", encoder="pixels").store.close()
    return folder / "project"


def learning(desk: Desk) -> bool:
    """Time what the background does after a label: learn it, and choose what to ask next."""
    teaching = desk.teaching
    learn, choose = [], []
    for _ in range(7):
        began = time.perf_counter()
        teaching._learn()  # noqa: SLF001 - the very step that runs in the background
        learn.append(1000 * (time.perf_counter() - began))
        left = teaching.open_rows("")
        began = time.perf_counter()
        teaching._choose(left)  # noqa: SLF001 - as above
        choose.append(1000 * (time.perf_counter() - began))
    said("a label learned", learn)
    said("what to ask next, chosen", choose)
    return min(learn) <= LEARN_MS


def in_the_server(desk: Desk) -> bool:
    """Time the click alone: recorded on disk, and the next card drawn up."""
    clicks = []
    card = desk.label("bench", "ann")
    for _ in range(N_KEYS):
        if card is None:
            break
        began = time.perf_counter()
        desk.judge(card.ticket, Said.LABEL, "3", who="ann")
        card = desk.label("bench", "ann")
        clicks.append(1000 * (time.perf_counter() - began))
    said("a click, stored and the next card", clicks)
    return True


def in_chromium(desk: Desk) -> bool:
    """Time keys as a person presses them: until the next item stands there with its picture."""
    with serving(create_desk(desk)) as address, chromium() as browser:
        tab = browser.new_page(base_url=address)
        tab.goto("/clean")
        tab.wait_for_load_state("networkidle")
        cleaned = pressed(tab, "k")
        tab.goto("/label")
        tab.wait_for_load_state("networkidle")
        labelled = pressed(tab, "1")
    said("a key on the clean page", cleaned)
    said("a key on the label page", labelled)
    return statistics.median(cleaned) <= KEY_MS and statistics.median(labelled) <= KEY_MS


def pressed(tab: Page, key: str) -> list[float]:
    """Press a key as quickly as a quick person does; give the milliseconds of each."""
    times_ms = []
    for _ in range(N_KEYS):
        times_ms.append(float(tab.evaluate(PRESS, key)))
        time.sleep(THINKING_S)
    return times_ms


def said(what: str, times_ms: list[float]) -> None:
    """Print the median, the best and the worst."""
    print(
        f"{what:<34} {statistics.median(times_ms):8.1f} ms median, {min(times_ms):.1f} best, {max(times_ms):.1f} worst",
        flush=True,
    )


if __name__ == "__main__":
    main()

"""Take the pictures of docs/lab-pages.md in Chromium, anew after each change of the lab's pages.

python -m tools.lab_screens       half a minute; asks no other machine
"""

from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect

from florilegium import model as models
from florilegium.export.lab.site import descent_files, sketchpad_files
from tests.lab_page_serving import draw, shown, visit, visit_sketchpad
from tests.scripted_digits import Drawing, drawings, others
from tests.site_serving import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 960}, "reduced_motion": "reduce"}
DARK: dict[str, Any] = {**DESK, "color_scheme": "dark"}
PHONE: dict[str, Any] = {**DESK, "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
SEED = 4  # of the drawings


def main() -> None:
    """Take all nine."""
    digits = models.open_model(models.find("digits"))
    with chromium() as browser:
        with shown(descent_files()) as address:
            watched(browser, address)
        with shown(sketchpad_files(digits, packed=False)) as address:
            drawn(browser, address)


def watched(browser: Browser, address: str) -> None:
    """Take the page of gradient descent: a line, divergence, two runs, ten digits in the dark, a phone."""

    def picture(name: str, problem: str, n_steps: int, choices: dict[str, Any], *, key: str = "") -> None:
        page = visit(browser, address, **choices)
        page.check(f"[value={problem}]", force=True)
        expect(page.locator(".land figcaption").first).to_contain_text("cross", ignore_case=True, timeout=30_000)
        if key:
            page.locator(f"[data-try={key}]").click()
        steps(page, n_steps)
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)  # flashes of digits and of the steps are over
        taken(page, name)

    picture("lab-sgd-light", "line", 60, DESK)
    picture("lab-sgd-diverged", "line", 7, DESK, key="large")
    picture("lab-sgd-two", "line", 60, DESK, key="duel")
    picture("lab-sgd-dark", "ten", 120, DARK)
    picture("lab-sgd-phone", "pair", 40, PHONE)


def steps(page: Page, n: int) -> None:
    """Do so many steps, as if Step had been pressed for each of the five parts of each: equal pictures each time."""
    if page.locator("#play").inner_text() == "Pause":
        page.locator("#reset").click()
    page.evaluate("(n) => { for (let i = 0; i < n; i++) document.getElementById('step').click(); }", 5 * n)


def drawn(browser: Browser, address: str) -> None:
    """Take the sketchpad: a digit, in the dark, on a phone, and a letter."""
    known = drawings(1, rng=np.random.default_rng(SEED))
    letter = next(d for d in others(1, rng=np.random.default_rng(SEED)) if d.style == "A")
    for name, drawing, choices in (
        ("lab-draw-light", large(one(known, "3", "two bows")), DESK),
        ("lab-draw-dark", large(one(known, "5", "bar last")), DARK),
        ("lab-draw-phone", large(one(known, "8", "in one")), PHONE),
        ("lab-draw-letter", large(letter), {"viewport": {"width": 1280, "height": 760}}),
    ):
        page = visit_sketchpad(browser, address, **choices)
        draw(page, drawing)
        page.wait_for_timeout(300)  # bars have grown
        taken(page, name)


def one(known: list[Drawing], label: str, style: str) -> Drawing:
    """Give one way to write one digit."""
    return next(d for d in known if (d.label, d.style) == (label, style))


def large(drawing: Drawing) -> Drawing:
    """Move a drawing to the middle of the pad and let it fill two thirds of it."""
    points = np.vstack([np.array(line) for line in drawing.strokes])  # (n, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    zoom = 0.66 / float((high - low).max())
    moved = [(np.array(line) - (low + high) / 2) * zoom + 0.5 for line in drawing.strokes]
    strokes = [[(float(x), float(y)) for x, y in line] for line in moved]
    return Drawing(label=drawing.label, style=drawing.style, strokes=strokes, width=0.07)


def taken(page: Page, name: str) -> None:
    """Keep what is on the screen."""
    page.screenshot(path=IMAGES / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()

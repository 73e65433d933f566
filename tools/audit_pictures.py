"""Make the pictures of docs/audit.md: the page of an audit of digits, desk and phone. Needs Chromium.

    python -m tools.audit_pictures

Twelve labels are turned first, as a careless typist might, so that there is something to find.
"""

import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import florilegium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
N_TURNED = 12
VIEWS = (("audit-light", 1100, 900, "light"), ("audit-phone", 390, 780, "dark"))


def audited(folder: Path) -> Path:
    """Make a project of digits with turned labels, audit it, and give its page."""
    rng = np.random.default_rng(3)
    with florilegium.new(folder, "digits") as project:
        holdings = project.holdings()
        dataset = holdings.dataset
        rows = rng.choice(np.flatnonzero(holdings.train), N_TURNED, replace=False)
        for row in rows.tolist():
            wrong = (int(dataset.y[row]) + int(rng.integers(1, 10))) % 10
            project.relabel(dataset.names[row], dataset.classes[wrong])
        path = project.audit().path
    if path is None:
        raise ValueError("an audit in a project writes its page")
    return path


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        page = audited(Path(place) / "digits")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, colours in VIEWS:
            tab = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="dark" if colours == "dark" else "light"
            )
            tab.goto(page.as_uri())
            tab.screenshot(path=IMAGES / f"{name}.png")
            print(f"{name}.png: {(IMAGES / f'{name}.png').stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()

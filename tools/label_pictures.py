"""Draw the pictures of docs/label.md: scikit-learn's digits with wrong labels, cleaned and played by a script.

python -m tools.label_pictures
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page
from sklearn.datasets import load_digits

import florilegium
from florilegium.project import Project
from florilegium.project.desk import Desk, DeskWish
from florilegium.serve.desk import create_desk
from florilegium.source.base import NO_LABELS
from florilegium.store import Said
from tests.page_serving import serving
from tests.site_serving import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
N_ITEMS, N_UNLABELLED, SHARE_WRONG = 900, 400, 0.06
N_CLEANED, N_GIVEN = 90, 160
SWAYED = 0.3  # of the cards on which the model is believed unseen
SIZE = {"width": 1280, "height": 800}


def main() -> None:
    """Make a project, work at it, and photograph the pages."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        truth = painted(folder / "digits")
        with florilegium.new(folder / "project", folder / "digits", encoder="pixels") as project:
            project.train()
        at_the_desk(folder / "project", truth, "clean", "play")
        truth = painted(folder / "bare", n_labelled=0)
        florilegium.new(folder / "from-nothing", folder / "bare", encoder="pixels", labels=NO_LABELS).store.close()
        at_the_desk(folder / "from-nothing", truth, "label", "meter")


def at_the_desk(project_folder: Path, truth: dict[str, str], *paths: str) -> None:
    """Work at a project's desk and photograph these pages."""
    with Project(project_folder) as project:
        desk = project.label(DeskWish(who="ann", control_share=0.3, again_share=0.1))
        try:
            worked(desk, truth)
            photographed(desk, paths)
        finally:
            desk.close()


def painted(folder: Path, *, n_labelled: int = N_ITEMS) -> dict[str, str]:
    """Write digits as pictures, some in the wrong folder, some in none; give name -> digit."""
    digits, rng = load_digits(), np.random.default_rng(0)
    truth = {}
    for i, row in enumerate(rng.permutation(len(digits.target))[: N_ITEMS + N_UNLABELLED].tolist()):
        digit = int(digits.target[row])
        said = (digit + int(rng.integers(1, 10))) % 10 if rng.random() < SHARE_WRONG else digit
        place = folder / str(said) if i < n_labelled else folder
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{i:04}.png"
        Image.fromarray((digits.images[row] * 15.9).astype(np.uint8)).save(path)
        truth[path.relative_to(folder).as_posix()] = str(digit)
    return truth


def worked(desk: Desk, truth: dict[str, str]) -> None:
    """Clean and label as somebody who is nearly always right."""
    rng = np.random.default_rng(1)
    for ask, n in ((desk.clean, N_CLEANED), (desk.label, N_GIVEN)):
        for _ in range(n):
            card = ask("script", "ann")
            if card is None:
                break
            sway = card.suggestion if card.suggestion is not None and rng.random() < SWAYED else truth[card.name]
            desk.judge(card.ticket, Said.LABEL, sway, who="ann", seconds=float(rng.uniform(1, 4)), new_class=True)
    if desk.project.store.current_model() is None:
        return
    game = desk.play(consent=True, rng=rng)
    for row in game.rows:
        desk.guess(game, truth[desk.memory.names[row]], who="ann")


def photographed(desk: Desk, paths: Sequence[str]) -> None:
    """Take the pictures, in both colours."""
    with serving(create_desk(desk)) as address, chromium() as browser:
        for scheme in ("light", "dark"):
            # One of the two colour schemes.
            tab = browser.new_page(base_url=address, viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            for path in paths:
                tab.goto(f"/{path}")
                if path == "play":
                    tab.get_by_role("button", name="Play").click()
                taken(tab, f"label-{path}-{scheme}")
            tab.close()


def taken(tab: Page, name: str) -> None:
    """Save what the page shows."""
    tab.wait_for_load_state("networkidle")
    tab.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()

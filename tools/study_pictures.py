"""Take the pictures of docs/cards.md: a learner's page after six weeks, in Chromium.

    python -m tools.study_pictures

The project is scikit-learn's digits; the learner is made up, with a seed: right on most, mixing up 8 and 9, 3 and 9.
Writes docs/images/cards-*.png.
"""

import random
import shutil
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import ViewportSize

import florilegium
from florilegium.cards.schedule import Rating
from florilegium.project.studying import Study
from florilegium.serve.study import create_study
from florilegium.store import CardRecord
from tests.page_serving import serving
from tests.site_serving import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
END = datetime(2026, 11, 30, 12, tzinfo=UTC)
N_DAYS, PER_DAY = 42, 40
MIXED = {"8": "9", "3": "9", "1": "8"}
SIZES = {"light": (1000, 900), "phone": (360, 780)}


class Clock:
    """A clock that the learner's days turn."""

    now = END - timedelta(days=N_DAYS)

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now


def study_for_weeks(study: Study, clock: Clock) -> None:
    """Let the learner answer, most cards rightly."""
    rng = random.Random(3)  # noqa: S311 - a learner, not a secret
    for day in range(N_DAYS):
        for _ in range(PER_DAY):
            shown = study.next()
            if shown is None:
                break
            label = shown.card.note.label
            said = MIXED.get(label or "", label) if rng.random() < 1 / 5 else label
            rating = Rating.AGAIN if said != label or rng.random() < 1 / 12 else Rating(rng.choice([2, 3, 3, 3, 4]))
            study.answer(shown, rating, said=said, seconds=4.0, source="page")
            clock.now += timedelta(seconds=15)
        clock.now = END - timedelta(days=N_DAYS - 1 - day)


def main() -> int:
    """Make the project, let the learner study, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        project = florilegium.new(Path(folder) / "digits", "digits")
        project.train()
        clock = Clock()
        with project, closing(CardRecord(project.store.url)) as record:
            study = Study(record, who="ada", clock=clock, project=project)
            study.choose(new_per_day=12)
            study.prepare()
            study_for_weeks(study, clock)
            photograph(study)
    return 0


def photograph(study: Study) -> None:
    """Open both pages in each size and colour."""
    with serving(create_study(study)) as address, chromium() as browser:
        for suffix, (width, height) in SIZES.items():
            viewport: ViewportSize = {"width": width, "height": height}
            context = browser.new_context(viewport=viewport, color_scheme="light" if suffix == "light" else "dark")
            tab = context.new_page()
            tab.goto(address)
            if tab.locator("#said").count():
                tab.fill("#said", "9")
                tab.keyboard.press("Enter")
            else:
                tab.keyboard.press(" ")
            tab.screenshot(path=IMAGES / f"cards-study-{suffix}.png", full_page=True)
            tab.goto(f"{address}progress")
            tab.screenshot(path=IMAGES / f"cards-progress-{suffix}.png", full_page=True)
            context.close()


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        sys.exit("needs Chromium: apt-get install chromium")
    sys.exit(main())

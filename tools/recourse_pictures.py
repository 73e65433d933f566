"""Take the pictures of docs/recourse.md: an answer is contested, judged blind and decided, in Chromium.

    python -m tools.recourse_pictures

The flowers are drawn, each kind by its number of petals; one that lost half of them is what is contested. Writes
docs/images/recourse-*.png.
"""

import io
import math
import random
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

import florilegium
from florilegium.model import open_model, predict_bytes
from florilegium.serve.whole import create_whole
from tests.page_serving import serving
from tests.site_serving import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PETALS = {"trillium": 3, "periwinkle": 5, "lily": 6, "starflower": 7, "clematis": 8}
HUES = {
    "trillium": (250, 238, 235),
    "periwinkle": (150, 130, 220),
    "lily": (238, 150, 90),
    "starflower": (240, 214, 110),
    "clematis": (222, 110, 150),
}
N_PER_KIND, WIDTH, HEIGHT, SCALE = 24, 400, 300, 3
DESK: ViewportSize = {"width": 960, "height": 800}
PHONE: ViewportSize = {"width": 351, "height": 760}
Hue = tuple[int, int, int]
Outline = tuple[tuple[float, float], float, float, float]  # middle, direction in radians, reach and width in px
REASON = "Three of its eight petals have fallen, so it looks like a periwinkle."
RULING = "Eight stalks are to be seen, five with a petal: it is a clematis that has lost three."


def flower(n_petals: int, hue: Hue, *, rng: random.Random, lost: int = 0) -> Image.Image:
    """Draw a flower before leaves; `lost`: petals that have fallen."""
    ground = Image.new("RGB", (WIDTH // 20, HEIGHT // 20))
    green = [rng.randrange(10, 120) for _ in range(3)]
    ground.putdata([tuple(each + rng.randrange(60) for each in green) for _ in range(300)])
    whole = ground.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BICUBIC).filter(
        ImageFilter.GaussianBlur(40)
    )
    draw = ImageDraw.Draw(whole)
    middle = (SCALE * WIDTH * rng.uniform(0.35, 0.65), SCALE * HEIGHT * rng.uniform(0.35, 0.65))
    reach = SCALE * rng.uniform(50, 140)
    turn = rng.uniform(0, math.tau)
    for number in range(n_petals):
        if number >= lost:
            outline = (middle, turn + math.tau * number / n_petals, reach, min(0.8, 3 / n_petals) * reach * 0.5)
            _petal(draw, outline, hue)
    draw.circle(middle, reach / 6, fill=(232, 184, 86))
    return whole.filter(ImageFilter.GaussianBlur(1)).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _petal(draw: ImageDraw.ImageDraw, outline: Outline, hue: Hue) -> None:
    middle, angle, reach, wide = outline
    for layer in range(24):  # from the rim inwards, a little darker each time
        share = 1 - layer / 24
        points = []
        for step in range(40):
            along = math.tau * step / 40
            x, y = reach * (0.55 + 0.45 * share * math.cos(along)), wide * share * math.sin(along)
            across = middle[0] + x * math.cos(angle) - y * math.sin(angle)
            down = middle[1] + x * math.sin(angle) + y * math.cos(angle)
            points.append((across, down))
        draw.polygon(points, fill=tuple(int(each * (0.78 + 0.22 * share)) for each in hue))


def mistaken(path: Path, rng: random.Random) -> bytes:
    """Give a bluish clematis without three of its petals, which the model takes for another flower."""
    model = open_model(path)
    while True:
        file = io.BytesIO()
        flower(PETALS["clematis"], HUES["periwinkle"], rng=rng, lost=3).save(file, "JPEG", quality=92)
        said = predict_bytes(model, file.getvalue(), name="mine.jpg")
        if said.known and said.label != "clematis":
            return file.getvalue()


def main() -> int:
    """Draw and train, play the story, and take the pictures."""
    rng = random.Random(5)  # noqa: S311 - flowers, not secrets
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, n_petals in PETALS.items():
            (folder / "photos" / name).mkdir(parents=True)
            for i in range(N_PER_KIND):
                flower(n_petals, HUES[name], rng=rng).save(folder / "photos" / name / f"{i:02}.jpg", quality=92)
        with florilegium.new(folder / "flowers", folder / "photos") as project:
            project.train()
            with serving(create_whole(project, is_here=True)) as address, chromium() as browser:
                context = browser.new_context(viewport=DESK, base_url=address, color_scheme="light")
                story(context, mistaken(project.model_path, rng))
                context.close()
    return 0


def story(context: BrowserContext, mine: bytes) -> None:
    """Play it from the answer to the end of the private page."""
    page = context.new_page()
    page.goto("/")
    page.set_input_files("#photos", {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": mine})
    expect(page.locator(".contest a")).to_be_visible(timeout=15_000)
    kept(page, "answer-light", ".plate")
    with context.expect_page() as opened:
        page.get_by_text("This is wrong").click()
    form = opened.value
    form.wait_for_load_state("networkidle")
    form.get_by_label("Why is it wrong?").fill(REASON)
    form.locator("#suggestion").fill("clematis")
    form.locator("[name=consent][value=learn]").check()
    expect(form.locator("#contested img")).to_be_visible()
    kept(form, "appeal-light", "main")
    form.get_by_role("button", name="Send").click()
    expect(form.locator("h1")).to_have_text("It is received.")
    form.emulate_media(color_scheme="dark")
    kept(form, "case-dark", "main")
    form.emulate_media(color_scheme="light")
    review(context.new_page())
    form.reload()
    kept(form, "case-light", "main")


def review(page: Page) -> None:
    """Judge blind, see the file, decide."""
    page.goto("/review")
    expect(page.locator(".queue")).to_be_visible()
    expect(page.locator("h1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".blind")).to_be_visible()
    expect(page.locator(".case img").first).to_have_js_property("complete", value=True)
    kept(page, "blind-light")
    page.set_viewport_size(PHONE)
    kept(page, "blind-phone")
    page.set_viewport_size(DESK)
    page.locator("[name=choice][value='is:clematis']").click()
    expect(page.locator("#ruling")).to_be_visible()
    page.locator("[name=ruling][value=upheld]").check()
    page.locator("#reason").fill(RULING)
    page.get_by_role("button", name="Draft a reply from my notes").click()
    expect(page.locator("#reason")).not_to_have_value(RULING)
    kept(page, "file-light", "main")
    page.get_by_role("button", name="Decide").last.click()
    expect(page.locator(".flash")).to_be_visible()


def kept(page: Page, name: str, part: str = "") -> None:
    """Take a picture of a page, or of a part of it."""
    page.evaluate("document.fonts.ready")
    path = IMAGES / f"recourse-{name}.png"
    if part:
        page.locator(part).first.screenshot(path=path)
    else:
        page.screenshot(path=path)


if __name__ == "__main__":
    sys.exit(main())

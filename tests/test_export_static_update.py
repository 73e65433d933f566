"""A page that is kept on a device comes up to date.

Chromium drives itself here, by a page that reloads the exported one in a frame: with a debugger attached, as Playwright
attaches one, service workers take over at other times than they do for readers.
"""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from florilegium import model as models
from florilegium.export.static import export_static
from tests.model_making import write_image_model
from tests.site_serving import CHROMIUM_CHOICES, Site, chromium_path, served

pytestmark = pytest.mark.chromium

PATIENCE_S = 60
DRIVER = """<!doctype html><meta charset="utf-8"><iframe id="frame"></iframe><script type="module">
const frame = document.getElementById("frame");
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
const loaded = () => new Promise((resolve) => (frame.onload = resolve));
const registered = () => navigator.serviceWorker.getRegistration("/site/");
const say = (words) => fetch(`/said/${words}`);
const labels = async () => {
  const card = await frame.contentWindow.fetch("card.json").then((response) => response.json());
  return card.classes.map(({ label }) => label).join("-");
};
frame.src = "/site/";
await loaded();
while (!(await registered())?.active) await pause();
frame.contentWindow.location.reload();
await loaded();
await say(`kept/${await labels()}`);
while (!(await registered()).waiting) await pause().then(async () => (await registered()).update());
await say(`still/${await labels()}`);
frame.contentWindow.location.reload();
await loaded();
await loaded(); // the page loads itself once more
await say(`then/${await labels()}`);
await say(`stores/${(await caches.keys()).length}`);
</script>"""


def heard(site: Site, what: str) -> str:
    """Wait until the driving page has said something; give it."""
    for _ in range(PATIENCE_S * 10):
        said = [path.split("/")[-1] for path in site.asked if path.startswith(f"/said/{what}/")]
        if said:
            return said[0]
        time.sleep(0.1)
    pytest.fail(f"the page never said {what!r}; it asked for {site.asked[-5:]}")


def test_a_new_version_takes_over_whole(tmp_path: Path) -> None:
    """After another model is exported an open page shows the old one on, and its reload the new one; the old goes."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "index.html").write_text(DRIVER)
    export_static(models.open_model(write_image_model(tmp_path / "three.onnx")), root / "site")
    other = models.open_model(write_image_model(tmp_path / "other.onnx", classes=("ash", "elm", "oak")))
    with served(root) as site:
        command = [
            chromium_path(),
            *CHROMIUM_CHOICES,
            "--remote-debugging-port=0",
            f"--user-data-dir={tmp_path}/reader",
        ]
        with subprocess.Popen(
            [*command, site.address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as browser:
            try:
                kept = heard(site, "kept")
                export_static(other, root / "site")
                found = [heard(site, what) for what in ("still", "then", "stores")]
            finally:
                browser.terminate()
    shutil.rmtree(tmp_path / "reader", ignore_errors=True)

    assert kept == "daisy-rose-tulip"
    assert found == ["daisy-rose-tulip", "ash-elm-oak", "1"]

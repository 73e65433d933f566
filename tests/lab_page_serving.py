"""The lab's pages on a real server, and a hand that draws on the sketchpad by script."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from playwright.sync_api import Browser, Page, expect

from florilegium.serve.site import create_site
from tests.page_serving import serving
from tests.scripted_digits import Drawing

# Sends pen events to the pad, as Chromium does for a pen, and waits for the answer to the last one.
DRAW = """async ({ strokes, width, clear, paced }) => {
  const [pad, answer] = ["pad", "answer"].map((id) => document.getElementById(id));
  const pen = document.querySelector("[name=pen]");
  if (clear) document.getElementById("clear").click();
  pen.value = String(width);
  pen.onchange();
  const box = pad.getBoundingClientRect();
  const send = (type, [x, y]) => pad.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height,
    button: type === "pointermove" ? -1 : 0, buttons: 1,
  }));
  const turn = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  const still = async () => { while (answer.ariaBusy === "true") await turn(); };
  let began = 0;
  const waits = [];
  for (const stroke of strokes) {
    send("pointerdown", stroke[0]);
    for (const place of stroke.slice(1, -1)) {
      send("pointermove", place);
      if (paced) await still();
    }
    began = performance.now();
    send("pointermove", stroke.at(-1));
    send("pointerup", stroke.at(-1));
    if (paced) await still();
    waits.push(performance.now() - began);
  }
  await still();
  return {
    waits, state: answer.dataset.state, read: document.querySelector("#ten .top .digit")?.textContent ?? "",
    said: answer.textContent, why: document.getElementById("why").textContent,
    rule: document.querySelector("#means .nearest b")?.textContent ?? "",
  };
}"""


@contextmanager
def shown(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve a page of files; give its address."""
    with serving(create_site(files)) as address:
        yield address


def visit(browser: Browser, address: str, **choices: Any) -> Page:
    """Open a page as somebody who was never there; what goes wrong in its scripts fails the test."""
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **choices}).new_page()
    page.on("pageerror", _raise)
    page.goto(address)
    return page


def visit_sketchpad(browser: Browser, address: str, **choices: Any) -> Page:
    """Open the sketchpad and wait until its network and its means are there."""
    page = visit(browser, address, **choices)
    expect(page.locator("html")).to_have_attribute("data-ready", "yes", timeout=30_000)
    expect(page.locator("#means li")).to_have_count(10)
    return page


def draw(page: Page, drawing: Drawing, *, clear: bool = True, paced: bool = False) -> dict[str, Any]:
    """Draw; give what the page answers. `paced`: each movement is read before the next, as with a hand."""
    given = {"strokes": drawing.strokes, "width": drawing.width, "clear": clear, "paced": paced}
    return cast("dict[str, Any]", page.evaluate(DRAW, given))


def _raise(error: object) -> None:
    raise AssertionError(f"a script of the page failed: {error}")

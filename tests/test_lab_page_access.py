"""The lab's pages by the rules for accessible pages, as axe-core reads them."""

from collections.abc import Mapping

import pytest
from playwright.sync_api import Browser

from florilegium import model as models
from florilegium.export.lab.site import descent_files, sketchpad_files
from tests.lab_page_serving import draw, shown, visit, visit_sketchpad
from tests.scripted_digits import Drawing, letter

pytestmark = pytest.mark.chromium
LINE = Drawing(label="1", style="", strokes=[letter((0.5, 0.2), (0.5, 0.8))], width=0.07)


def files_of(name: str) -> Mapping[str, bytes]:
    """Give the files of one page."""
    return descent_files() if name == "sgd" else sketchpad_files(models.open_model(models.find("digits")), packed=False)


@pytest.mark.parametrize("name", ["sgd", "draw"])
def test_axe_finds_nothing_serious(browser: Browser, name: str) -> None:
    """In the light, in the dark and on a phone axe-core finds no serious barrier on either page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    found = []
    with shown(files_of(name)) as address:
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
            choices = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "bypass_csp": True}
            choices["reduced_motion"] = "reduce"  # a colour that is on its way to another one is neither
            if name == "sgd":
                tab = visit(browser, address, **choices)
                tab.check("#second")
                tab.locator("[data-try=nan]").click()
            else:
                tab = visit_sketchpad(browser, address, **choices)
                draw(tab, LINE)
                tab.get_by_role("button", name="It is a 1", exact=True).click()
            found += axe.run(tab).response["violations"]
            tab.context.close()

    assert [(each["id"], each["impact"]) for each in found if each["impact"] in {"serious", "critical"}] == []

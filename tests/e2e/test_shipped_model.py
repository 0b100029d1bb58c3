"""The shipped model through the pages, from the drop of images to a heatmap.

With SCREENSHOTS=FOLDER, what is seen on the way is kept there (`make screenshots`).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.settings import SHIPPED_MODELS
from tests.support.browser import watched_page
from tests.support.stack import Installation, installation

IMAGES = Path(__file__).parents[2] / "examples" / "images"
LABELS = {
    "manipulated/swapped-face-2.jpg": "Fake",
    "manipulated/smoothed-face.jpg": "Fake",
    "photos/nasa-portrait.jpg": "Real",
    "photos/navy-portrait.jpg": "Real",
    "hard/two-faces.jpg": "Real",
    "photos/cat.jpg": "Not applicable",
}
PATIENCE_MS = 120_000  # the first heatmap imports torch


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    """An installation with the shipped model, whose `fakesweep up` runs."""
    settings = {"registry_dir": str(SHIPPED_MODELS), "torch_threads": "2"}
    with installation(**settings) as installed, installed.up():
        yield installed


@pytest.fixture
def page(browser: Browser, running: Installation) -> Iterator[Page]:
    """The start page of a browser; whatever it complains about fails the test."""
    with watched_page(browser, running.url) as page:
        page.set_viewport_size({"width": 1280, "height": 960})
        page.goto("/")
        yield page


def keep(page: Page, name: str, *, top: Locator | None = None) -> None:
    """Take a screenshot, if somebody wants it, of what is seen from the element on."""
    folder = os.environ.get("SCREENSHOTS")
    if folder is None:
        return
    if top is not None:
        top.evaluate("one => window.scrollTo(0, one.getBoundingClientRect().top + scrollY - 16)")
    Path(folder).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=Path(folder) / f"{name}.jpg", type="jpeg", quality=82)


def test_images_are_judged_and_a_verdict_is_explained(page: Page) -> None:
    """Swapped and smoothed faces are found, portraits are not, and a cat has no face."""
    page.get_by_label("Images", exact=True).set_input_files([IMAGES / name for name in LABELS])
    page.get_by_role("button", name=re.compile("^Scan 6 images$")).click()
    for name, label in LABELS.items():
        card = page.get_by_role("listitem").filter(
            has=page.get_by_role("link", name=Path(name).name)
        )
        expect(card.locator(".badge")).to_have_text(label, timeout=PATIENCE_MS)
    keep(page, "scan", top=page.locator(".live-job"))

    page.get_by_role("link", name="Open the job").click()
    expect(page.get_by_role("heading", name="Scores and errors")).to_be_visible()
    keep(page, "job")

    page.get_by_role("link", name="Grid", exact=True).click()
    expect(page.get_by_role("listitem").filter(has=page.locator(".badge"))).to_have_count(6)
    page.wait_for_load_state("networkidle")  # the small images are there
    keep(page, "grid", top=page.get_by_role("link", name="Grid", exact=True))

    page.get_by_role("link", name="swapped-face-2.jpg").click()
    page.get_by_role("link", name="Show the heatmap").click()
    expect(page.get_by_label("Heatmap", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    page.locator("#heat").evaluate("image => fetch(image.href.baseVal).then(() => true)")
    keep(page, "verdict")


def test_the_model_and_the_system_are_told(page: Page) -> None:
    """What the card measured, and which worker serves it."""
    (version,) = (folder.name for folder in SHIPPED_MODELS.iterdir())
    page.goto("/jobs")
    keep(page, "jobs")
    page.goto(f"/models/{version}")
    expect(page.get_by_role("heading", level=1)).to_have_text(version)
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()
    keep(page, "model", top=page.get_by_role("heading", name="How it does, source by source"))
    page.goto("/system")
    expect(page.get_by_role("cell", name=version)).to_be_visible()
    keep(page, "system")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/jobs")
    page.get_by_role("link", name="6 images").click()
    keep(page, "phone-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 960})
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="分数与错误")).to_be_visible()
    keep(page, "chinese")

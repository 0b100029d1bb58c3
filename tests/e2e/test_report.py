"""The report of an evaluation in a real browser: on a phone, in the dark, and without a network."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.support.images import write_labelled_folder
from tests.support.models import write_tiny_model_version
from training.evaluate import Options, evaluate_model

PHONE, DESK = 360, 1280

ColorScheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with every part, on drawn images of long names."""
    root = tmp_path_factory.mktemp("report")
    write_tiny_model_version(root, "a-model-of-a-long-name-that-does-not-fit-on-any-phone")
    pictures = write_labelled_folder(root / "pictures", per_label=4, size=(64, 64))
    for path in list(pictures.rglob("*.png")):
        path.rename(path.with_stem(f"{path.stem}_{'unbroken' * 12}"))
    options = Options(rounds=20, device="cpu", robustness_images=4, adversarial_images=2, gallery=2)
    model = str(root / "a-model-of-a-long-name-that-does-not-fit-on-any-phone-1")
    data = [f"{'a_dataset_of_a_long_name' * 3}={pictures}"]
    evaluate_model(model, data, registry=root, out=root / "out", options=options)
    return root / "out" / "report.html"


def opened(browser: Browser, report: Path, width: int, scheme: ColorScheme) -> Page:
    """Open the report, with everything that is folded away shown."""
    page = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    ).new_page()
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    return page


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_never_scrolls_sideways(browser: Browser, report: Path, width: int) -> None:
    """Wide tables scroll by themselves; the page is as wide as the screen."""
    page = opened(browser, report, width, "light")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".scroll").count() >= 4


def test_nothing_is_asked_of_anybody(browser: Browser, report: Path) -> None:
    """The browser reads the file and nothing else, and complains about nothing."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(report.as_uri())
    assert [one for one in asked if not one.startswith("data:")] == [report.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_page(browser: Browser, report: Path, scheme: ColorScheme) -> None:
    """On a dark page the dark chart is shown, and every picture can be decoded."""
    page = opened(browser, report, DESK, scheme)
    shown = page.evaluate("[...document.images].map(one => one.naturalWidth)")
    assert min(shown) > 0
    chart = page.locator(".charts picture").first
    expected = chart.locator("source" if scheme == "dark" else "img")
    uri = expected.get_attribute("srcset" if scheme == "dark" else "src")
    assert chart.locator("img").evaluate("one => one.currentSrc") == uri
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(19, 20, 23)" if scheme == "dark" else "rgb(246, 245, 241)")


def test_tables_can_be_scrolled_by_keyboard(browser: Browser, report: Path) -> None:
    """A table that is wider than the screen has a name, takes the focus, and follows the arrows."""
    page = opened(browser, report, PHONE, "light")
    for table in page.locator(".scroll").all():
        assert table.get_attribute("aria-label")
        table.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.activeElement.scrollLeft > 0")

"""The pages of the model versions in a real browser: charts, and a promotion with its way back."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_accessibility import grave_findings
from tests.support.api import ApiRig
from tests.unit.api.test_model_pages import add_version


@pytest.fixture
def rig(rig: ApiRig) -> ApiRig:
    """The application with a second version."""
    add_version(rig, "tiny-2")
    return rig


def test_the_curves_are_drawn_from_their_tables(page: Page) -> None:
    """Which fold away, and are there for whoever wants the numbers."""
    page.goto("/models/tiny-2")
    expect(page.locator(".chart canvas")).to_have_count(2)
    table = page.get_by_role("table", name="ROC of tiny-2")
    expect(table).to_be_hidden()
    page.get_by_text("As numbers").first.click()
    expect(table).to_be_visible()
    drawn = page.locator(".chart canvas").first.evaluate(
        "it => new Set(it.getContext('2d').getImageData(0, 0, it.width, it.height).data).size"
    )
    assert drawn > 10


def test_a_version_is_promoted_and_rolled_back(page: Page) -> None:
    """Each time after a page that says what will happen."""
    page.goto("/")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Promote tiny-2").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name="Promote tiny-2").click()
    page.wait_for_url(re.compile("/models$"))
    expect(page.get_by_text("New scans use tiny-2")).to_be_visible()
    page.get_by_role("link", name="Roll back to tiny-1").click()
    page.get_by_role("button", name="Roll back to tiny-1").click()
    expect(page.get_by_text("New scans use tiny-1")).to_be_visible()


def test_two_versions_are_compared_in_one_chart(page: Page) -> None:
    """Chosen from the list; without overflowing a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/models")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#curves + .charts .u-legend").first).to_contain_text("tiny-2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["", "/tiny-2", "/compare?left=tiny-1&right=tiny-2", "/tiny-2/promote"]
)
def test_no_page_shuts_anybody_out(page: Page, path: str, scheme: Literal["light", "dark"]) -> None:
    """Nothing serious by the rules of axe-core, also of what is folded away."""
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/models{path}")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert grave_findings(page) == []

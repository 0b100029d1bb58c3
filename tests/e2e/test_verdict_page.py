"""The page of a verdict in a real browser: boxes, the heatmap and its slider, feedback."""

import hashlib
import re
from dataclasses import replace
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from core.sources import SourceItem
from core.terms import HeatmapCode, Label
from db import heatmaps
from db.verdicts import NewVerdict
from detector.explain.overlay import overlay_face
from detector.square import Square
from tests.support.api import ApiRig, part
from tests.support.images import encoded, photo_like
from tests.support.pretend_worker import judge_by_name
from tests.unit.detector.test_overlay import corner_heat

SIZE = (256, 256)
CARD = {
    "calibration": {"threshold": 0.6, "band_low": 0.5, "band_high": 0.7},
    "score_distributions": {
        "real": [40, 22, 11, 6, 4, 3, 2, 1, 1, 0],
        "fake": [1, 1, 2, 2, 3, 4, 6, 9, 20, 52],
    },
}
HOSTILE = "<img src=x onerror=alert(1)> fake-group.png"


@pytest.fixture
def card() -> dict[str, Any]:
    """A card with a threshold and distributions."""
    return CARD


def picture() -> bytes:
    """Return the drawn image that is scanned."""
    return encoded(photo_like(5, SIZE), "PNG")


def scan(rig: ApiRig, *names: str) -> str:
    """Scan drawn images by their names; return the id of the job."""

    def judge(position: int, item: SourceItem) -> NewVerdict:
        digest = hashlib.sha256(picture()).digest()
        return replace(judge_by_name(position, item), sha256=digest)

    data = {"files": [part(name, picture()) for name in names]}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id, judge=judge)
    return job_id


def make_heatmap(rig: ApiRig) -> None:
    """Make the heatmap that waits, as a worker does."""
    made = overlay_face(corner_heat(), Square(4, 20, 112))
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        key = heatmaps.storage_key(claim.public_id, claim.position, claim.face)
        rig.storage.write(key, made.png)
        heatmaps.finish(session, claim.key, towards=Label.FAKE, box=made.box)


def test_a_heatmap_appears_and_is_faded_by_its_slider(rig: ApiRig, page: Page) -> None:
    """From the job's row to the image with its faces; no reload when the heatmap is made."""
    job_id = scan(rig, HOSTILE, "b.png")
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    shown = page.get_by_alt_text("The image that was scanned")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == SIZE[0]
    expect(page.locator(".face")).to_have_count(2)
    page.get_by_role("link", name="Face 1").click()
    expect(page.get_by_text("The heatmap is being made")).to_be_visible()
    make_heatmap(rig)
    expect(page.get_by_text("The heatmap is being made")).to_be_hidden()
    slider = page.get_by_label("Heatmap", exact=True)
    expect(slider).to_be_visible()
    heat = page.locator("#heat")
    assert heat.get_attribute("width") == "112"
    slider.fill("25")
    expect(heat).to_have_attribute("opacity", "0.25")
    slider.press("Home")
    expect(heat).to_have_attribute("opacity", "0")
    page.reload()
    expect(page.locator("#heat")).to_have_attribute("x", "4")


def test_the_heat_lies_where_its_box_says(rig: ApiRig, page: Page) -> None:
    """However large the image is shown."""
    job_id = scan(rig, "fake-group.png")
    page.goto(f"/verdicts/{job_id}-0?heatmap=0")
    make_heatmap(rig)
    page.reload()
    shown = page.get_by_alt_text("The image that was scanned").bounding_box()
    heat = page.locator("#heat").bounding_box()
    assert shown is not None
    assert heat is not None
    scale = shown["width"] / SIZE[0]
    assert heat["x"] - shown["x"] == pytest.approx(4 * scale, abs=1)
    assert heat["y"] - shown["y"] == pytest.approx(20 * scale, abs=1)
    assert heat["width"] == pytest.approx(112 * scale, abs=1)


def test_a_heatmap_that_cannot_be_made_says_why(rig: ApiRig, page: Page) -> None:
    """Without a reload, in the words of the server."""
    job_id = scan(rig, "fake.png")
    page.goto(f"/verdicts/{job_id}-0")
    page.get_by_role("link", name="Show the heatmap").click()
    expect(page.get_by_text("The heatmap is being made")).to_be_visible()
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        heatmaps.fail(session, claim.key, HeatmapCode.MODEL_GONE, "There is no such version.")
    expect(page.get_by_text("There is no such version.")).to_be_visible()
    expect(page.get_by_text("The heatmap is being made")).to_be_hidden()
    expect(page.locator("#strength")).to_be_hidden()


def test_feedback_is_given_with_the_keyboard(rig: ApiRig, page: Page) -> None:
    """A note and a button; the focus is seen, and what was said is shown."""
    job_id = scan(rig, "fake.png")
    page.goto(f"/verdicts/{job_id}-0")
    page.get_by_label("A note, if you like").fill("My own photo.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    wrong = page.get_by_role("button", name="Wrong, it is real")
    expect(wrong).to_be_focused()
    assert wrong.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("Somebody said that it is real")).to_be_visible()
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    assert rig.client.get(f"/v1/verdicts/{job_id}-0/feedback").json["note"] == "My own photo."


def test_feedback_that_was_not_kept_is_said(rig: ApiRig, page: Page) -> None:
    """It is still there to be sent again, and the heatmap stays as it was faded."""
    job_id = scan(rig, "fake.png")
    page.goto(f"/verdicts/{job_id}-0?heatmap=0")
    make_heatmap(rig)
    page.get_by_label("Heatmap", exact=True).fill("25")
    page.get_by_label("A note, if you like").fill("My own photo.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Right, it is fake").click()
    expect(page.get_by_role("alert")).to_contain_text("did not keep it")
    page.context.set_offline(False)
    page.get_by_role("button", name="Right, it is fake").click()
    expect(page.get_by_text("Somebody said that it is fake")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#feedback time")).not_to_contain_text("UTC")
    expect(page.locator("#heat")).to_have_attribute("opacity", "0.25")


def test_it_works_without_javascript(rig: ApiRig, browser: Browser, address: str) -> None:
    """All but the slider, which is not shown: the heatmap, once it is made, and feedback."""
    job_id = scan(rig, "fake-group.png")
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/verdicts/{job_id}-0")
    page.get_by_role("link", name="Face 1").click()
    make_heatmap(rig)
    page.reload()
    expect(page.locator("#heat")).to_have_attribute("width", "112")
    expect(page.locator("#strength")).to_be_hidden()
    page.get_by_role("button", name="Right, it is fake").click()
    expect(page.get_by_text("Somebody said that it is fake")).to_be_visible()
    expect(page).to_have_url(re.compile("#feedback$"))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(
    rig: ApiRig, browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    """Whatever the image is called, in light and in dark."""
    job_id = scan(rig, "fake-group" + "x" * 200 + ".png", "broken.png")
    context = browser.new_context(
        base_url=address, viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"/verdicts/{job_id}-0?heatmap=0")
    make_heatmap(rig)
    for path in (f"/verdicts/{job_id}-0?heatmap=0", f"/verdicts/{job_id}-1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()

"""The page of a job in a real browser: its errors by code, its verdicts by score."""

import pytest
from playwright.sync_api import Page, expect

from api.pages import summary
from db import jobs
from tests.support.api import ApiRig, part


def add(rig: ApiRig, *names: str) -> str:
    """Make a job of such images, take it to its end, and return its id."""
    data = {"files": [part(name) for name in names]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(public_id)
    return public_id


def test_items_of_one_code_are_shown_and_tried_again(rig: ApiRig, page: Page) -> None:
    """By the buttons beside the code, which the keyboard reaches; the others stay failed."""
    public_id = add(rig, "fake.png", "lost.png", "broken.png")
    page.goto(f"/jobs/{public_id}")
    code = page.locator("#summary li", has_text="Could not be read")
    code.get_by_role("link", name="Show them").click()
    expect(page.locator("#verdicts tbody td.name")).to_have_text(["lost.png"])
    expect(page.get_by_text("Only those with the code Could not be read.")).to_be_visible()
    code.get_by_role("link", name="Show them").focus()
    page.keyboard.press("Tab")
    expect(code.get_by_role("button", name="Try again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting")).to_be_visible()
    expect(page.locator("#verdicts tbody tr")).to_have_count(3)
    with rig.database.read() as session:
        assert jobs.get(session, public_id).retried_codes == ["fetch_failed"]


def test_a_bar_leads_to_its_images(rig: ApiRig, page: Page) -> None:
    """By the keyboard, too; the form beside the counts says which, and takes another range."""
    public_id = add(rig, "fake.png", "b.png", "unsure.png", "broken.png")
    page.goto(f"/jobs/{public_id}")
    bar = page.get_by_role("link", name="Scores from 0.50 to 0.55: 1")
    bar.focus()
    page.keyboard.press("Enter")
    names = page.locator("#verdicts tbody td.name")
    expect(names).to_have_text(["unsure.png"])
    expect(page.get_by_label("Score from")).to_have_value("0.5")
    page.get_by_label("to", exact=True).fill("")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["fake.png", "unsure.png"])
    page.get_by_role("link", name="Show all").click()
    expect(names).to_have_count(4)


def test_a_range_of_scores_holds_while_verdicts_land(rig: ApiRig, page: Page) -> None:
    """What lies outside of it is counted, and not shown."""
    data = {"files": [part("fake.png"), part("b.png")]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    page.goto(f"/jobs/{public_id}?min_score=0.9")
    rig.worker.run(public_id)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.locator("#verdicts tbody td.name")).to_have_text(["fake.png"])


def test_counts_that_were_asked_for_stay_while_verdicts_land(
    rig: ApiRig, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large job, too; what is unfolded and focused stays as well."""
    monkeypatch.setattr(summary, "SUMMED_AT_ONCE", 0)
    data = {"files": [part(name) for name in ("fake.png", "b.png", "broken.png")]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.plan(public_id, shard_size=1)
    first, *others = rig.worker.waiting(public_id)
    rig.worker.finish(first)
    page.goto(f"/jobs/{public_id}")
    page.get_by_role("link", name="Count them").click()
    counts = page.get_by_role("region", name="Scores and errors")
    counts.get_by_text("As numbers").click()
    bar = page.get_by_role("link", name="Scores from 0.95 to 1.00: 1")
    bar.focus()
    for shard in others:
        rig.worker.finish(shard)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(counts.get_by_text("Not a readable image 1")).to_be_visible()
    expect(counts.get_by_role("link", name="Scores from 0.00 to 0.05: 1")).to_be_visible()
    expect(counts.get_by_role("row", name="0.95 0 0 1")).to_be_visible()
    expect(bar).to_be_focused()


def test_who_reads_the_table_is_not_disturbed(rig: ApiRig, page: Page) -> None:
    """A verdict that lands above leaves the focus where it is; a search holds."""
    data = {"files": [part(name) for name in ("fake.png", "b.png", "fake-2.png")]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.plan(public_id, shard_size=1)
    first, second, third = rig.worker.waiting(public_id)
    rig.worker.finish(third)
    page.goto(f"/jobs/{public_id}?show=fake")
    link = page.locator("#verdicts").get_by_role("link", name="fake-2.png")
    link.focus()
    rig.worker.finish(first)
    rig.worker.finish(second)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.locator("#verdicts tbody td.name")).to_have_text(["fake.png", "fake-2.png"])
    expect(link).to_be_focused()

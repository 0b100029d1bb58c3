"""The list of jobs in a real browser: kept up to date, searched, and what is done with a job."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.support.api import ApiRig, part

HIDDEN = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
MANIFEST = b'{"uri": "https://example.org/a.png"}\n'


@pytest.fixture
def given() -> dict[str, Any]:
    """Jobs may be made of this prefix."""
    return {"allowed_prefixes": ["s3://photos"]}


def add(rig: ApiRig, *names: str, note: str = "spring") -> str:
    """Make a job of such images with a note on it; return its id."""
    options = f'{{"metadata": {{"campaign": "{note}"}}}}'
    data = {"files": [part(name) for name in names], "options": options}
    return rig.client.post("/v1/jobs", data=data).json["id"]


def test_the_list_is_kept_up_to_date(rig: ApiRig, page: Page) -> None:
    """State, progress and counts, and with them what can be done."""
    public_id = add(rig, "fake.png", "broken.png")
    page.goto("/jobs?find=campaign:spring")
    line = page.locator(".job-line")
    expect(line.get_by_text("Waiting")).to_be_visible()
    expect(line.get_by_text("Delete", exact=True)).to_be_hidden()
    rig.worker.plan(public_id, shard_size=1)
    first, second = rig.worker.waiting(public_id)
    rig.worker.finish(first)
    expect(line.get_by_text("Scanning")).to_be_visible()
    expect(line.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    expect(line.get_by_role("link", name="Fake 1")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    rig.worker.finish(second)
    page.context.set_offline(False)
    expect(line.get_by_text("Completed")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(line.get_by_role("button", name="Cancel job")).to_be_hidden()
    expect(line.get_by_role("button", name="Retry failed")).to_be_visible()


def test_a_job_that_is_made_elsewhere_appears(rig: ApiRig, page: Page) -> None:
    """Without a reload, in the first list and above others; times are the reader's."""
    page.goto("/jobs")
    expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
    first = add(rig, "a.png")
    expect(page.locator(".job-line")).to_have_count(1)
    expect(page.locator(".job-line time")).not_to_contain_text("UTC")
    second = add(rig, "b.png")
    expect(page.locator(".job-line")).to_have_count(2)
    assert [line.get_attribute("id") for line in page.locator(".job-line").all()] == [second, first]


def test_who_works_with_the_list_is_not_disturbed(rig: ApiRig, page: Page) -> None:
    """What is unfolded, written and focused stays, while jobs come and go on."""
    public_id = add(rig, "fake.png", "broken.png")
    page.goto("/jobs")
    page.get_by_text("New job from a manifest or a prefix").click()
    page.get_by_role("textbox", name="Prefix").fill("s3://photos/2026")
    line = page.locator(f"#{public_id}")
    line.get_by_text("Export", exact=True).click()
    link = line.get_by_role("link", name="CSV")
    link.focus()
    add(rig, "b.png")
    rig.worker.run(public_id)
    expect(page.locator(".job-line")).to_have_count(2)
    expect(line.get_by_text("Completed")).to_be_visible()
    expect(link).to_be_focused()
    expect(page.get_by_role("textbox", name="Prefix")).to_have_value("s3://photos/2026")
    line.get_by_role("button", name="Retry failed").focus()
    rig.client.post(f"/v1/jobs/{public_id}/retry")
    expect(line.get_by_role("button", name="Retry failed")).to_have_count(0)
    expect(line.get_by_role("button", name="Cancel job")).not_to_be_focused()


def test_a_search_holds_while_jobs_go_on(rig: ApiRig, page: Page) -> None:
    """What it does not find any more goes, and what it finds comes."""
    public_id = add(rig, "fake.png")
    page.goto("/jobs?state=completed")
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    rig.worker.run(public_id)
    expect(page.locator(".job-line")).to_have_count(1)
    rig.client.post(f"/jobs/{public_id}/delete", headers={"Accept": "text/html"})
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()


def test_nothing_is_asked_for_while_nobody_looks(rig: ApiRig, page: Page) -> None:
    """And at once when somebody looks again; a list that is not new comes without its jobs."""
    page.clock.install()
    add(rig, "a.png")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/jobs")
    page.evaluate(HIDDEN, True)
    page.clock.run_for(10_000)
    assert not any("/jobs/list" in url for url in asked)
    with page.expect_response("**/jobs/list*") as at_once:
        page.evaluate(HIDDEN, False)
    with page.expect_response("**/jobs/list*") as later:
        page.clock.run_for(3_000)
    assert (at_once.value.status, later.value.status) == (200, 204)


def test_jobs_are_searched(rig: ApiRig, page: Page) -> None:
    """By what is written on them, by label, by state, by the beginning of an id."""
    spring, summer = add(rig, "fake.png"), add(rig, "b.png", note="summer")
    rig.worker.run(spring)
    page.goto("/jobs")
    expect(page.locator(".job-line")).to_have_count(2)
    page.get_by_role("link", name="campaign:summer").click()
    expect(page.locator(".job-line")).to_have_count(1)
    expect(page.get_by_text(summer)).to_be_visible()
    page.get_by_label("Label").select_option("fake")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    page.get_by_label("Id, or key:value").fill(spring[4:20])
    page.get_by_label("Id, or key:value").press("Enter")
    expect(page.get_by_text(spring)).to_be_visible()
    expect(page.get_by_label("Label")).to_have_value("fake")
    page.get_by_role("link", name="Show all").click()
    expect(page.locator(".job-line")).to_have_count(2)


def test_a_job_is_tried_again_exported_and_deleted(rig: ApiRig, page: Page) -> None:
    """From the list, which comes back as it was; deleting takes two steps, by the keyboard too."""
    public_id = add(rig, "fake.png", "broken.png")
    rig.worker.run(public_id)
    page.goto("/jobs?find=campaign:spring")
    page.get_by_role("button", name="Retry failed").click()
    expect(page.locator(".job-line").get_by_text("Waiting")).to_be_visible()
    expect(page.get_by_label("Id, or key:value")).to_have_value("campaign:spring")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator(".job-line").get_by_text("Cancelled")).to_be_visible()
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == f"{public_id}.csv"
    assert "fake.png" in download.value.path().read_text()
    page.get_by_text("Delete", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Delete for good")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    assert rig.client.get(f"/v1/jobs/{public_id}").status_code == 404


def test_a_job_is_made_of_a_manifest(page: Page) -> None:
    """It leads to the job's page."""
    page.goto("/jobs")
    page.get_by_text("New job from a manifest or a prefix").click()
    form = page.get_by_role("form", name="Manifest")
    form.get_by_label("File").set_input_files(
        [FilePayload(name="list.jsonl", mimeType="application/jsonl", buffer=MANIFEST)]
    )
    form.get_by_label("A note").fill("campaign:spring")
    form.get_by_role("button", name="Scan the manifest").click()
    expect(page.get_by_role("heading", name="list.jsonl")).to_be_visible()
    page.get_by_role("button", name="Cancel job").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    expect(page.get_by_text("Delete", exact=True)).to_be_visible()


def test_a_prefix_that_is_not_allowed_is_refused_in_words(page: Page) -> None:
    """And what was written is still there when one goes back."""
    page.goto("/jobs")
    page.get_by_text("New job from a manifest or a prefix").click()
    page.get_by_role("textbox", name="Prefix").fill("s3://other/2026")
    page.get_by_role("button", name="Scan the prefix").click()
    expect(page.get_by_text("not under an allowed prefix")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("textbox", name="Prefix")).to_have_value("s3://other/2026")


def test_it_works_without_javascript(rig: ApiRig, browser: Browser, address: str) -> None:
    """All but the counts that move by themselves."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    public_id = add(rig, "broken.png")
    page.goto("/jobs")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator(".job-line").get_by_text("Cancelled")).to_be_visible()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
    assert rig.client.get(f"/v1/jobs/{public_id}").status_code == 404
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(
    rig: ApiRig, browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    """With everything that unfolds unfolded, whatever is written on a job."""
    rig.worker.run(add(rig, "broken.png", note="x" * 400))
    context = browser.new_context(
        base_url=address, viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto("/jobs")
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()

"""The scan page in a real browser: verdicts land on it, whatever was handed in and however."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect
from sqlalchemy import update

from core.sources import SourceItem
from core.storage import Storage
from core.taskqueue import Message, TaskName
from db import job_pages
from db.models import ModelVersion
from db.session import Database
from db.verdicts import NewVerdict
from tests.support.api import ApiRig, settings_for
from tests.support.images import encoded, photo_like
from tests.support.pretend_worker import judge_by_name
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion

SIZE = (256, 256)
CARD = {"calibration": {"threshold": 0.6, "band_low": 0.5, "band_high": 0.7}}
HOSTILE = "<img src=x onerror=alert(1)> fake-group.png"
PICTURE = encoded(photo_like(5, SIZE), "PNG")


@pytest.fixture
def page(page: Page) -> Page:
    """The start page."""
    page.goto("/")
    return page


def judge(position: int, item: SourceItem) -> NewVerdict:
    """Return the verdict that the name asks for, with the digest of the picture."""
    digest = hashlib.sha256(PICTURE).digest()
    return replace(judge_by_name(position, item), sha256=digest)


class ObligingQueue(RecordingQueue):
    """Has single scans done at once, as an idle worker does."""

    rig: ApiRig

    def send(self, message: Message) -> None:
        """Take the message; of a single scan, take the job to its end."""
        super().send(message)
        if message.task == TaskName.SCAN_NEXT:
            self.rig.worker.run(newest_job(self.rig), judge=judge)


@pytest.fixture
def rig(tmp_path: Path, sqlite_url: str) -> Iterator[ApiRig]:
    """The application with a champion that has a card; single scans are done at once."""
    database = Database(sqlite_url)
    add_champion(database)
    with database.write() as session:
        session.execute(update(ModelVersion).values(card=CARD))
    settings = settings_for(tmp_path, database_url=sqlite_url)
    queue = ObligingQueue()
    queue.rig = ApiRig(settings, database, Storage(settings.storage_url), queue)
    yield queue.rig
    database.close()


def newest_job(rig: ApiRig) -> str:
    """Return the id of the job that was made last."""
    with rig.database.read() as session:
        return job_pages.page(session, limit=1)[0].public_id


def hand_in(page: Page, *names: str) -> str:
    """Choose pictures and scan them; return the id of the job that appears."""
    page.get_by_label("Images", exact=True).set_input_files(
        [FilePayload(name=name, mimeType="image/png", buffer=PICTURE) for name in names]
    )
    page.get_by_role("button", name=re.compile(r"^Scan [\d,]+ images?$")).click()
    section = page.locator("[data-job]").first
    expect(section).to_be_visible()
    return section.get_attribute("data-job") or ""


def cards(page: Page) -> list[str]:
    """Return the names on the cards, in their order."""
    return page.locator(".verdict-card .card-name a").all_inner_texts()


def test_the_verdict_of_one_image_lands_on_the_page(rig: ApiRig, page: Page) -> None:
    """The interactive way: thumbnail, faces, score against its threshold, model version."""
    job_id = hand_in(page, HOSTILE)
    assert rig.client.get(f"/v1/jobs/{job_id}").json["kind"] == "single"
    card = page.locator(".verdict-card")
    expect(card).to_have_count(1)
    assert cards(page) == [HOSTILE]
    thumbnail = card.get_by_alt_text("The image that was scanned")
    thumbnail.scroll_into_view_if_needed()
    expect(thumbnail).to_have_js_property("naturalWidth", SIZE[0])
    expect(card.locator(".face")).to_have_count(2)
    expect(card.get_by_text("Too small")).to_be_visible()
    scale = card.get_by_role("img", name=re.compile("^Score 0.970"))
    expect(scale).to_have_accessible_name(re.compile("threshold 0.600, uncertain from 0.500"))
    expect(card.get_by_text("tiny-1")).to_be_visible()
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.get_by_role("heading", name="1 image")).to_be_focused()
    expect(page.get_by_role("button", name="Scan", exact=True)).to_be_disabled()
    page.reload()
    assert cards(page) == [HOSTILE]


def test_boxes_lie_on_their_faces_in_a_thumbnail(page: Page) -> None:
    """The image is centred in a box of another shape, and its faces with it."""
    hand_in(page, "fake-group.png")
    box = page.locator(".face rect").nth(1).bounding_box()
    thumb = page.locator(".thumb").bounding_box()
    assert box is not None
    assert thumb is not None
    side = thumb["height"]
    left = thumb["x"] + (thumb["width"] - side) / 2
    assert box["x"] - left == pytest.approx(10 / SIZE[0] * side, abs=3)
    assert box["width"] == pytest.approx(100 / SIZE[0] * side, abs=6)


def test_cards_land_one_after_the_other(rig: ApiRig, page: Page) -> None:
    """In the order of their landing, with the counts; a reload shows the same."""
    job_id = hand_in(page, "fake.png", "tree.png", "broken.png", "b.png")
    rig.worker.plan(job_id, shard_size=1)
    first, *others = rig.worker.waiting(job_id)
    rig.worker.finish(others[0], judge=judge)
    expect(page.locator(".verdict-card")).to_have_count(1)
    expect(page.get_by_text("No face found")).to_be_visible()
    expect(page.get_by_role("link", name="Not applicable 1")).to_be_visible()
    for shard_id in [first, *others[1:]]:
        rig.worker.finish(shard_id, judge=judge)
    expect(page.locator(".verdict-card")).to_have_count(4)
    expect(page.get_by_text("Completed")).to_be_visible()
    landed = cards(page)
    assert landed == ["tree.png", "fake.png", "broken.png", "b.png"]
    expect(page.get_by_text("The file is damaged, or no image.")).to_be_visible()
    page.reload()
    expect(page.locator(".verdict-card")).to_have_count(4)
    assert cards(page) == landed


@pytest.mark.parametrize("way", ["refused", "cut"])
def test_nothing_is_lost_when_streams_break(rig: ApiRig, page: Page, way: str) -> None:
    """The page asks instead."""

    def break_off(route: Route) -> None:
        if way == "cut":
            route.abort()
        else:
            route.fulfill(status=503)

    page.route("**/events?*", break_off)
    job_id = hand_in(page, "fake.png", "b.png")
    rig.worker.plan(job_id, shard_size=1)
    for count, shard_id in enumerate(rig.worker.waiting(job_id), 1):
        rig.worker.finish(shard_id, judge=judge)
        expect(page.locator(".verdict-card")).to_have_count(count)
    expect(page.get_by_text("Completed")).to_be_visible()


def test_cards_that_could_not_be_read_are_asked_for_again(rig: ApiRig, page: Page) -> None:
    """The page says that the server is away, and catches up."""
    job_id = hand_in(page, "fake.png", "b.png")
    page.route("**/cards?*", lambda route: route.abort())
    rig.worker.run(job_id, judge=judge)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/cards?*")
    expect(page.locator(".verdict-card")).to_have_count(2)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_job_of_many_images_shows_the_first_cards(rig: ApiRig, page: Page) -> None:
    """And leads to the page that has all of them."""
    job_id = hand_in(page, *(f"{place}.png" for place in range(330)))
    rig.worker.run(job_id, judge=judge)
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.get_by_text("These are the verdicts that came first.")).to_be_visible()
    assert 200 <= page.locator(".verdict-card").count() < 330
    page.get_by_role("link", name="The job's page").click()
    expect(page).to_have_url(re.compile(f"/jobs/{job_id}$"))


def test_several_jobs_are_followed_on_one_page(rig: ApiRig, page: Page) -> None:
    """The newest first."""
    first = hand_in(page, "a.png", "b.png")
    page.get_by_label("Images", exact=True).set_input_files(
        [FilePayload(name="fake.png", mimeType="image/png", buffer=PICTURE)]
    )
    page.get_by_role("button", name="Scan 1 image").click()
    expect(page.locator("[data-job]")).to_have_count(2)
    expect(page.locator(f"[data-job={first}] .verdict-card")).to_have_count(0)
    rig.worker.run(first, judge=judge)
    expect(page.locator(f"[data-job={first}] .verdict-card")).to_have_count(2)
    assert cards(page) == ["fake.png", "a.png", "b.png"]


def test_images_may_be_chosen_before_the_script_is_there(page: Page) -> None:
    """On a slow network, what was chosen is not forgotten."""
    held: list[Route] = []
    page.route("**/upload.js", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    images = [
        FilePayload(name=name, mimeType="image/png", buffer=PICTURE) for name in ("a.png", "b.png")
    ]
    page.get_by_label("Images", exact=True).set_input_files(images)
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.get_by_role("button", name="Scan 2 images")).to_be_visible()


def test_an_image_is_pasted(page: Page) -> None:
    """It gets a name of its own, and is scanned like any other."""
    for _ in range(2):
        page.evaluate(
            """() => {
                const data = new DataTransfer();
                data.items.add(new File(["x"], "image.png", { type: "image/png" }));
                const given = { clipboardData: data, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new ClipboardEvent("paste", given));
            }"""
        )
    expect(page.get_by_role("button", name="Scan 2 images")).to_be_enabled()


def test_pasted_urls_are_scanned(rig: ApiRig, page: Page) -> None:
    """Pasted anywhere on the page, they come into their field."""
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "https://example.org/fake.png\\nhttps://example.org/b.png");
            const given = { clipboardData: data, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new ClipboardEvent("paste", given));
        }"""
    )
    expect(page.get_by_label("Or paste URLs")).to_be_focused()
    page.get_by_role("button", name="Scan URLs").click()
    expect(page.locator("[data-job]")).to_have_count(1)
    expect(page.get_by_label("Or paste URLs")).to_have_value("")
    assert rig.client.get(f"/v1/jobs/{newest_job(rig)}").json["source"]["type"] == "urls"


def test_a_url_that_is_refused_is_named(page: Page) -> None:
    """With the reason; what was pasted stays."""
    pasted = "https://example.org/a.png\n\nftp://example.org/b.png"
    page.get_by_label("Or paste URLs").fill(pasted)
    page.get_by_role("button", name="Scan URLs").click()
    said = page.get_by_role("alert")
    expect(said).to_contain_text("Nothing was scanned. Number 2, ftp://example.org/b.png: Only")
    expect(page.get_by_label("Or paste URLs")).to_have_value(pasted)
    expect(page.locator("[data-job]")).to_have_count(0)


def test_it_works_without_javascript(rig: ApiRig, browser: Browser, address: str) -> None:
    """The forms lead to the job's page; the page's address shows the verdicts that are there."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Or paste URLs").fill("https://example.org/fake.png\n")
    page.get_by_role("button", name="Scan URLs").click()
    expect(page).to_have_url(re.compile("/jobs/job_"))
    job_id = newest_job(rig)
    rig.worker.run(job_id)
    page.goto(f"/?job={job_id}&job=job_{'0' * 32}")
    assert cards(page) == ["fake.png"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(
    rig: ApiRig, browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    """Whatever the images are called."""
    context = browser.new_context(
        base_url=address, viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto("/")
    job_id = hand_in(page, "fake-group" + "x" * 200 + ".png", "broken.png", "tree.png")
    rig.worker.run(job_id, judge=judge)
    expect(page.locator(".verdict-card")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()

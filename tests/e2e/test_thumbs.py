"""The small images of cards in a real browser: whom they are asked of, and how often."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlalchemy import update

from core.sources import SourceItem
from db.models import Job
from db.verdicts import NewVerdict
from tests.support.api import ApiRig, png
from tests.support.pretend_worker import judge_by_name
from tests.support.rows import add_job_of, get_job
from tests.support.web import LOOPBACK, Web, web_server

PICTURE = png()
WIDTH = 32


@pytest.fixture
def given() -> dict[str, Any]:
    """Images may be fetched from this machine."""
    return {"outbound_allowed_networks": LOOPBACK}


@pytest.fixture
def web() -> Iterator[Web]:
    """Another server, which has the image."""
    with web_server() as web:
        web.serve("/fake.png", PICTURE)
        yield web


def scan(rig: ApiRig, root: str, *names: str) -> str:
    """Scan images at URLs; return the id of the job."""

    def judge(position: int, item: SourceItem) -> NewVerdict:
        digest = hashlib.sha256(PICTURE).digest()
        return replace(judge_by_name(position, item), sha256=digest)

    job = add_job_of(rig.database, list(names), root=root)
    with rig.database.write() as session:
        session.execute(update(Job).values(source={"type": "urls", "uri": "s3://kept/list"}))
    public_id = get_job(rig.database, job).public_id
    rig.worker.run(public_id, judge=judge)
    return public_id


@pytest.fixture
def public_id(rig: ApiRig, web: Web) -> str:
    """A job of the image at its URL."""
    return scan(rig, web.root, "fake.png")


def shown(page: Page) -> Locator:
    """The small image."""
    return page.get_by_alt_text("The image that was scanned")


@pytest.mark.parametrize("path", ["/?job={id}", "/jobs/{id}?view=grid"])
def test_another_server_is_asked_when_somebody_wants_it(
    page: Page, public_id: str, web: Web, path: str
) -> None:
    """By a click on the card, which stays where it is."""
    page.goto(path.format(id=public_id))
    expect(page.get_by_text("The image is on localhost.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert web.requests == []
    page.get_by_role("link", name="Fetch it from there").click()
    expect(shown(page)).to_have_js_property("naturalWidth", WIDTH)
    expect(page.get_by_role("link", name="fake.png")).to_be_focused()
    assert web.requests == ["GET /fake.png"]


def test_cards_that_are_read_again_say_so(rig: ApiRig, page: Page, web: Web) -> None:
    """Whatever is in their place, until they come."""
    public_id = scan(rig, web.root, *(f"b-{i:03d}.png" for i in range(180)))
    page.goto(f"/jobs/{public_id}?view=grid")
    page.mouse.move(500, 500)
    while page.get_by_role("link", name="b-179.png").count() == 0:
        page.mouse.wheel(0, 900)
    page.route("**/grid?*", lambda _: None)  # an answer that does not come
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".rows .waiting").first).to_contain_text("Being loaded")
    assert web.requests == []


def test_another_server_is_asked_without_javascript(
    browser: Browser, address: str, public_id: str, web: Web
) -> None:
    """The card leads to the page of the verdict."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/?job={public_id}")
    assert web.requests == []
    page.get_by_role("link", name="Fetch it from there").click()
    expect(shown(page)).to_be_visible()
    assert set(web.requests) == {"GET /fake.png"}
    context.close()


def test_a_busy_server_is_asked_again_when_it_says(page: Page, public_id: str) -> None:
    """Until the image comes."""
    answers = iter([503, 503, 429])

    def refuse(route: Route) -> None:
        status = next(answers, None)
        if status is None:
            route.continue_()
        else:
            route.fulfill(status=status, headers={"Retry-After": "1"})

    page.route("**/image.jpg?*", refuse)
    page.goto(f"/?job={public_id}")
    page.get_by_role("link", name="Fetch it from there").click()
    expect(shown(page)).to_have_js_property("naturalWidth", WIDTH)
    expect(page.locator(".thumb.gone")).to_have_count(0)
    assert next(answers, None) is None


def test_an_image_that_is_gone_is_not_asked_for_again(page: Page, public_id: str) -> None:
    """Once to be shown, once to hear why it was not."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=410)

    page.route("**/image.jpg?*", refuse)
    page.goto(f"/?job={public_id}")
    page.get_by_role("link", name="Fetch it from there").click()
    expect(page.locator(".thumb.gone")).to_be_visible()
    assert len(asked) == 2

"""Signing in to the pages in a real browser, with an API key."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from core.terms import Scope
from db import api_keys
from tests.support.api import ApiRig, part, png


@pytest.fixture
def given() -> dict[str, Any]:
    """It asks for API keys."""
    return {"require_api_keys": "always"}


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page of a browser that knows no key."""
    context = browser.new_context(base_url=address)
    yield context.new_page()
    context.close()


def sign_in(page: Page, key: str) -> None:
    """Fill in the form and send it."""
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_signing_in_leads_to_the_page_that_was_asked_for(rig: ApiRig, page: Page) -> None:
    """After a wrong key and a right one; signing out closes everything again."""
    key = rig.add_key("app")
    page.goto("/jobs?state=queued")
    expect(page).to_have_title(re.compile("^Sign in"))
    expect(page.get_by_label("API key")).to_be_focused()
    sign_in(page, "fsk_wrong")
    expect(page.get_by_role("alert")).to_contain_text("The API key is not valid.")
    sign_in(page, key)
    expect(page).to_have_url(re.compile(r"/jobs\?state=queued$"))
    assert key not in page.content()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title(re.compile("^Sign in"))
    page.go_back()
    expect(page).to_have_title(re.compile("^Sign in"))


def test_the_scripts_of_the_pages_use_the_cookie(rig: ApiRig, page: Page) -> None:
    """Handing in images, and following the job without a reload."""
    page.goto("/")
    sign_in(page, rig.add_key("app"))
    expect(page).to_have_title(re.compile("^Scan images"))
    page.wait_for_load_state()  # the page's script is there from then on
    images = [
        FilePayload(name=name, mimeType="image/png", buffer=png()) for name in ("fake.png", "b.png")
    ]
    page.get_by_label("Images").set_input_files(images)
    page.get_by_role("button", name="Scan 2 images").click()
    page.get_by_role("link", name="Open the job").click()
    page.wait_for_url(re.compile(r"/jobs/job_[0-9a-f]{32}$"))
    expect(page.get_by_text("Waiting")).to_be_visible()
    rig.worker.run(page.url.rpartition("/")[2])
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.get_by_text("0.970")).to_be_visible()


def test_another_persons_job_is_not_there(rig: ApiRig, page: Page) -> None:
    """A link to it leads to the same page as a link to nothing."""
    owner = rig.client_with(rig.add_key("owner"))
    made = owner.post("/v1/jobs", data={"files": part("a.png")})
    page.goto(f"/jobs/{made.json['id']}")
    sign_in(page, rig.add_key("other"))
    expect(page.get_by_role("heading", name="Not Found")).to_be_visible()


def test_a_key_that_is_revoked_meanwhile_signs_out(rig: ApiRig, page: Page) -> None:
    """Even a page that follows a job by itself turns into the form, which leads back."""
    key = rig.add_key("app")
    made = rig.client_with(key).post("/v1/jobs", data={"files": part("a.png")})
    page.goto(f"/jobs/{made.json['id']}")
    sign_in(page, key)
    expect(page.get_by_text("Waiting")).to_be_visible()
    with rig.database.write() as session:
        api_keys.revoke(session, "app")
    expect(page).to_have_title(re.compile("^Sign in"))
    sign_in(page, rig.add_key("new", Scope.ADMIN))
    expect(page).to_have_url(re.compile(f"/jobs/{made.json['id']}$"))
    expect(page.get_by_text("Waiting")).to_be_visible()


def test_a_list_that_is_open_signs_out_as_well(rig: ApiRig, page: Page) -> None:
    """The form takes the place of the page, not of a part of it."""
    page.goto("/jobs?state=queued")
    sign_in(page, rig.add_key("app"))
    expect(page.get_by_text("There are no such jobs.")).to_be_visible()
    with rig.database.write() as session:
        api_keys.revoke(session, "app")
    expect(page).to_have_title(re.compile("^Sign in"))
    sign_in(page, rig.add_key("new"))
    expect(page).to_have_url(re.compile(r"/jobs\?state=queued$"))

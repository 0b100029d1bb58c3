"""The page of the API in a real browser, under the strict policy of all pages."""

from pathlib import Path

from playwright.sync_api import expect

from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.browser import launched_browser, served


def test_the_api_is_shown_by_what_lies_here(tmp_path: Path, sqlite_url: str) -> None:
    """Every operation, with nothing from another site and nothing that the policy forbids."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    rig = ApiRig(settings, Database(sqlite_url), Storage(settings.storage_url))
    complaints: list[str] = []
    asked: list[str] = []
    with served(rig.app) as address, launched_browser() as browser:
        page = browser.new_page(base_url=address)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/")
        page.get_by_role("link", name="API", exact=True).click()
        expect(page.locator(".opblock").first).to_be_visible()
        assert page.locator(".opblock").count() > 20
        page.locator("#operations-jobs-create_job .opblock-summary-control").click()
        expect(page.get_by_text('"path": "/data/faces"').first).to_be_visible()
        browser.close()
    assert complaints == []
    assert all(url.startswith((address, "data:")) for url in asked)

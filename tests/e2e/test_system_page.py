"""The page of the system in a real browser: its figures go on without a reload."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from core.storage import Storage
from db.session import Database
from tests.e2e.test_accessibility import grave_findings
from tests.support.api import ApiRig, settings_for
from tests.support.browser import served, watched_page
from tests.support.rows import add_champion
from tests.unit.db.test_workers import REPORT, say


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """The installation's database, with a champion."""
    database = Database(sqlite_url)
    add_champion(database)
    yield database
    database.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path, database: Database, sqlite_url: str) -> Iterator[Page]:
    """A browser whose clock the test sets; its complaints fail the test."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    rig = ApiRig(settings=settings, database=database, storage=Storage(settings.storage_url))
    with served(rig.app) as address, watched_page(browser, address) as page:
        page.clock.install()
        yield page


def test_the_figures_go_on_by_themselves(database: Database, page: Page) -> None:
    """A worker appears, its rate is drawn, and the times are the reader's."""
    page.goto("/system")
    expect(page.get_by_text("No worker reports, so nothing is scanned")).to_be_visible()
    say(database, "a:1", replace(REPORT, rate=7.5))
    page.clock.run_for(6000)
    expect(page.get_by_role("rowheader", name="a:1")).to_be_visible()
    expect(page.locator(".counts div").first).to_contain_text("7.5")
    expect(page.locator("#pace canvas")).to_be_visible()
    expect(page.locator("#figures time")).not_to_contain_text("UTC")


def test_a_phone_shows_it_without_overflowing(database: Database, page: Page) -> None:
    """Wide tables scroll by themselves, also by the keyboard."""
    say(database, "a-host-with-a-long-name.example:12345")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/system")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    region = page.get_by_role("region", name="Workers and devices").locator("[tabindex]")
    region.focus()
    page.keyboard.press("End")
    expect(region).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shuts_nobody_out(
    database: Database, page: Page, scheme: Literal["light", "dark"]
) -> None:
    """Nothing serious by the rules of axe-core: with workers and errors, and the chart."""
    page.emulate_media(color_scheme=scheme)
    say(database, "a:1", replace(REPORT, errors=1, last_error="No memory."))
    page.goto("/system")
    page.clock.run_for(6000)
    expect(page.locator("#pace canvas")).to_be_visible()
    assert grave_findings(page) == []

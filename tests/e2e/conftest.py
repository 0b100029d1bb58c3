"""What the tests of the web pages share: a browser, the application, and a page of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from core.storage import Storage
from db.models import ModelVersion
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.browser import launched_browser, served, watched_page
from tests.support.rows import add_champion


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file."""
    with launched_browser() as browser:
        yield browser


@pytest.fixture
def given() -> dict[str, Any]:
    """The settings of the application that are not the tests' usual ones; files override it."""
    return {}


@pytest.fixture
def card() -> dict[str, Any]:
    """The card of the champion; files override it."""
    return {}


@pytest.fixture
def rig(
    tmp_path: Path, sqlite_url: str, given: dict[str, Any], card: dict[str, Any]
) -> Iterator[ApiRig]:
    """The application with a champion, a recording queue and a pretend worker."""
    database = Database(sqlite_url)
    add_champion(database)
    if card:
        with database.write() as session:
            session.execute(update(ModelVersion).values(card=card))
    settings = settings_for(tmp_path, database_url=sqlite_url, **given)
    yield ApiRig(settings=settings, database=database, storage=Storage(settings.storage_url))
    database.close()


@pytest.fixture
def address(rig: ApiRig) -> Iterator[str]:
    """Where the application is served."""
    with served(rig.app) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """An empty page; whatever the browser complains about fails the test."""
    with watched_page(browser, address) as page:
        yield page

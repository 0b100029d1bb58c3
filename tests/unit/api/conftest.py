"""Assembles what the API's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.rows import add_champion


@pytest.fixture
def bare_rig(tmp_path: Path, sqlite_url: str) -> Iterator[ApiRig]:
    """An application with an empty database: no model version, no job."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    database = Database(settings.database_url)
    yield ApiRig(settings=settings, database=database, storage=Storage(settings.storage_url))
    database.close()


@pytest.fixture
def rig(bare_rig: ApiRig) -> ApiRig:
    """An application with a champion to scan with."""
    add_champion(bare_rig.database)
    return bare_rig

"""Assembles what the API's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.rows import add_champion


@pytest.fixture
def make_rig(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[..., ApiRig]]:
    """A builder of applications with an empty database, and whatever settings the test needs."""
    database = Database(sqlite_url)

    def make(**values: object) -> ApiRig:
        settings = settings_for(tmp_path, database_url=sqlite_url, **values)
        return ApiRig(settings=settings, database=database, storage=Storage(settings.storage_url))

    yield make
    database.close()


@pytest.fixture
def bare_rig(make_rig: Callable[..., ApiRig]) -> ApiRig:
    """An application with an empty database: no model version, no job."""
    return make_rig()


@pytest.fixture
def rig(bare_rig: ApiRig) -> ApiRig:
    """An application with a champion to scan with."""
    add_champion(bare_rig.database)
    return bare_rig


@pytest.fixture
def guarded_rig(make_rig: Callable[..., ApiRig]) -> ApiRig:
    """An application that requires API keys, with a champion to scan with."""
    rig = make_rig(require_api_keys="always")
    add_champion(rig.database)
    return rig

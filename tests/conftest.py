"""Assembles the fixtures that tests of several packages share; the parts live in tests/support."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db.migrations import upgrade
from db.models import Base
from db.session import Database
from tests.support.services import provided_broker, provided_database

os.environ.setdefault("FAKESWEEP_ENGINE", "torch")  # no test of something else waits for OpenVINO


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """A real broker, shared by the session's tests."""
    with provided_broker() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real Postgres database with the newest tables, shared by the session's tests."""
    with provided_database() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database of the test's own, with the newest tables."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'fakesweep.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of either kind: what holds must hold on both."""
    if request.param == "sqlite":
        database = Database(request.getfixturevalue("sqlite_url"))
    else:
        database = Database(request.getfixturevalue("postgres_url"))
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with database.write() as session:
            session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield database
    database.close()

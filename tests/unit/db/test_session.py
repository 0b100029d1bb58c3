"""The way to the database: migrations, one clock, transactions that end, sentences."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text

from core.errors import ConfigurationError
from db.clock import UtcDateTime, database_time
from db.migrations import require_current, upgrade
from db.migrations.comparing import comparing
from db.models import Base, ModelVersion
from db.session import Database, allow_long_transaction
from tests.support.rows import add_champion


def test_migrations_make_the_tables_that_the_code_expects(database: Database) -> None:
    """After all migrations nothing is left to generate, on either database."""
    require_current(database)
    with database.engine.connect() as connection:
        options = comparing(connection.dialect.name)
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_postgres_looks_up_nothing_for_a_verdict(database: Database) -> None:
    """A reference costs it a query for each row; SQLite checks them by the way."""
    found = inspect(database.engine).get_foreign_keys("verdicts")
    is_postgres = database.engine.dialect.name == "postgresql"
    assert {reference["referred_table"] for reference in found} == (
        set() if is_postgres else {"jobs", "model_versions"}
    )


def test_upgrading_twice_keeps_what_is_there(sqlite_url: str) -> None:
    """A second upgrade changes nothing."""
    database = Database(sqlite_url)
    add_champion(database)
    upgrade(sqlite_url)
    with database.read() as session:
        assert session.scalar(select(ModelVersion.name)) == "tiny-1"


def test_an_empty_database_is_a_sentence(tmp_path: Path) -> None:
    """Who starts on tables that are not there is told which command makes them."""
    with pytest.raises(ConfigurationError, match="fakesweep db upgrade"):
        require_current(Database(f"sqlite:///{tmp_path}/empty.db"))


@pytest.mark.parametrize("url", ["nonsense", "nosql://host/name"])
def test_a_database_url_that_is_off_is_a_sentence(url: str) -> None:
    """A wrong URL names the setting and its forms."""
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        Database(url)


def test_a_database_that_is_down_is_a_sentence_without_its_password() -> None:
    """The sentence shows where the database was looked for, and no secret."""
    database = Database("postgresql+psycopg://me:hush@127.0.0.1:1/faces")
    with pytest.raises(ConfigurationError, match="does not answer") as caught:
        database.check()
    assert "hush" not in str(caught.value)


def test_the_clock_is_the_databases_and_in_utc(database: Database) -> None:
    """Its time is aware, near ours, and moves by its offset."""
    with database.read() as session:
        now, later = session.execute(select(database_time(), database_time(90))).one()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    assert timedelta(seconds=89) < later - now < timedelta(seconds=91)


def test_a_naive_time_is_refused(database: Database) -> None:
    """Times without a zone never reach the database."""
    with pytest.raises(ValueError, match="has no zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), database.engine.dialect)


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    """An exception rolls the whole transaction back."""

    def write_half() -> None:
        with database.write() as session:
            session.add(ModelVersion(name="half-1", fingerprint="f", card={}))
            session.flush()
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_half()
    with database.read() as session:
        assert session.scalar(select(ModelVersion)) is None


def test_postgres_lets_no_frozen_process_keep_its_locks(postgres_url: str) -> None:
    """A transaction whose process says nothing more is ended by the server."""
    database = Database(postgres_url)
    with database.write() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10s"
    database.close()


def test_sqlite_writes_ahead(sqlite_url: str) -> None:
    """The embedded database is in WAL mode, so readers do not wait for writers."""
    with Database(sqlite_url).read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_postgres_ends_a_client_that_is_frozen_within_a_pipeline(postgres_url: str) -> None:
    """Such a client does not count as idle, so that the whole transaction has a limit as well."""
    database = Database(postgres_url)
    with database.read() as session:
        assert session.scalar(text("SHOW transaction_timeout")) == "30s"
    with database.engine.begin() as connection:
        allow_long_transaction(connection)
        assert connection.scalar(text("SHOW transaction_timeout")) == "0"
    database.close()

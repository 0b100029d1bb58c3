"""The way to the database: one engine a process, a session for each transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from psycopg import Connection as PostgresConnection
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.errors import ConfigurationError

BUSY_TIMEOUT_S = 30
TRANSACTION_TIMEOUT_SINCE = 170000  # Postgres 17


class Database:
    """Opens sessions on one engine. `read` rolls back at its end, `write` commits."""

    def __init__(self, url: str, *, ping: bool = True) -> None:
        """Prepare the engine. `ping` tries each connection before it is used.

        Who tries a failed transaction again can do without: one round trip less for each.
        """
        self.engine = _create_engine(url, ping)
        writing = self.engine.execution_options(fakesweep_writes=True)
        self._read = sessionmaker(self._reading(), expire_on_commit=False)
        self._write = sessionmaker(writing, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that changes nothing.

        On SQLite it sees one state of the database; on Postgres, each statement sees the newest.
        """
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session whose changes are committed together, or not at all."""
        with self._write.begin() as session:
            yield session

    def _reading(self) -> Engine:
        """Return the engine of reads, which on Postgres cost no round trips around them.

        There, the transaction of a read would begin anew with each statement in any case.
        """
        if self.engine.dialect.name == "postgresql":
            return self.engine.execution_options(isolation_level="AUTOCOMMIT")
        return self.engine

    def check(self) -> None:
        """Raise ConfigurationError with a sentence when the database does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            shown = self.engine.url.render_as_string(hide_password=True)
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise ConfigurationError(
                f"The database at {shown} does not answer ({reason}). "
                "Start it, or correct DATABASE_URL."
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def allow_long_transaction(connection: Connection) -> None:
    """Let the current transaction take as long as it needs, as that of a migration may."""
    version = connection.dialect.server_version_info or ()
    if connection.dialect.name == "postgresql" and version >= (17,):
        connection.execute(text("SET LOCAL transaction_timeout = 0"))


def _create_engine(url: str, ping: bool) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _create_sqlite_engine(url, parsed.database)
        return _create_postgres_engine(url, ping)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"DATABASE_URL is not usable ({error}); write it as "
            "sqlite:////path/file.db or postgresql+psycopg://user:password@host/name."
        ) from error


def _create_postgres_engine(url: str, ping: bool) -> Engine:
    engine = create_engine(url, pool_pre_ping=ping, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _configure_postgres)
    return engine


def _configure_postgres(connection: PostgresConnection, _record: Any) -> None:  # noqa: ANN401 - pool's
    # A process that is frozen, or whose machine is, must not keep its locks until it is back.
    # Between two statements of one transaction, nobody is waited for.
    connection.execute("SET idle_in_transaction_session_timeout = '10s'")
    # Between two rows of a pipelined insert, a frozen client does not count as idle.
    if connection.info.server_version >= TRANSACTION_TIMEOUT_SINCE:
        connection.execute("SET transaction_timeout = '30s'")
    connection.commit()


def _create_sqlite_engine(url: str, file: str | None) -> Engine:
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: SqliteConnection, _record: Any) -> None:  # noqa: ANN401 - pool's
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another has written
    # between; taking the write lock at the start makes it wait for its turn instead.
    writes = connection.get_execution_options().get("fakesweep_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

"""The database that the settings name, opened for a command that works in it itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.settings import Settings
from db.migrations import require_current
from db.session import Database


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """Yield the database; raises ConfigurationError if it is away, or not of this release."""
    database = Database(settings.database_url)
    try:
        database.check()
        require_current(database)
        yield database
    finally:
        database.close()

"""Alembic migrations, from the first table on; `upgrade` brings a database to the newest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import ConfigurationError
from db.session import Database

FOLDER = Path(__file__).parent


def upgrade(database_url: str, *, revision: str = "head") -> None:
    """Create or update the tables; does nothing to a database that is up to date."""
    database = Database(database_url)
    database.check()
    database.close()
    command.upgrade(_configuration(database_url), revision)


def newest_revision() -> str | None:
    """Return the revision that this release's tables are at."""
    return ScriptDirectory.from_config(_configuration("")).get_current_head()


def require_current(database: Database) -> None:
    """Raise ConfigurationError with a sentence when the tables are not the newest."""
    newest = newest_revision()
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != newest:
        raise ConfigurationError(
            f"The database is at revision {current or 'none'}, this release needs {newest}; "
            "run `fakesweep db upgrade`."
        )


def _configuration(database_url: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER))
    configuration.attributes["database_url"] = database_url
    return configuration

"""What must be in order before the stack starts: tables, model versions, another's broker."""

from cli.database import opened_database
from core.registry import Registry
from core.settings import Settings
from core.taskqueue import create_celery, require_broker
from db import model_versions
from db.migrations import upgrade


def prepare(settings: Settings) -> None:
    """Bring the tables to this release and register new model versions.

    Raises ConfigurationError: no database, no model version, no broker where one was named.
    """
    if not settings.uses_embedded_broker:
        require_broker(create_celery(settings.broker_url))
    upgrade(settings.database_url)
    sync_models(settings)
    with opened_database(settings) as database, database.read() as session:
        model_versions.champion(session)


def sync_models(settings: Settings) -> list[str]:
    """Register the registry's new model versions; return their ids."""
    found = Registry(settings.registry_dir).list()
    with opened_database(settings) as database, database.write() as session:
        return [version.name for version in model_versions.sync(session, found)]

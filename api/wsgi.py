"""The entry for WSGI servers: `gunicorn 'api.wsgi:create()'`."""

from flask import Flask

from api.app import create_app
from core.logs import configure_logs
from core.settings import load_settings
from core.storage import Storage
from core.taskqueue import CeleryTaskQueue, create_celery
from db.migrations import require_current
from db.session import Database


def create() -> Flask:
    """Return the application that the environment's settings describe.

    Raises ConfigurationError with a sentence: settings that are not valid, a database that does
    not answer or is not at this release's revision, storage that cannot be opened.
    """
    settings = load_settings()
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    database = Database(settings.database_url)
    database.check()
    require_current(database)
    return create_app(
        settings,
        database=database,
        queue=CeleryTaskQueue(create_celery(settings.broker_url)),
        storage=Storage(settings.storage_url),
    )

"""The entry for WSGI servers: `gunicorn 'api.wsgi:create()'`."""

from flask import Flask

from api.access import keys_required
from api.app import create_app
from api.protection import is_loopback
from core.logs import configure_logs, get_logger
from core.settings import Settings, load_settings
from core.storage import Storage
from core.taskqueue import CeleryTaskQueue, create_celery
from db import api_keys
from db.migrations import require_current
from db.session import Database

log = get_logger(__name__)


def create() -> Flask:
    """Return the application that the environment's settings describe.

    It cannot know on which address the server listens, so FAKESWEEP_REQUIRE_API_KEYS=auto
    requires keys here. Raises ConfigurationError as `assemble` does.
    """
    settings = load_settings()
    if settings.require_api_keys == "auto":
        settings = settings.model_copy(update={"require_api_keys": "always"})
    return assemble(settings)


def assemble(settings: Settings) -> Flask:
    """Return the application, and log what its administrator should know.

    Raises ConfigurationError with a sentence: settings that are not valid, a database that does
    not answer or is not at this release's revision, storage that cannot be opened.
    """
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    database = Database(settings.database_url)
    database.check()
    require_current(database)
    _warn(settings, database)
    return create_app(
        settings,
        database=database,
        queue=CeleryTaskQueue(create_celery(settings.broker_url)),
        storage=Storage(settings.storage_url),
    )


def _warn(settings: Settings, database: Database) -> None:
    if not keys_required(settings):
        if not is_loopback(settings.api_host):
            log.warning(
                "open_to_everybody",
                reason=f"The API listens on {settings.api_host} and requires no API keys: whoever "
                "reaches it can scan, and read every verdict. Set FAKESWEEP_REQUIRE_API_KEYS=auto.",
            )
        return
    with database.read() as session:
        if not api_keys.everyone(session):
            log.warning(
                "no_api_keys",
                reason="API keys are required and there are none, so nobody can call the API. "
                "`fakesweep keys create NAME --scope admin` makes one.",
            )

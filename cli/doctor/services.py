"""What the doctor asks of the services: database, broker, storage, workers, the API."""

from importlib.metadata import version
from pathlib import Path

from sqlalchemy import make_url

from cli.connection import default_url
from cli.doctor.finding import Found, fault, ok, warning
from cli.doctor.machine import existing_part
from cli.stack.lock import find_holder
from client import ApiError, Client, ConnectionFailed
from core.localfiles import local_path
from core.settings import Settings
from core.storage import Storage
from core.taskqueue import create_celery, require_broker
from db.migrations import require_current
from db.session import Database

PING_TIMEOUT_S = 1.5
PROBE = "readiness"  # the key that /readyz writes as well


def look_at_database(settings: Settings) -> Found:
    """Ask whether the database answers, with the tables of this release."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return warning(
            f"There is no database at {url.database} yet; `fakesweep up`, or `fakesweep db "
            "upgrade`, makes it."
        )
    database = Database(settings.database_url)
    try:
        database.check()
        require_current(database)
    finally:
        database.close()
    return ok(f"The database at {url.render_as_string()} answers, and its tables are the newest.")


def look_at_broker(settings: Settings) -> Found:
    """Ask whether the broker answers; that of this machine runs with the stack alone."""
    if settings.uses_embedded_broker and find_holder(settings.data_dir / "run") is None:
        return warning("The broker of this machine is not running; `fakesweep up` starts it.")
    app = create_celery(settings.broker_url)
    require_broker(app)
    return ok(f"The broker at {app.connection_for_write().as_uri()} answers.")


def look_at_storage(settings: Settings) -> Found:
    """Write a few bytes to storage, as the API does to know whether it is ready."""
    url = settings.storage_url
    if url.startswith("file:") and not (folder := Path(local_path(url))).exists():
        return ok(f"Storage at {folder} will be made in {existing_part(folder)} when needed.")
    Storage(url).write(PROBE, b"ok")
    return ok(f"Storage at {url} can be written.")


def look_at_workers(settings: Settings) -> Found:
    """Ask the workers to answer, through the broker."""
    if look_at_broker(settings)[0] != "ok":
        return warning("Workers cannot be asked without a broker; see the broker.")
    found = create_celery(settings.broker_url).control.ping(timeout=PING_TIMEOUT_S)
    names = sorted(name for answer in found or () for name in answer)
    if not names:
        return warning(
            "No worker answers, so nothing is scanned; start one with `fakesweep worker`. One that "
            "has just been started may still be loading its model."
        )
    return ok(f"Workers that answer: {', '.join(names)}.")


def look_at_api(settings: Settings) -> Found:
    """Ask the API of these settings which release it is, and whether it is ready."""
    url = default_url()
    try:
        with Client(url, settings.api_key or None, timeout_s=5, attempts=1) as client:
            return _judged(url, client.version(), is_ready=client.is_ready())
    except ConnectionFailed:
        return warning(
            f"Nothing answers at {url}; start the API with `fakesweep up`, or `fakesweep api`."
        )
    except ApiError as error:
        return warning(
            f"The API at {url} answers, and does not say which release it is ({error}); set "
            "FAKESWEEP_API_KEY to a key that it takes."
        )


def _judged(url: str, release: str, *, is_ready: bool) -> Found:
    ours = version("fakesweep")
    if not is_ready:
        return fault(
            f"The API at {url} answers, and is not ready: what it needs does not answer. See the "
            f"lines above, and {url}/readyz."
        )
    if release != ours:
        return warning(
            f"The API at {url} is fakesweep {release}, and this command {ours}; restart the API, "
            "or use the command of its release."
        )
    return ok(f"The API at {url} is fakesweep {release}, and is ready.")

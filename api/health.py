"""Whether the API lives, and whether everything it needs answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from sqlalchemy.exc import SQLAlchemyError

from api.access import keys_required
from api.document import HEALTH, OPEN_TO_ALL, described, problems
from api.problem_schemas import Health
from api.services import Services, services
from api.shapes import answer
from core.errors import FakesweepError
from core.logs import get_logger
from core.taskqueue import QueueName
from db.migrations import require_current

CHECK_TIMEOUT_S = 2.0

log = get_logger(__name__)

blueprint = APIBlueprint("health", __name__, abp_tags=[HEALTH])


@blueprint.get(
    "/healthz",
    operation_id="read_health",
    summary="Ask whether the API lives",
    openapi_extensions=OPEN_TO_ALL,
    responses={200: Health, **problems(open_to_all=True)},
)
def read_health() -> Response:
    """Return that the process answers."""
    return answer(Health(status="ok"))


@blueprint.get(
    "/readyz",
    operation_id="read_readiness",
    summary="Ask whether the database, the broker and the storage answer",
    openapi_extensions=OPEN_TO_ALL,
    responses={
        **problems(open_to_all=True),
        200: described(Health, "Everything answers."),
        503: described(Health, "Something does not; `checks` says what, in sentences."),
    },
)
def read_readiness() -> Response:
    """Return what each part of the installation answers."""
    checks = _run(_checks(services()))
    ready = all(found == "ok" for found in checks.values())
    if not ready:
        log.warning("not_ready", **checks)
    if keys_required(services().settings):
        checks = {name: _without_details(name, found) for name, found in checks.items()}
    health = Health(status="ok" if ready else "unavailable", checks=checks)
    return answer(health, 200 if ready else 503)


def _without_details(name: str, found: str) -> str:
    """Return what a stranger may know: the addresses of our servers are not among it."""
    return found if found == "ok" else f"The {name} does not answer; the API's log says why."


def _checks(found: Services) -> dict[str, Callable[[], object]]:
    return {
        "database": lambda: _check_database(found),
        "broker": lambda: found.queue.depth(QueueName.CONTROL),
        "storage": lambda: found.storage.write("readiness", b"ok"),
    }


def _check_database(found: Services) -> None:
    found.database.check()
    require_current(found.database)


def _run(checks: dict[str, Callable[[], object]]) -> dict[str, str]:
    """Run the checks side by side; one that hangs is left behind when the time is up."""
    threads = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="readiness")
    running = {name: threads.submit(_outcome, check) for name, check in checks.items()}
    try:
        return {name: future.result(CHECK_TIMEOUT_S) for name, future in running.items()}
    except NoAnswer:
        return {
            name: future.result() if future.done() else f"The {name} does not answer in time."
            for name, future in running.items()
        }
    finally:
        threads.shutdown(wait=False)


def _outcome(check: Callable[[], object]) -> str:
    try:
        check()
    except (FakesweepError, SQLAlchemyError) as error:
        return str(error)
    return "ok"

"""Waits for a database that is away for a moment: a restart must not cost a shard its work."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.stop import stop_after_delay, stop_when_event_set
from tenacity.wait import wait_random_exponential

from core.logs import get_logger

PATIENCE_S = 120.0

Value = TypeVar("Value")

log = get_logger(__name__)


def patiently(action: Callable[[], Value], *, until: Event | None = None) -> Value:
    """Run one transaction, again with growing pauses while the database is away or full.

    Gives up after two minutes, or when `until` is set, with the database's own error. The action
    must be safe to run twice: its commit may have arrived although its answer was lost.
    """
    stop = stop_after_delay(PATIENCE_S)
    retrying = Retrying(
        retry=retry_if_exception(is_passing),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop if until is None else stop | stop_when_event_set(until),
        before_sleep=_log,
        reraise=True,
    )
    return retrying(action)


def is_passing(error: BaseException) -> bool:
    """Return whether the database is away or full, or has closed the connection on us."""
    if isinstance(error, (OperationalError, InterfaceError)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _log(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    reason = str(getattr(error, "orig", error)).strip().splitlines()[:1]
    log.warning("database_away", attempt=state.attempt_number, reason=" ".join(reason))

"""Which requests are tried again, how often, and after which pause."""

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from client.errors import ApiError, ConnectionFailed

DECLINED_STATUSES = frozenset({429, 503})  # nothing was done
RETRIED_STATUSES = DECLINED_STATUSES | {502}
LONGEST_BACKOFF_S = 5.0


def is_transient(error: BaseException) -> bool:
    """Return whether the same request may succeed a moment later."""
    if isinstance(error, ApiError):
        return error.status in RETRIED_STATUSES
    return isinstance(error, ConnectionFailed)


def is_declined(error: BaseException) -> bool:
    """Return whether the server says that it did nothing, but may do it a moment later."""
    return isinstance(error, ApiError) and error.status in DECLINED_STATUSES


def pause_s(failures: int, error: BaseException | None) -> float:
    """Return how long to wait after so many failures in a row: growing, or as the server asks."""
    asked = error.retry_after_s if isinstance(error, ApiError) else None
    return min(0.2 * 2 ** (failures - 1), LONGEST_BACKOFF_S) if asked is None else asked


def retrying(
    attempts: int,
    pause: Callable[[float], Awaitable[None]],
    when: Callable[[BaseException], bool] = is_transient,
) -> AsyncRetrying:
    """Return what calls a function until it raises none of these errors, so often at most."""
    return AsyncRetrying(
        sleep=pause,
        stop=stop_after_attempt(attempts),
        retry=retry_if_exception(when),
        wait=_pause_after,
        reraise=True,
    )


def _pause_after(state: RetryCallState) -> float:
    return pause_s(state.attempt_number, state.outcome.exception() if state.outcome else None)

"""What a server replied, read: a JSON object, or a problem as the client's own error."""

from typing import Any

import httpx

from client.errors import ApiError, Fault, UnexpectedAnswer

LONGEST_PAUSE_S = 60.0


def json_object(response: httpx.Response) -> dict[str, Any]:
    """Return the object of a success; raises UnexpectedAnswer."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise UnexpectedAnswer(
            f"The server at {response.url} does not answer as fakesweep does; check the address."
        )
    return answer


def api_error(response: httpx.Response) -> ApiError:
    """Return the error that the response is, a problem document (RFC 9457) or not."""
    try:
        problem = response.json()
        errors = tuple(
            Fault(str(fault["field"]), str(fault["message"])) for fault in problem.get("errors", ())
        )
    except (ValueError, AttributeError, KeyError, TypeError):
        problem, errors = {}, ()
    return ApiError(
        status=response.status_code,
        title=problem.get("title", response.reason_phrase),
        detail=problem.get("detail")
        or f"{response.url} answered {response.status_code} {response.reason_phrase}.",
        errors=errors,
        request_id=problem.get("request_id", ""),
        retry_after_s=_retry_after_s(response),
    )


def _retry_after_s(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), LONGEST_PAUSE_S) if value.isdigit() else None

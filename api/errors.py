"""Every error becomes one problem document (RFC 9457), or its page for people in a browser."""

from http import HTTPStatus
from typing import cast

from flask import Flask, Response, request
from pydantic import ValidationError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from api.problem_schemas import Fault
from api.problems import invalid, problem
from api.services import services
from core.errors import (
    ConfigurationError,
    ConflictError,
    FakesweepError,
    GoneError,
    ModelUnavailableError,
    NotFoundError,
    QuotaError,
    RequestError,
    SourceError,
    StorageError,
    StorageFullError,
)
from core.logs import get_logger
from core.storage import is_full

log = get_logger(__name__)


class ForbiddenError(FakesweepError):
    """The caller is known, and may not do this."""


STATUSES = {
    ForbiddenError: HTTPStatus.FORBIDDEN,
    GoneError: HTTPStatus.GONE,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    QuotaError: HTTPStatus.TOO_MANY_REQUESTS,
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SourceError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ModelUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
UNSEEN = (
    "Something went wrong here, not with your request. Try again; if it stays, give the "
    "administrator the request id, under which the log holds what happened."
)
FULL = "Storage has no room for what you sent. Send it again once the administrator has made room."
AWAY = (
    "A part of this installation does not answer at the moment. Try again later; if it stays, "
    "give the administrator the request id, under which the log holds what happened."
)

UNFIT = (
    "The request holds a value that cannot be kept or looked for: a number that is too large, or "
    "a character that is not allowed. Correct it; if you see none, give the administrator the "
    "request id, under which the log holds what happened."
)


class FieldError(RequestError):
    """One field of a request is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PageError(FakesweepError):
    """A page says, in its reader's language, what is wrong with one field or with all of it."""

    def __init__(self, sentence: str, *, field: str = "", status: int = 422) -> None:
        super().__init__(sentence)
        self.field = field
        self.status = status


def register(app: Flask) -> None:
    """Answer every error that a view raises, or that comes before a view, with a problem."""
    app.register_error_handler(ValidationError, invalid)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(FakesweepError, _from_ours)
    app.register_error_handler(PageError, _from_page)
    app.register_error_handler(OperationalError, _from_service)
    app.register_error_handler(DataError, _from_data)
    app.register_error_handler(OSError, _from_system)
    app.register_error_handler(Exception, _from_bug)


def _from_page(error: PageError) -> Response:
    faults = [Fault(field=error.field, message=str(error))] if error.field else []
    return problem(error.status, str(error), faults, is_translated=True)


def _from_ours(error: FakesweepError) -> Response:
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            field = getattr(error, "field", None)
            faults = [Fault(field=field, message=str(error))] if field else []
            answer = problem(status, str(error), faults)
            if isinstance(error, QuotaError):
                answer.headers["Retry-After"] = str(error.retry_after_s)
            return answer
    if isinstance(error, StorageFullError):
        return _full(error)
    if isinstance(error, (ConfigurationError, StorageError)):
        return _from_service(error)
    return _from_bug(error)


def _from_service(error: Exception) -> Response:
    log.error("service_unavailable", exc_info=error)
    answer = problem(503, AWAY)
    answer.headers["Retry-After"] = "5"
    return answer


def _from_data(error: DataError) -> Response:
    """Return the 422 problem for what no field's check caught, and the database does not take."""
    log.warning("value_refused_by_database", exc_info=error)
    return problem(422, UNFIT)


def _from_system(error: OSError) -> Response:
    return _full(error) if is_full(error) else _from_bug(error)


def _full(error: Exception) -> Response:
    log.error("storage_full", exc_info=error)
    return problem(507, FULL)


def _from_bug(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return problem(500, UNSEEN)


def _from_http(error: HTTPException) -> Response:
    if error.response is not None:
        return cast("Response", error.response)
    status = error.code or 500
    answer = problem(status, _sentence(status, error))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _sentence(status: int, error: HTTPException) -> str:
    match status:
        case 404:
            return f"There is nothing at {request.path}; check the address."
        case 405:
            return f"{request.path} does not take {request.method}; see /openapi.json."
        case 413 if error.description == RequestEntityTooLarge.description:
            return _too_large()
        case 500:
            return UNSEEN
        case _:
            return error.description or UNSEEN


def _too_large() -> str:
    if request.mimetype != "multipart/form-data":
        return "The request body is too large; send images as multipart/form-data."
    settings = services().settings
    if (request.content_length or 0) > settings.max_upload_bytes:
        return (
            f"The upload has {request.content_length:,} bytes; at most "
            f"{settings.max_upload_bytes:,} are accepted. Split it, or ask the administrator to "
            "raise FAKESWEEP_MAX_UPLOAD_BYTES."
        )
    return (
        f"The upload has more than {settings.max_upload_files:,} files, or its text fields are "
        "too many or too long. Split it, send an archive, or ask the administrator to raise "
        "FAKESWEEP_MAX_UPLOAD_FILES."
    )

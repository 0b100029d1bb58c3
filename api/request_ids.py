"""Each request has an id: in its answer, in every problem, and in each of its log lines."""

import re
import time

import structlog
from flask import Flask, Response, g, request
from uuid_utils import uuid7

from core.logs import get_logger

log = get_logger(__name__)
HEADER = "X-Request-Id"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
QUIET = ("/healthz", "/readyz", "/static/")


def register(app: Flask) -> None:
    """Give every request an id: the client's, when it is sane, or a fresh one."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if SANE.fullmatch(given) else f"req_{uuid7().hex}"
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    write = log.debug if request.path.startswith(QUIET) else log.info
    write(
        "request_answered",
        method=request.method,
        path=request.path,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - g.began) * 1000, 1),
    )
    return response

"""waitress, the server of `fakesweep api`, whose own refusals are problem documents as well."""

from http import HTTPStatus
from typing import Any

from flask import Flask
from uuid_utils import uuid7
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from waitress.task import ErrorTask

from api.problem_schemas import Problem
from api.services import EXTENSION
from core.settings import Settings

# Reading ahead while it answers, waitress sees that the client of a stream has left.
SERVER_OPTIONS: dict[str, Any] = {"channel_request_lookahead": 1, "ident": ""}
TOO_LARGE = (
    "The body is larger than this installation takes in one request. Split it, send a large file "
    "as a resumable upload, or ask the administrator to raise FAKESWEEP_MAX_UPLOAD_BYTES."
)
NOT_UNDERSTOOD = "The server does not understand the request ({reason}); correct it."


class ProblemTask(ErrorTask):
    """Answers a request that never reaches the application."""

    def execute(self) -> None:
        """Write the problem, and close the connection."""
        error = self.request.error  # pyright: ignore[reportAttributeAccessIssue] - typed as another
        too_large = error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        found = Problem(
            title=error.reason,
            status=error.code,
            detail=TOO_LARGE if too_large else NOT_UNDERSTOOD.format(reason=error.body),
            request_id=f"req_{uuid7().hex}",
        )
        body = found.model_dump_json().encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/problem+json")]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class ProblemChannel(HTTPChannel):
    """A connection whose refusals are problem documents."""

    error_task_class = ProblemTask


def make_server(app: Flask, *, host: str, port: int) -> BaseWSGIServer | MultiSocketServer:
    """Return a server that listens, and serves the application once it is `run`."""
    settings: Settings = app.extensions[EXTENSION].settings
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=settings.api_threads,
        max_request_body_size=settings.max_upload_bytes,
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
        **SERVER_OPTIONS,
    )
    for listener in sockets.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = ProblemChannel
    return server

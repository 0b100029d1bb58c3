"""Answers that keep a request thread for long: exports and event streams, so many at a time."""

from collections.abc import Iterator

from flask import Response
from werkzeug.exceptions import ServiceUnavailable

from api.services import services

RETRY_AFTER_S = 5


def respond(parts: Iterator[bytes], content_type: str) -> Response:
    """Return an answer that is sent part by part.

    Its place is free again when the last part is sent, or the client has gone. Raises
    ServiceUnavailable when all places are taken.
    """
    places = services().streams
    if not places.acquire(blocking=False):
        raise ServiceUnavailable(
            "As many exports and event streams as this server allows are open already. Try again "
            "in a few seconds, or ask the administrator to raise FAKESWEEP_MAX_STREAMS.",
            retry_after=RETRY_AFTER_S,
        )
    response = Response(parts, content_type=content_type)
    response.call_on_close(places.release)
    return response

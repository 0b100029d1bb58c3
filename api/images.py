"""The image of a verdict over HTTP: decoded and encoded anew, never the bytes that came."""

import io
from threading import BoundedSemaphore

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import ServiceUnavailable

from api import originals
from api.document import VERDICTS, problems
from api.heatmaps import SANDBOX
from api.originals import Original
from api.queries import ImageQuery, VerdictPath
from api.services import services
from core.errors import ConflictError, ItemError
from detector.decoding import DecodeLimits, decode_reduced

QUALITY = 88
AT_A_TIME = BoundedSemaphore(2)  # a large image takes some hundred megabytes
PATIENCE_S = 10.0
BUSY = "Many images are being looked at just now; try again in a moment."

blueprint = APIBlueprint("images", __name__, url_prefix="/v1", abp_tags=[VERDICTS])


@blueprint.get(
    "/verdicts/<verdict:verdict_id>/image.jpg",
    operation_id="read_image",
    summary="See the image of a verdict, at most 1,600 pixels a side, or fewer",
    description=(
        "Read from where it was when it was scanned, checked against the digest that it had, and "
        "encoded anew. An image at a URL is fetched from its server again."
    ),
    responses={
        200: {
            "description": "The image.",
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(404, 409, 410, 422),
    },
)
def read_image(path: VerdictPath, query: ImageQuery) -> Response:
    """Return a preview of the image."""
    with services().database.read() as session:
        original = originals.find(session, path.verdict_id)
    shown = preview(read_original(original), longest_side=query.side)
    response = Response(shown, mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def read_original(original: Original) -> bytes:
    """Return the image's bytes; those that a server elsewhere is asked for take a place to wait."""
    if not original.is_remote:
        return original.read()
    if not services().waiting_room.acquire(blocking=False):
        raise ServiceUnavailable(BUSY, retry_after=1)
    try:
        return original.read()
    finally:
        services().waiting_room.release()


def preview(content: bytes, *, longest_side: int) -> bytes:
    """Return the image as a JPEG of bounded size; raises ConflictError for what is no image."""
    settings = services().settings
    limits = DecodeLimits(settings.max_image_bytes, settings.max_image_pixels, min_side=1)
    if not AT_A_TIME.acquire(timeout=PATIENCE_S):
        raise ServiceUnavailable(BUSY, retry_after=1)
    try:
        image = decode_reduced(content, limits, least_side=longest_side).image
        image.thumbnail((longest_side, longest_side))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=QUALITY)
    except ItemError as error:
        raise ConflictError(f"The image cannot be shown. {error.message}") from error
    finally:
        AT_A_TIME.release()
    return buffer.getvalue()

"""The image of a verdict over HTTP: decoded and encoded anew, never the bytes that came."""

import io

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import originals
from api.document import VERDICTS, problems
from api.heatmaps import SANDBOX
from api.originals import Original
from api.queries import ImageQuery, VerdictPath
from api.services import services
from core.errors import ConflictError, ItemError
from detector.decoding import DecodeLimits, decode_reduced

QUALITY = 88
CACHED = "private, max-age=300"  # for those who scroll back and forth

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
    response.headers["Cache-Control"] = CACHED
    response.vary.update(("Authorization", "Cookie"))  # who signs in next may not see it
    return response


def read_original(original: Original) -> bytes:
    """Return the image's bytes; those that a server elsewhere is asked for take a place."""
    if not original.is_remote:
        return original.read()
    with services().fetching.taken():
        return original.read()


def preview(content: bytes, *, longest_side: int) -> bytes:
    """Return the image as a JPEG of bounded size; raises ConflictError for what is no image."""
    settings = services().settings
    limits = DecodeLimits(settings.max_image_bytes, settings.max_image_pixels, min_side=1)
    buffer = io.BytesIO()
    try:
        with services().decoding.taken():
            image = decode_reduced(content, limits, least_side=longest_side).image
            image.thumbnail((longest_side, longest_side))
            image.save(buffer, "JPEG", quality=QUALITY)
    except ItemError as error:
        raise ConflictError(f"The image cannot be shown. {error.message}") from error
    return buffer.getvalue()

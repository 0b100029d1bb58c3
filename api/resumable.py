"""Resumable uploads over HTTP: the server's side of tus 1.0.0, for files too large for one request.

A finished upload becomes a job by `POST /v1/jobs` with a source of type `upload`.
"""

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from api import tus
from api.document import UPLOADS, problems
from api.headers import AppendHeader, CreateUploadHeader, TusHeader
from api.identity import caller
from api.intake import discard
from api.queries import UploadPath
from api.receiving import receive
from api.schemas import UploadView
from api.services import services
from api.shapes import answer
from db import uploads
from db.models import Upload
from db.uploads import NewUpload

blueprint = APIBlueprint("uploads", __name__, url_prefix="/v1", abp_tags=[UPLOADS])


@blueprint.post(
    "/uploads",
    operation_id="create_upload",
    summary="Begin the resumable upload of a file (tus 1.0.0)",
    description="The body may already bring the file's first bytes.",
    openapi_extensions=tus.BODY,
    responses={201: tus.described("The upload has begun."), **problems(400, 412, 413, 415, 507)},
)
def create_upload(header: CreateUploadHeader) -> Response:
    """Begin an upload."""
    tus.require_version(header.tus_resumable)
    if "Upload-Defer-Length" in request.headers:
        raise BadRequest("Say how large the file is (`Upload-Length`): it cannot follow later.")
    size = tus.number("Upload-Length", header.upload_length)
    if size > services().settings.max_resumable_bytes:
        raise RequestEntityTooLarge(
            f"The file has {size:,} bytes; at most {services().settings.max_resumable_bytes:,} "
            "are accepted. Split it, or ask the administrator to raise "
            "FAKESWEEP_MAX_RESUMABLE_BYTES."
        )
    name = tus.name_in(header.upload_metadata)
    brings_bytes = request.mimetype == tus.CONTENT_TYPE
    if request.content_length and not brings_bytes:
        raise UnsupportedMediaType(f"Send the bytes of a file as {tus.CONTENT_TYPE}.")
    new = NewUpload(name, size, header.upload_metadata, api_key_id=caller().key_id)
    with services().database.write() as session:
        upload = uploads.create(session, new)
    if brings_bytes:
        upload = _receive(upload, offset=0)
    location = {"Location": url_for("uploads.read_upload", upload_id=upload.public_id)}
    return Response(status=201, headers=location | tus.state(upload))


@blueprint.get(
    "/uploads/<upload:upload_id>",
    operation_id="read_upload",
    summary="Ask how far an upload is, with HEAD or GET",
    responses={200: UploadView, **problems(404, 410)},
)
def read_upload(path: UploadPath) -> Response:
    """Return where the upload goes on; HEAD has the headers alone."""
    upload = _get(path.upload_id)
    return answer(_view(upload), headers=tus.state(upload))


@blueprint.patch(
    "/uploads/<upload:upload_id>",
    operation_id="append_to_upload",
    summary="Send the bytes of an upload from an offset on",
    description=(
        "What arrives is kept, even if the connection breaks: ask for the offset with HEAD, and "
        "go on from there."
    ),
    openapi_extensions=tus.BODY,
    responses={
        204: tus.described("The bytes are in storage."),
        **problems(400, 404, 409, 410, 412, 413, 415, 422, 507),
    },
)
def append_to_upload(path: UploadPath, header: AppendHeader) -> Response:
    """Append the body to the upload."""
    tus.require_version(header.tus_resumable)
    if request.mimetype != tus.CONTENT_TYPE:
        raise UnsupportedMediaType(f"Send the bytes of a file as {tus.CONTENT_TYPE}.")
    offset = tus.number("Upload-Offset", header.upload_offset)
    upload = _receive(_get(path.upload_id), offset=offset)
    return Response(status=204, headers=tus.state(upload))


@blueprint.delete(
    "/uploads/<upload:upload_id>",
    operation_id="delete_upload",
    summary="Give an upload up, and delete its bytes",
    responses={204: tus.described("It is gone."), **problems(404, 409, 410, 412)},
)
def delete_upload(path: UploadPath, header: TusHeader) -> Response:
    """Delete the upload, unless a job uses it."""
    tus.require_version(header.tus_resumable)
    with services().database.write() as session:
        uploads.delete(session, path.upload_id, visible_to=caller().sees)
    discard(services().storage, uploads.storage_key(path.upload_id))
    return Response(status=204)


@blueprint.after_request
def _announce(response: Response) -> Response:
    return tus.announce(
        response,
        max_bytes=services().settings.max_resumable_bytes,
        options=request.method == "OPTIONS",
    )


def _get(public_id: str) -> Upload:
    with services().database.read() as session:
        return uploads.get(session, public_id, visible_to=caller().sees)


def _receive(upload: Upload, *, offset: int) -> Upload:
    return receive(services(), upload, request.stream, offset=offset, length=request.content_length)


def _view(upload: Upload) -> UploadView:
    return UploadView(
        id=upload.public_id,
        name=upload.name,
        size=upload.size,
        received=upload.received,
        is_used=upload.used_at is not None,
        created_at=upload.created_at,
        expires_at=None if upload.used_at else upload.expires_at,
    )

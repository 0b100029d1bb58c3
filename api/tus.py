"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload), read and set."""

import binascii
import re
from base64 import b64decode
from typing import Any

from flask import Response
from werkzeug.exceptions import BadRequest, PreconditionFailed
from werkzeug.http import http_date

from core.names import clean_name
from db.models import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
CONTENT_TYPE = "application/offset+octet-stream"
MAX_METADATA_LENGTH = 8192
BODY: dict[str, Any] = {
    "requestBody": {
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
WHOLE = re.compile(r"\d{1,18}")


def described(description: str) -> dict[str, Any]:
    """Return an answer without a body, whose headers say how far the upload is."""
    names = ("Upload-Offset", "Upload-Length", "Upload-Expires", "Tus-Resumable")
    return {
        "description": description,
        "headers": {name: {"schema": {"type": "string"}} for name in names},
    }


def require_version(given: str | None) -> None:
    """Raise PreconditionFailed (412) for a client of another version of the protocol."""
    if given != VERSION:
        raise PreconditionFailed(
            f"Send the header `Tus-Resumable: {VERSION}`; no other version of tus is spoken here."
        )


def number(header: str, given: str | None) -> int:
    """Return the whole number that the header gives; raises BadRequest for anything else."""
    if given is None or not WHOLE.fullmatch(given):
        raise BadRequest(f"Send the header `{header}` with a whole number of bytes.")
    return int(given)


def name_in(given: str | None) -> str:
    """Return the file's name in `Upload-Metadata`, as a label.

    Raises BadRequest for what is not `key base64, key base64, ...`.
    """
    values: dict[str, str] = {}
    for pair in (given or "").split(","):
        key, _, encoded = pair.strip().partition(" ")
        try:
            values[key] = b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest(
                "The header `Upload-Metadata` is not understood; write it as "
                "`filename <the name in base64>`."
            ) from error
    if len(given or "") > MAX_METADATA_LENGTH:
        raise BadRequest(f"`Upload-Metadata` is longer than {MAX_METADATA_LENGTH:,} characters.")
    return clean_name(values.get("filename") or values.get("name"))


def state(upload: Upload) -> dict[str, str]:
    """Return the headers that say how far the upload is, and until when it can go on."""
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}
    if upload.tus_metadata:
        headers["Upload-Metadata"] = upload.tus_metadata
    if upload.used_at is None:
        headers["Upload-Expires"] = http_date(upload.expires_at)
    return headers


def announce(response: Response, *, max_bytes: int, options: bool) -> Response:
    """Set the headers that every answer has, and those by which a client learns what is spoken."""
    response.headers["Tus-Resumable"] = VERSION
    if options or response.status_code in (412, 413):
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Max-Size"] = str(max_bytes)
    if options:
        response.headers["Tus-Extension"] = EXTENSIONS
    return response

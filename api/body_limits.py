"""How large the body of a request may be, and its parts."""

from flask import Flask, request

from api import tus
from api.services import services
from core.settings import Settings

SPARE_PARTS = 6  # text fields, and the empty fields of a browser's form
MAX_FIELD_BYTES = 4 * 1024 * 1024  # `items` of 10,000 files
MAX_TEXT_BYTES = 4 * 1024 * 1024  # 10,000 URLs


def register(app: Flask, settings: Settings) -> None:
    """Refuse larger bodies, before they are read."""
    app.before_request(_limit_text_body)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_PARTS=settings.max_upload_files + SPARE_PARTS,
        MAX_FORM_MEMORY_SIZE=MAX_FIELD_BYTES,
    )


def _limit_text_body() -> None:
    """Let only multipart bodies be large, and the bytes of an upload: others come into memory."""
    if request.mimetype == tus.CONTENT_TYPE and request.blueprint == "uploads":
        request.max_content_length = services().settings.max_resumable_bytes  # it is streamed
    elif request.mimetype != "multipart/form-data":
        request.max_content_length = min(request.max_content_length or 0, MAX_TEXT_BYTES)

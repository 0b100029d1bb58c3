"""What a multipart body holds: read from the request and checked, before anything is kept."""

from flask import Request
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from api.errors import FieldError
from api.schemas import JobUpload, ScanUpload

ONE_OF = "Send either images as `files`, one part each, or one zip or tar file as `archive`."


def job_upload(request: Request, *, max_files: int) -> JobUpload:
    """Return the files, or the archive, of a bulk job; raises FieldError unless it is one of them.

    A part without a name is an empty field of a browser's form.
    """
    _require_known(request, JobUpload)
    files, archives = _named(request, "files"), _named(request, "archive")
    if bool(files) == bool(archives):
        raise FieldError("files", ONE_OF)
    if len(files) > max_files:
        raise RequestEntityTooLarge
    return JobUpload.model_validate({"files": files, "archive": _only("archive", archives)})


def scan_upload(request: Request) -> ScanUpload:
    """Return the image of a single scan; raises FieldError unless there is exactly one."""
    _require_known(request, ScanUpload)
    image = _only("image", _named(request, "image"))
    if image is None:
        raise FieldError("image", "Send the image as the multipart file field `image`.")
    return ScanUpload.model_validate({"image": image})


def _named(request: Request, field: str) -> list[FileStorage]:
    return [file for file in request.files.getlist(field) if file.filename]


def _only(field: str, files: list[FileStorage]) -> FileStorage | None:
    if len(files) > 1:
        raise FieldError(
            field,
            f"`{field}` was sent {len(files)} times, and it can be only one file; "
            "send many images as `files` of POST /v1/jobs.",
        )
    return files[0] if files else None


def _require_known(request: Request, schema: type[BaseModel]) -> None:
    known = list(schema.model_fields)
    for field in [*request.files, *request.form]:
        if field not in known:
            wanted = " or ".join(f"`{name}`" for name in known)
            raise FieldError(field, f"There is no field `{field}` here; use {wanted}.")
        if field in request.form:
            raise FieldError(field, f"Send `{field}` as a file, with a file name.")

"""What the body of a submission holds: read from the request and checked, before all else."""

from flask import Request
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from api.errors import FieldError
from api.requests import JobRequest, JobUpload, ManifestRequest, ScanUpload, UploadRequest

ONE_OF = (
    "Send either images as `files`, one part each, or one zip or tar file as `archive`, or one "
    "list of images as `manifest`."
)
TEXT = ("items", "format", "options")


def job_request(request: Request) -> JobRequest:
    """Return the JSON body of a bulk job; raises ValidationError and FieldError."""
    body = JobRequest.model_validate_json(request.get_data())
    source = body.source
    has_manifest = isinstance(source, ManifestRequest) or (
        isinstance(source, UploadRequest) and source.used_as == "manifest"
    )
    _require_manifest(body.options.strict, has_manifest=has_manifest)
    return body


def job_upload(request: Request, *, max_files: int) -> JobUpload:
    """Return the multipart body of a bulk job; raises ValidationError and FieldError.

    A part without a name is an empty field of a browser's form.
    """
    _require_known(request, JobUpload)
    files = _named(request, "files")
    singles = {name: _only(request, name) for name in ("archive", "manifest")}
    if bool(files) + sum(file is not None for file in singles.values()) != 1:
        raise FieldError("files", ONE_OF)
    if len(files) > max_files:
        raise RequestEntityTooLarge
    upload = JobUpload.model_validate({"files": files, **singles, **_texts(request)})
    if upload.items and len(upload.items) != len(files):
        raise FieldError(
            "items",
            f"There are {len(upload.items):,} `items` and {len(files):,} `files`; send one each, "
            "in the same order.",
        )
    if upload.format and upload.manifest is None:
        raise FieldError("format", "Only a `manifest` has a `format`; leave it out here.")
    _require_manifest(upload.options.strict, has_manifest=upload.manifest is not None)
    return upload


def scan_upload(request: Request) -> ScanUpload:
    """Return the multipart body of a single scan; raises ValidationError and FieldError."""
    _require_known(request, ScanUpload)
    image = _only(request, "image")
    if image is None:
        raise FieldError("image", "Send the image as the multipart file field `image`.")
    return ScanUpload.model_validate({"image": image, **_texts(request)})


def _named(request: Request, field: str) -> list[FileStorage]:
    return [file for file in request.files.getlist(field) if file.filename]


def _only(request: Request, field: str) -> FileStorage | None:
    files = _named(request, field)
    if len(files) > 1:
        raise FieldError(
            field,
            f"`{field}` was sent {len(files)} times, and it can be only one file; "
            "send many images as `files` of POST /v1/jobs.",
        )
    return files[0] if files else None


def _texts(request: Request) -> dict[str, str]:
    for field, values in request.form.lists():
        if len(values) > 1:
            raise FieldError(field, f"`{field}` was sent {len(values)} times; send it once.")
    return request.form.to_dict()


def _require_known(request: Request, schema: type[BaseModel]) -> None:
    known = list(schema.model_fields)
    for field in [*request.files, *request.form]:
        if field not in known:
            wanted = " or ".join(f"`{name}`" for name in known)
            raise FieldError(field, f"There is no field `{field}` here; use {wanted}.")
        if field in request.form and field not in TEXT:
            raise FieldError(field, f"Send `{field}` as a file, with a file name.")
        if field in request.files and field in TEXT:
            raise FieldError(field, f"Send `{field}` as text, without a file name.")


def _require_manifest(strict: bool, *, has_manifest: bool) -> None:
    if strict and not has_manifest:
        raise FieldError("options.strict", "Only a manifest can be `strict`; leave it out here.")

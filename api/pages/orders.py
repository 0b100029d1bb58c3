"""Jobs that are made by the forms of the pages: what a form says, in the words of the API."""

import re

from flask import Request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import ImmutableMultiDict

from api.bodies import job_upload
from api.errors import FieldError, PageError
from api.requests import (
    FolderRequest,
    JobOptions,
    JobUpload,
    ManifestRequest,
    PrefixRequest,
    UrlsRequest,
)
from api.services import services
from api.submission import Order, submit_source, submit_upload
from core.terms import SourceType

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PLACE = re.compile(r"source\.urls\.(\d+)")
ONE_MANIFEST = _("Choose a manifest, or write where it is: one of both.")

Form = ImmutableMultiDict[str, str]


def submit(request: Request) -> str:
    """Make a job of what the form holds, and return its id; raises FieldError and PageError."""
    if request.mimetype not in FORMS:
        sentence = gettext("Choose images, a folder or an archive on the scan page.")
        raise PageError(sentence, status=415)
    form = request.form
    match form.get("source"):
        case SourceType.MANIFEST:
            return _submit_manifest(request)
        case SourceType.PREFIX:
            prefix = PrefixRequest(type=SourceType.PREFIX, uri=form.get("uri", "").strip())
            return submit_source(services(), prefix, Order(_options(form)))
    if "urls" in form:
        return _submit_urls(form["urls"])
    if "folder" in form:
        folder = FolderRequest(path=form["folder"].strip())
        return submit_source(services(), folder, Order(JobOptions()))
    upload = job_upload(request, max_files=services().settings.max_upload_files)
    return submit_upload(services(), upload, Order(upload.options))


def _submit_manifest(request: Request) -> str:
    form, file = request.form, request.files.get("manifest")
    uri, options = form.get("uri", "").strip(), _options(form)
    given = {"format": form.get("format") or None}
    if bool(uri) == bool(file and file.filename):
        raise PageError(str(ONE_MANIFEST), field="manifest")
    if uri:
        source = ManifestRequest.model_validate({"type": SourceType.MANIFEST, "uri": uri, **given})
        return submit_source(services(), source, Order(options))
    upload = JobUpload.model_validate({"manifest": file, "options": options, **given})
    return submit_upload(services(), upload, Order(upload.options))


def _submit_urls(pasted: str) -> str:
    """Make a job of URLs, one a line; raises PageError with the one that is refused."""
    urls = [line.strip() for line in pasted.splitlines() if line.strip()]
    if not urls:
        raise PageError(gettext("Paste at least one URL, one a line."), field="urls")
    source = UrlsRequest.model_validate({"type": SourceType.URLS, "urls": urls})
    try:
        return submit_source(services(), source, Order(JobOptions()))
    except FieldError as error:
        if found := PLACE.match(error.field):
            place = int(found[1])
            reasons = gettext(
                "Number %(place)s, %(url)s: %(reason)s",
                place=place + 1,
                url=urls[place],
                reason=error,
            )
            sentence = gettext("Nothing was scanned. %(reasons)s", reasons=reasons)
            raise PageError(sentence, field="urls") from error
        raise


def _options(form: Form) -> JobOptions:
    given = {name: form[name] for name in ("priority", "strict") if form.get(name)}
    metadata = {}
    if note := form.get("metadata", "").strip():
        key, colon, value = note.partition(":")
        if not colon:
            sentence = gettext("Write the note as `key:value`, as in `campaign:spring`.")
            raise PageError(sentence, field="metadata")
        metadata = {key.strip(): value.strip()}
    return JobOptions.model_validate({**given, "metadata": metadata})

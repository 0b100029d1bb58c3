"""The web pages: the same functions as the API, shaped as HTML."""

import re
from contextlib import suppress

from flask import Blueprint, Request, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response as Redirect

from api.bodies import job_upload
from api.errors import FieldError
from api.jobs import begin_to_cancel, page_of_jobs, read_job_view
from api.pages import words
from api.pages.live import live_jobs
from api.queries import JobQuery, VerdictQuery
from api.requests import FolderRequest, JobOptions, UrlsRequest
from api.services import services
from api.submission import Order, submit_source, submit_upload
from api.verdicts import page_of_verdicts
from core.errors import ConflictError, ModelUnavailableError
from core.terms import Label, Outcome, SourceType
from db import model_versions

JOBS_A_PAGE = 25
VERDICTS_A_PAGE = 50
PLACE = re.compile(r"source\.urls\.(\d+)")

blueprint = Blueprint(
    "pages",
    __name__,
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)
words.register(blueprint)


@blueprint.get("/")
def show_start() -> str:
    """Show where images are handed in; with `job`, how the scan of those goes."""
    return render_template(
        "start.html",
        settings=services().settings,
        champion=_champion(),
        live_jobs=list(live_jobs(request.args.getlist("job"))),
    )


@blueprint.post("/jobs")
def create_job() -> Redirect:
    """Make a job of what the form holds, and lead to its page."""
    return redirect(url_for("pages.show_job", job_id=_submit(request)), 303)


@blueprint.get("/jobs")
def show_jobs() -> str:
    """Show one page of jobs, newest first."""
    query = JobQuery.model_validate({"limit": JOBS_A_PAGE, **_given("state", "kind", "cursor")})
    return render_template("jobs.html", page=page_of_jobs(query), query=query)


@blueprint.get("/jobs/<job:job_id>")
def show_job(job_id: str) -> str:
    """Show a job with one page of its verdicts."""
    show = request.args.get("show", "")
    query = VerdictQuery.model_validate(
        {"limit": VERDICTS_A_PAGE, **_filter(show), **_given("cursor")}
    )
    return render_template(
        "job.html",
        job=read_job_view(job_id),
        page=page_of_verdicts(job_id, query),
        query=query,
        show=show,
    )


@blueprint.post("/jobs/<job:job_id>/cancel")
def cancel_job(job_id: str) -> Redirect:
    """Begin to cancel a job; one that has ended meanwhile is shown as it is."""
    with suppress(ConflictError):
        begin_to_cancel(job_id)
    return redirect(url_for("pages.show_job", job_id=job_id), 303)


@blueprint.get("/docs")
def show_docs() -> str:
    """Show the OpenAPI document, with a form for each operation."""
    return render_template("docs.html")


@blueprint.after_request
def _allow_going_back(response: Response) -> Response:
    """Let the browser keep pages for its Back button, but ask each time otherwise."""
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _submit(request: Request) -> str:
    if request.mimetype == "application/x-www-form-urlencoded":
        if "urls" in request.form:
            return _submit_urls(request.form["urls"])
        folder = FolderRequest(path=request.form.get("folder", "").strip())
        return submit_source(services(), folder, Order(JobOptions()))
    if request.mimetype == "multipart/form-data":
        upload = job_upload(request, max_files=services().settings.max_upload_files)
        return submit_upload(services(), upload, Order(upload.options))
    raise UnsupportedMediaType("Choose images, a folder or an archive on the start page.")


def _submit_urls(pasted: str) -> str:
    """Make a job of URLs, one a line; raises FieldError with the one that is refused."""
    urls = [line.strip() for line in pasted.splitlines() if line.strip()]
    if not urls:
        raise FieldError("urls", "Paste at least one URL, one a line.")
    source = UrlsRequest.model_validate({"type": SourceType.URLS, "urls": urls})
    try:
        return submit_source(services(), source, Order(JobOptions()))
    except FieldError as error:
        if found := PLACE.match(error.field):
            place = int(found[1])
            sentence = f"Number {place + 1}, {urls[place]}: {error}"
            raise FieldError("urls", f"Nothing was scanned. {sentence}") from error
        raise


def _given(*names: str) -> dict[str, str]:
    """Return the query's parameters; a form sends those that nobody filled in as well."""
    return {name: request.args[name] for name in names if request.args.get(name)}


def _filter(show: str) -> dict[str, str]:
    """Return the filter of the verdicts that a kind, as the page calls it, stands for."""
    if not show:
        return {}
    if show in list(Label):
        return {"label": show}
    if show in (Outcome.NOT_APPLICABLE, Outcome.FAILED):
        return {"outcome": show}
    kinds = ", ".join(f"`{kind}`" for kind in words.KINDS)
    raise FieldError("show", f"There are no verdicts of the kind `{show}`; choose {kinds}.")


def _champion() -> str | None:
    try:
        with services().database.read() as session:
            return model_versions.champion(session).name
    except ModelUnavailableError:
        return None

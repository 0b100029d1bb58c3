"""The list of jobs, found by id, metadata, label and state; and what is done with a job."""

import re
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as Redirect

from api.errors import PageError
from api.jobs import begin_to_cancel, begin_to_delete, page_of_jobs
from api.pages.fragments import if_new
from api.pages.sign_in import own_path
from api.queries import JobQuery, RetryQuery
from api.services import services
from api.submission import resubmit
from core.errors import ConflictError
from core.terms import ExportFormat

JOBS_A_PAGE = 25
ID = re.compile(r"(?:job_)?([0-9a-f]{8,32})")
PAIR = re.compile(r"[A-Za-z0-9_.-]{1,64}:[^\x00-\x1f\x7f-\x9f]{0,500}")
NOT_FOUND_BY = _(
    "Write a job's id, or 8 letters or more of its beginning, or `key:value` of its metadata, "
    "as in `campaign:spring`."
)

blueprint = Blueprint("job_pages", __name__)


@blueprint.get("/jobs")
def show_jobs() -> str:
    """Show one page of the jobs that are asked for, newest first."""
    return render_template("jobs.html", settings=services().settings, **_found())


@blueprint.get("/jobs/list")
def show_list() -> Response:
    """Show them alone, as the page asks for them while it is open."""
    return if_new("jobs_list.html", _found())


def _found() -> dict[str, object]:
    """Return the jobs that the request asks for, and how it asks; raises PageError."""
    names = ("find", "label", "state")
    asked: dict[str, Any] = {name: value for name in names if (value := _given(name))}
    query = JobQuery.model_validate(
        {
            "limit": JOBS_A_PAGE,
            "cursor": _given("cursor") or None,
            "label": asked.get("label"),
            "state": asked.get("state"),
            **_found_by(asked.get("find", "")),
        }
    )
    return {
        "page": page_of_jobs(query),
        "query": query,
        "asked": asked,
        "here": url_for("job_pages.show_jobs", cursor=query.cursor, **asked),
    }


@blueprint.post("/jobs/<job:job_id>/cancel")
def cancel_job(job_id: str) -> Redirect:
    """Begin to cancel a job; one that has ended meanwhile is shown as it is."""
    with suppress(ConflictError):
        begin_to_cancel(job_id)
    return _back(job_id)


@blueprint.post("/jobs/<job:job_id>/retry")
def retry_job(job_id: str) -> Redirect:
    """Scan the job's failed items again, or those that have the code which the form names."""
    query = RetryQuery.model_validate({"code": request.form.getlist("code")})
    resubmit(services(), job_id, query.code)
    return _back(job_id)


@blueprint.post("/jobs/<job:job_id>/delete")
def delete_job(job_id: str) -> Redirect:
    """Delete the job with all that it holds."""
    begin_to_delete(job_id)
    return redirect(own_path(request.form.get("next"), url_for("job_pages.show_jobs")), 303)


@blueprint.app_context_processor
def _say_formats() -> dict[str, object]:
    """Let every page know as which files verdicts are exported."""
    return {"export_formats": list(ExportFormat)}


def _back(job_id: str) -> Redirect:
    """Lead back to where the form was, or to the job's page."""
    page = url_for("pages.show_job", job_id=job_id)
    return redirect(own_path(request.form.get("next"), page), 303)


def _given(name: str) -> str:
    """Return what a parameter of the query says; a form sends those left empty as well."""
    return request.args.get(name, "").strip()


def _found_by(text: str) -> dict[str, object]:
    """Return the filter that the search field stands for; raises PageError."""
    if not text:
        return {}
    if found := ID.fullmatch(text.lower()):
        return {"id": f"job_{found[1]}"}
    if PAIR.fullmatch(text):
        key, value = text.split(":", 1)
        return {"metadata": [f"{key}:{value.strip()}"]}
    raise PageError(str(NOT_FOUND_BY), field="find")

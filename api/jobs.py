"""Jobs over HTTP: made, read, listed, cancelled, retried, deleted."""

from collections.abc import Callable

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import UnsupportedMediaType

from api import cursors
from api.bodies import job_request, job_upload
from api.document import JOBS, LOCATION, bodies, described, problems
from api.headers import SubmitHeader
from api.idempotency import submit_once
from api.identity import caller
from api.queries import JobPath, JobQuery, RetryQuery
from api.requests import JobRequest, JobUpload
from api.schemas import JobPage, JobView
from api.services import services
from api.shapes import answer, job_view, job_views
from api.submission import Order, resubmit, submit_source, submit_upload
from core.taskqueue import deliver, purge
from db import deletion, endings, job_pages, jobs
from db.idempotency import KeyedRequest

blueprint = APIBlueprint("jobs", __name__, url_prefix="/v1", abp_tags=[JOBS])


@blueprint.post(
    "/jobs",
    operation_id="create_job",
    summary="Scan many images: uploaded, or where they are: folders, buckets, lists, URLs",
    description=(
        "Answers at once, whatever the size; read the job to follow it. Sent again with the same "
        "`Idempotency-Key`, it is answered with the job that it made before."
    ),
    openapi_extensions=bodies(json=JobRequest, multipart=JobUpload),
    responses={
        202: described(JobView, "The job was accepted.", headers=LOCATION),
        **problems(404, 409, 410, 413, 415, 422, 507),
    },
)
def create_job(header: SubmitHeader) -> Response:
    """Make a bulk job of whichever body the request has."""
    submitted = submit_once(services(), request, header.idempotency_key, _submission())
    location = {"Location": url_for("jobs.read_job", job_id=submitted.public_id)}
    return answer(read_job_view(submitted.public_id), 202, location | submitted.headers)


def _submission() -> Callable[[KeyedRequest | None], str]:
    """Return what makes the job, once the body has been found to be valid."""
    if request.mimetype == "application/json":
        body = job_request(request)
        return lambda keyed: submit_source(services(), body.source, Order(body.options, keyed))
    if request.mimetype == "multipart/form-data":
        upload = job_upload(request, max_files=services().settings.max_upload_files)
        return lambda keyed: submit_upload(services(), upload, Order(upload.options, keyed))
    raise UnsupportedMediaType(
        "Send a job as application/json, with a `source`, or as multipart/form-data, with "
        "`files`, an `archive` or a `manifest`."
    )


@blueprint.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List jobs, newest first",
    responses={200: JobPage, **problems(422)},
)
def list_jobs(query: JobQuery) -> Response:
    """Return one page of jobs."""
    return answer(page_of_jobs(query))


@blueprint.get(
    "/jobs/<job:job_id>",
    operation_id="read_job",
    summary="Read a job: its state, counters, rate and time to go",
    responses={200: JobView, **problems(404)},
)
def read_job(path: JobPath) -> Response:
    """Return one job."""
    return answer(read_job_view(path.job_id))


@blueprint.post(
    "/jobs/<job:job_id>/cancel",
    operation_id="cancel_job",
    summary="Cancel a job; its verdicts so far stay",
    responses={
        202: described(JobView, "The job is being cancelled, or was already."),
        **problems(404, 409),
    },
)
def cancel_job(path: JobPath) -> Response:
    """Begin to cancel one job."""
    begin_to_cancel(path.job_id)
    return answer(read_job_view(path.job_id), 202)


@blueprint.delete(
    "/jobs/<job:job_id>",
    operation_id="delete_job",
    summary="Delete a job that has ended, with its verdicts and its stored bytes",
    description="The job is gone at once; what it holds is deleted in the background.",
    responses={204: {"description": "The job is deleted."}, **problems(404, 409)},
)
def delete_job(path: JobPath) -> Response:
    """Delete one job."""
    begin_to_delete(path.job_id)
    return Response(status=204)


@blueprint.post(
    "/jobs/<job:job_id>/retry",
    operation_id="retry_job",
    summary="Scan a job's failed items again, and what it left when it failed",
    description=(
        "`code` chooses among the failed items, as in `?code=fetch_failed&code=poison`; the others "
        "keep their verdicts. A job that has no such item is a conflict."
    ),
    responses={
        202: described(JobView, "The job is open again."),
        **problems(404, 409, 422),
    },
)
def retry_job(path: JobPath, query: RetryQuery) -> Response:
    """Open one ended job again."""
    resubmit(services(), path.job_id, query.code)
    return answer(read_job_view(path.job_id), 202)


def begin_to_cancel(public_id: str) -> None:
    """Cancel the job, at once if no worker has a shard of it; raises ConflictError."""
    with services().database.write() as session:
        endings.cancel(session, jobs.get(session, public_id))
    services().ring(deliver())


def begin_to_delete(public_id: str) -> None:
    """Hide the job from everybody; raises ConflictError while it is open."""
    with services().database.write() as session:
        deletion.delete(session, public_id)
    services().ring(purge())


def page_of_jobs(query: JobQuery) -> JobPage:
    """Return the page of jobs that the query asks for."""
    with services().database.read() as session:
        found = job_pages.page(
            session,
            limit=query.limit + 1,
            before_id=cursors.decode("job", query.cursor),
            state=query.state,
            kind=query.kind,
            visible_to=caller().sees,
            priority=query.priority,
            metadata=[_pair(given) for given in query.metadata],
            created_after=query.created_after,
            created_before=query.created_before,
            label=query.label,
            id_prefix=query.id,
        )
        shown = list(found[: query.limit])
        more = cursors.encode("job", shown[-1].id) if len(found) > query.limit else None
        return JobPage(jobs=job_views(session, shown), next_cursor=more)


def _pair(given: str) -> tuple[str, str]:
    key, _, value = given.partition(":")
    return key, value


def read_job_view(public_id: str) -> JobView:
    """Return the job as clients see it; raises NotFoundError."""
    with services().database.read() as session:
        return job_view(*jobs.look(session, public_id))

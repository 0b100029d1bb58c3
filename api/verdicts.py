"""Verdicts over HTTP: one, or the pages of a job's verdicts."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import cursors
from api.document import VERDICTS, problems
from api.queries import JobPath, VerdictPath, VerdictQuery
from api.schemas import VerdictPage, VerdictView
from api.services import services
from api.shapes import answer, verdict_view
from db import jobs, verdicts

blueprint = APIBlueprint("verdicts", __name__, url_prefix="/v1", abp_tags=[VERDICTS])


@blueprint.get(
    "/jobs/<job:job_id>/verdicts",
    operation_id="list_verdicts",
    summary="List the verdicts of a job, in submission order",
    description=(
        "While the job runs, verdicts land in any order: a page shows those that are there. "
        "Follow the cursors once the job has ended to read every verdict."
    ),
    responses={200: VerdictPage, **problems(404, 422)},
)
def list_verdicts(path: JobPath, query: VerdictQuery) -> Response:
    """Return one page of verdicts."""
    return answer(page_of_verdicts(path.job_id, query))


@blueprint.get(
    "/verdicts/<verdict:verdict_id>",
    operation_id="read_verdict",
    summary="Read a verdict",
    responses={200: VerdictView, **problems(404)},
)
def read_verdict(path: VerdictPath) -> Response:
    """Return one verdict."""
    return answer(read_verdict_view(path.verdict_id))


def page_of_verdicts(public_id: str, query: VerdictQuery) -> VerdictPage:
    """Return the page of the job's verdicts that the query asks for."""
    after = cursors.decode("position", query.cursor)
    with services().database.read() as session:
        job = jobs.get(session, public_id)
        found = verdicts.page(
            session,
            job.id,
            limit=query.limit + 1,
            after_position=-1 if after is None else after,
            label=query.label,
            outcome=query.outcome,
            code=query.code,
            min_score=query.min_score,
            max_score=query.max_score,
        )
    shown = found[: query.limit]
    more = cursors.encode("position", shown[-1].position) if len(found) > query.limit else None
    version = job.model_version.name
    views = [verdict_view(v, job_id=public_id, model_version=version) for v in shown]
    return VerdictPage(verdicts=views, next_cursor=more)


def read_verdict_view(verdict_id: str) -> VerdictView:
    """Return the verdict as clients see it; raises NotFoundError."""
    with services().database.read() as session:
        job, verdict = verdicts.get(session, verdict_id)
    version = job.model_version.name
    return verdict_view(verdict, job_id=job.public_id, model_version=version)

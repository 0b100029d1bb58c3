"""A job's verdicts in numbers, over HTTP."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.document import JOBS, problems
from api.queries import JobPath
from api.schemas import SummaryView
from api.services import services
from api.shapes import answer
from core.terms import Outcome
from db import jobs, summaries

blueprint = APIBlueprint("summaries", __name__, url_prefix="/v1", abp_tags=[JOBS])


@blueprint.get(
    "/jobs/<job:job_id>/summary",
    operation_id="read_summary",
    summary="Count a job's verdicts by score and by code",
    description="Every verdict is counted when this is asked for: a second or so for a million.",
    responses={200: SummaryView, **problems(404)},
)
def read_summary(path: JobPath) -> Response:
    """Return the counts of one job as they are now."""
    return answer(summary_of(path.job_id))


def summary_of(public_id: str) -> SummaryView:
    """Return the counts; raises NotFoundError."""
    with services().database.read() as session:
        job = jobs.get(session, public_id)
        found = summaries.of_job(session, job.id)
    return SummaryView(
        scores=dict(found.scores),
        not_applicable=dict(found.codes[Outcome.NOT_APPLICABLE]),
        failed=dict(found.codes[Outcome.FAILED]),
    )

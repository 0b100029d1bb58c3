"""Faults over HTTP: the lines of a job's manifest that name no item."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import cursors
from api.document import JOBS, problems
from api.queries import JobPath, PageQuery
from api.schemas import FaultPage, FaultView
from api.services import services
from api.shapes import answer
from core.terms import ManifestFaultCode
from db import faults, jobs

blueprint = APIBlueprint("faults", __name__, url_prefix="/v1", abp_tags=[JOBS])


@blueprint.get(
    "/jobs/<job:job_id>/faults",
    operation_id="list_faults",
    summary="List the lines of a job's manifest that name no item",
    description="All faults are counted; the first 1,000 are kept, and come in pages.",
    responses={200: FaultPage, **problems(404, 422)},
)
def list_faults(path: JobPath, query: PageQuery) -> Response:
    """Return one page of faults."""
    after = cursors.decode("line", query.cursor)
    with services().database.read() as session:
        job = jobs.get(session, path.job_id)
        found = faults.page(session, job.id, limit=query.limit + 1, after_line=after or 0)
    shown = found[: query.limit]
    more = cursors.encode("line", shown[-1].line) if len(found) > query.limit else None
    views = [FaultView(line=row.line, code=row.code, message=row.message) for row in shown]
    by_code = {ManifestFaultCode(code): count for code, count in job.faults_by_code.items()}
    return answer(FaultPage(count=job.faults, by_code=by_code, faults=views, next_cursor=more))

"""Exports over HTTP: a job's verdicts as one file to keep."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import streams
from api.document import VERDICTS, problems
from api.exports.formats import FORMATS
from api.exports.pages import Selection, read_pages
from api.queries import ExportQuery, JobPath
from api.services import services
from db import jobs

blueprint = APIBlueprint("exports", __name__, url_prefix="/v1", abp_tags=[VERDICTS])


@blueprint.get(
    "/jobs/<job:job_id>/export",
    operation_id="export_verdicts",
    summary="Download a job's verdicts as CSV, JSONL or Parquet",
    description=(
        "Streamed in submission order, at any size. The file of a running job holds what is there."
    ),
    responses={
        200: {
            "description": "The file.",
            "content": {
                found.media_type.partition(";")[0]: {"schema": {"type": "string"}}
                for found in FORMATS.values()
            },
        },
        **problems(404, 422),
    },
)
def export_verdicts(path: JobPath, query: ExportQuery) -> Response:
    """Stream the verdicts in the format that the query names."""
    with services().database.read() as session:
        job_id = jobs.get(session, path.job_id).id
    chosen = FORMATS[query.format]
    selection = Selection(job_id=job_id, label=query.label, outcome=query.outcome)
    parts = chosen.writer()(read_pages(services().database, selection))
    response = streams.respond(parts, chosen.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{path.job_id}.{query.format}"'
    return response

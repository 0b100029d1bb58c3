"""Events over HTTP (server-sent events): a job followed live."""

from flask import Response, request, stream_with_context
from flask_openapi3.blueprint import APIBlueprint

from api import streams
from api.document import JOBS, problems
from api.events.place import Place
from api.events.stream import Following, follow
from api.headers import EventsHeader
from api.queries import EventsQuery, JobPath
from api.services import services
from db import jobs

EVENT = {
    "type": "object",
    "description": "One event of the stream.",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string", "enum": ["progress", "verdicts", "end"]},
        "id": {"type": "string", "description": "What to send as `Last-Event-ID`."},
        "data": {"type": "string", "description": "JSON: a JobView, or LandedVerdicts."},
    },
}

blueprint = APIBlueprint("events", __name__, url_prefix="/v1", abp_tags=[JOBS])


@blueprint.get(
    "/jobs/<job:job_id>/events",
    operation_id="follow_job",
    summary="Follow a job live: its progress and its verdicts as they land",
    description=(
        "Server-sent events: `progress` with the job, about once a second while it changes; "
        "`verdicts` with the verdicts of one shard; `end` with the job, after which the stream "
        "closes. Come back with the last id as `Last-Event-ID` to go on where it broke off."
    ),
    responses={
        200: {
            "description": "The events.",
            "content": {"text/event-stream": {"schema": EVENT}},
        },
        204: {"description": "The job has ended, and the client has heard of it."},
        **problems(404, 422),
    },
)
def follow_job(path: JobPath, query: EventsQuery, header: EventsHeader) -> Response:
    """Stream the events after the one that the client saw last."""
    place = Place.read(header.last_event_id)
    with services().database.read() as session:
        job = jobs.get(session, path.job_id)
    if place.is_end and job.state.is_final and place.landing == job.landed:
        return Response(status=204)
    following = Following(
        database=services().database,
        job_id=job.id,
        with_verdicts=query.verdicts,
        is_gone=request.environ.get("waitress.client_disconnected", lambda: False),
    )
    response = streams.respond(
        stream_with_context(follow(following, place)), "text/event-stream; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response

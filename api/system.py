"""The installation at work over HTTP: its workers, queues and backlog. For admins."""

from statistics import fmean

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.document import SYSTEM, problems
from api.identity import require_admin
from api.services import services
from api.shapes import answer
from api.system_schemas import QueueView, SystemView, WorkerView
from core.errors import BrokerUnavailableError
from core.taskqueue import QueueName
from db import workers
from db.workers import Seen

blueprint = APIBlueprint("system", __name__, url_prefix="/v1", abp_tags=[SYSTEM])


@blueprint.get(
    "/system",
    operation_id="read_system",
    summary="Read what workers, queues and devices do now",
    description="As the workers report it every 5 seconds. Needs the scope `admin`.",
    responses={200: SystemView, **problems()},
)
def read_system() -> Response:
    """Return what the installation does."""
    return answer(look_at_system())


def look_at_system() -> SystemView:
    """Return what the installation does; raises ForbiddenError."""
    require_admin("Looking at the system", "needs")
    with services().database.read() as session:
        seen, backlog = workers.everyone(session), workers.backlog(session)
    alive = [one.worker for one in seen if not one.is_silent]
    fills = [worker.fill for worker in alive if worker.fill is not None]
    queues, trouble = _queues()
    return SystemView(
        rate=sum(worker.rate for worker in alive),
        fill=fmean(fills) if fills else None,
        open_jobs=backlog.open_jobs,
        queued_interactive=backlog.interactive,
        queued_bulk=backlog.bulk,
        in_hand=backlog.in_hand,
        workers=[worker_view(one) for one in seen],
        queues=queues,
        broker_error=trouble,
    )


def worker_view(seen: Seen) -> WorkerView:
    """Return the worker as clients see it; a silent one does nothing any more."""
    row = seen.worker
    return WorkerView(
        name=row.name,
        device=row.device,
        model_versions=row.model_versions,
        started_at=row.started_at,
        seen_at=row.seen_at,
        is_silent=seen.is_silent,
        shards=seen.shards,
        images=row.images,
        failed=row.failed,
        rate=0.0 if seen.is_silent else row.rate,
        fill=None if seen.is_silent else row.fill,
        busy=0.0 if seen.is_silent else row.busy,
        max_batch=row.max_batch,
        errors=row.errors,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
    )


def _queues() -> tuple[list[QueueView], str | None]:
    """Return the depth of each queue; of none once the broker does not answer."""
    found: list[QueueView] = []
    try:
        for name in QueueName:
            found.append(QueueView(name=name, depth=services().queue.depth(name)))
    except BrokerUnavailableError as error:
        return [QueueView(name=name, depth=None) for name in QueueName], str(error)
    return found, None

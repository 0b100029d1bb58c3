"""Rings the broker for queued shards: the rows are committed first, then the bells."""

from collections.abc import Sequence

from core.errors import BrokerUnavailableError
from core.logs import get_logger
from core.taskqueue import Message, TaskQueue, deliver, scan_next
from core.terms import JobKind
from db import deliveries, dispatching
from db.session import Database

log = get_logger(__name__)


def dispatch(
    database: Database, queue: TaskQueue, job_id: int, *, kind: JobKind, window: int
) -> None:
    """Keep `window` shards of the job queued."""
    with database.write() as session:
        queued = dispatching.dispatch(session, job_id, window=window)
    ring(queue, queued.bells, interactive=kind == JobKind.SINGLE)


def ring(queue: TaskQueue, count: int, *, interactive: bool) -> None:
    """Ring so often."""
    send_all(queue, [scan_next(interactive=interactive)] * count)


def ring_for_webhooks(database: Database, queue: TaskQueue) -> None:
    """Ring for the delivery of events, where any is due: a job may just have ended."""
    with database.read() as session:
        is_due = deliveries.first_due(session) is not None
    if is_due:
        send_all(queue, [deliver()])


def send_all(queue: TaskQueue, messages: Sequence[Message]) -> None:
    """Send the messages; those that a broker refuses are left to recovery."""
    try:
        for message in messages:
            queue.send(message)
    except BrokerUnavailableError as error:
        log.warning("messages_not_sent", count=len(messages), reason=str(error))

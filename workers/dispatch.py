"""Puts a job's next shards into the broker: the rows first, then the messages."""

from core.errors import BrokerUnavailableError
from core.logs import get_logger
from core.taskqueue import Message, TaskQueue, scan_shard
from db import shards
from db.session import Database

log = get_logger(__name__)


def dispatch(database: Database, queue: TaskQueue, job_id: int, *, window: int) -> None:
    """Keep up to `window` shards of the job in the broker; recovery sends what a broker refuses."""
    with database.write() as session:
        queued = shards.dispatch(session, job_id, window=window)
    send_all(queue, [scan_shard(shard_id, interactive=urgent) for shard_id, urgent in queued])


def send_all(queue: TaskQueue, messages: list[Message]) -> None:
    """Send the messages; without a broker they are left to recovery."""
    try:
        for message in messages:
            queue.send(message)
    except BrokerUnavailableError as error:
        log.warning("messages_not_sent", count=len(messages), reason=str(error))

"""Finds what was lost and rings for it again: this sweep is why the broker may forget anything."""

from dataclasses import dataclass

from core.logs import get_logger
from core.taskqueue import Message, QueueName, TaskQueue, plan_job, scan_shard
from db import jobs, planning, retries, shards
from db.session import Database
from workers.dispatch import dispatch, send_all

log = get_logger(__name__)


@dataclass(frozen=True)
class Recovery:
    """Sweeps the database; several may sweep at once."""

    database: Database
    queue: TaskQueue
    shards_in_broker: int
    max_attempts: int
    interval_s: float
    lease_s: float

    def sweep(self) -> None:
        """Take back shards of dead workers, ring again for lost messages, settle jobs."""
        with self.database.write() as session:
            recovered = retries.recover_expired(session, max_attempts=self.max_attempts)
        if recovered:
            log.warning("shards_recovered", count=len(recovered))
        self._continue_jobs()
        self._ring_again()

    def _continue_jobs(self) -> None:
        with self.database.read() as session:
            active = shards.active_jobs(session)
        for job_id in active:
            with self.database.write() as session:
                jobs.settle(session, job_id)
            dispatch(self.database, self.queue, job_id, window=self.shards_in_broker)

    def _ring_again(self) -> None:
        messages: list[Message] = []
        with self.database.read() as session:
            unplanned = planning.unplanned(session, older_than_s=self.interval_s)
        messages += [plan_job(job_id) for job_id in unplanned]
        for interactive in (True, False):
            lost = self._requeue_lost(interactive)
            messages += [scan_shard(shard_id, interactive=interactive) for shard_id in lost]
        if messages:
            log.warning("messages_sent_again", count=len(messages))
            send_all(self.queue, messages)

    def _requeue_lost(self, interactive: bool) -> list[int]:
        """Return the shards whose message must be lost, marked as queued anew.

        When nothing waits in the broker's queue, that is every shard queued before this
        sweep's interval; otherwise a message may just be waiting its turn, so it gets a lease's
        time. A second message for a shard does no harm: its claim finds nothing to take.
        """
        name = QueueName.INTERACTIVE if interactive else QueueName.BULK
        waits = self.queue.depth(name) > 0
        age_s = max(self.lease_s, self.interval_s) if waits else self.interval_s
        with self.database.write() as session:
            return retries.requeue_lost(session, older_than_s=age_s, interactive=interactive)

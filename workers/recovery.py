"""Finds what was lost and rings for it again: this sweep is why the broker may forget anything."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import BrokerUnavailableError
from core.logs import get_logger
from core.taskqueue import QueueName, TaskQueue, explain, plan_job
from core.terms import JobKind
from db import dispatching, endings, heatmaps, plan_turns, retries
from db.session import Database
from workers.dispatch import ring, ring_for_webhooks, send_all

MOST_BELLS = 16  # of a kind and a sweep: whoever is woken goes on until nothing waits

log = get_logger(__name__)


@dataclass(frozen=True)
class Recovery:
    """Sweeps the database; several may sweep at once.

    While `was_away` says that the database has not answered of late, no lease is taken for a dead
    worker's: those who live could not renew theirs.
    """

    database: Database
    queue: TaskQueue
    shards_in_broker: int
    max_attempts: int
    interval_s: float
    was_away: Callable[[], bool] = lambda: False

    def sweep(self) -> None:
        """Take back shards of dead workers, stop jobs whose time is up, ring for what waits."""
        if not self.was_away():
            self._take_back()
        with self.database.write() as session:
            endings.stop_expired(session)
        self._continue_jobs()
        try:
            self._ring_again()
        except BrokerUnavailableError as error:
            log.warning("broker_away", reason=str(error))

    def _take_back(self) -> None:
        with self.database.write() as session:
            recovered = retries.recover_expired(session, max_attempts=self.max_attempts)
        if recovered:
            log.warning("shards_recovered", count=len(recovered))

    def _continue_jobs(self) -> None:
        with self.database.read() as session:
            left = dispatching.left_alone(session, window=self.shards_in_broker)
        for job_id, kind in left:
            with self.database.write() as session:
                endings.settle_job(session, job_id)
                queued = dispatching.dispatch(session, job_id, window=self.shards_in_broker)
            ring(self.queue, queued.bells, interactive=kind == JobKind.SINGLE)

    def _ring_again(self) -> None:
        """Ring for what has waited longer than a sweep's interval, where no message is left."""
        with self.database.read() as session:
            unplanned = plan_turns.count_unplanned(session, older_than_s=self.interval_s)
        wanted = min(unplanned, MOST_BELLS)
        lost = max(0, wanted - self.queue.depth(QueueName.CONTROL)) if wanted else 0
        send_all(self.queue, [plan_job()] * lost)
        for name in (QueueName.INTERACTIVE, QueueName.BULK):
            interactive = name == QueueName.INTERACTIVE
            # A bulk bell is rung whenever something waits: somebody may sleep beside those at work.
            age_s = self.interval_s if interactive else 0
            with self.database.read() as session:
                waiting = dispatching.count_queued(
                    session, interactive=interactive, older_than_s=age_s
                )
            wanted = min(waiting, MOST_BELLS if interactive else 1)
            missing = max(0, wanted - self.queue.depth(name))
            ring(self.queue, missing, interactive=interactive)
            lost += missing
        ring_for_webhooks(self.database, self.queue)
        with self.database.read() as session:
            unmade = heatmaps.count_overdue(session, older_than_s=self.interval_s)
        if unmade:
            send_all(self.queue, [explain()])
        if lost:
            log.warning("messages_sent_again", count=lost)

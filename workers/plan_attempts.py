"""What becomes of a job when its planning does not come to its end: it waits, or it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event

from core.errors import SourceError, StorageError
from core.logs import get_logger
from core.taskqueue import TaskQueue, plan_job
from db import plan_turns, planning
from db.planning import PlanClaim
from db.session import Database
from workers.dispatch import ring_for_webhooks, send_all
from workers.patience import is_passing, patiently
from workers.pauses import MAX_POSTPONEMENTS, pause_s
from workers.turns import TurnOverError

MAX_ATTEMPTS = 8  # of which none got further; most workers die of something else

log = get_logger(__name__)


@dataclass(frozen=True)
class PlanAttempts:
    """Tries what is to be done with a claimed job, and settles the claim if that ends early."""

    database: Database
    queue: TaskQueue
    stopping: Event

    def run(self, claim: PlanClaim, work: Callable[[], None]) -> None:
        """Do the work, which settles the claim itself; what it raises is settled here.

        An unreadable source fails the job in a sentence. Storage that does not answer gives the
        job back for a while, and the end of its turn at once, to be taken up where it stopped.
        """
        if claim.attempts > MAX_ATTEMPTS:
            self._fail(claim, "The workers that list the source die of it, so it was given up.")
            return
        try:
            work()
        except TurnOverError as over:
            self._give_way(claim, is_fruitless=over.is_fruitless)
        except SourceError as error:
            self._fail(claim, str(error))
        except StorageError as error:
            self._postpone(claim, str(error))
        except Exception as error:
            if is_passing(error):
                raise  # the lease runs out, and the next planner goes on
            log.exception("plan_broken", job_id=claim.job_id)
            self._fail(claim, f"The source could not be listed ({type(error).__name__}: {error}).")

    def _give_way(self, claim: PlanClaim, *, is_fruitless: bool) -> None:
        log.info("plan_gave_way", job_id=claim.job_id)
        patiently(partial(self._release, claim, is_fruitless=is_fruitless))
        if self.stopping.is_set():
            send_all(self.queue, [plan_job()])  # for another worker

    def _postpone(self, claim: PlanClaim, reason: str) -> None:
        if claim.postponements >= MAX_POSTPONEMENTS:
            self._fail(claim, reason)
            return
        log.warning("plan_postponed", job_id=claim.job_id, reason=reason)
        patiently(partial(self._release, claim, delay_s=pause_s(claim.postponements)))

    def _fail(self, claim: PlanClaim, message: str) -> None:
        log.warning("plan_failed", job_id=claim.job_id, reason=message)

        def fail() -> None:
            with self.database.write() as session:
                planning.fail(session, claim, message)

        patiently(fail)
        ring_for_webhooks(self.database, self.queue)

    def _release(self, claim: PlanClaim, *, delay_s: float = 0, is_fruitless: bool = False) -> None:
        with self.database.write() as session:
            plan_turns.release(session, claim, delay_s=delay_s, is_fruitless=is_fruitless)

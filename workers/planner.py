"""Plans jobs: lists their sources as streams, writes their shards, starts the first ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from threading import Event

from core.access import Access
from core.errors import SourceError, StorageError
from core.logs import get_logger
from core.sources import (
    Limits,
    LineFault,
    Place,
    Source,
    SourceItem,
    list_items,
    source_from_dict,
)
from core.storage import Storage
from core.taskqueue import TaskQueue, plan_job
from db import faults, planning, quotas, reopening
from db.planning import PlanClaim
from db.session import Database
from workers.dispatch import dispatch, ring_for_webhooks, send_all
from workers.grouping import Group, grouped
from workers.leases import LeaseKeeper
from workers.patience import is_passing, patiently

RETRIED_ITEMS_A_COMMIT = 1024
MAX_ATTEMPTS = 5
MAX_POSTPONEMENTS = 20  # with the pauses between them, about a quarter of an hour
LONGEST_PAUSE_S = 60.0

log = get_logger(__name__)


@dataclass(frozen=True)
class Planner:
    """Plans jobs; several may try one job, only the holder of its lease gets to write."""

    database: Database
    queue: TaskQueue
    storage: Storage
    limits: Limits
    access: Access
    leases: LeaseKeeper
    stopping: Event
    shard_size: int
    shards_in_broker: int
    lease_s: float

    def plan_waiting(self) -> None:
        """Plan jobs, the oldest of the highest priority first, until none waits."""
        while not self.stopping.is_set() and (claim := patiently(self._claim)):
            with self.leases.plan(claim.job_id, claim.token):
                self.plan(claim)

    def plan(self, claim: PlanClaim) -> None:
        """List the job's source to its end; an unreadable source fails the job in a sentence.

        Storage that does not answer gives the job back, to be taken up again where it stopped.
        """
        if claim.attempts > MAX_ATTEMPTS:
            self._fail(claim, "The workers that list the source die of it, so it was given up.")
            return
        try:
            is_listed = self._plan_failed(claim) if claim.is_source_listed else self._list(claim)
        except SourceError as error:
            self._fail(claim, str(error))
        except StorageError as error:
            if claim.postponements >= MAX_POSTPONEMENTS:
                self._fail(claim, str(error))
            else:
                log.warning("plan_postponed", job_id=claim.job_id, reason=str(error))
                self._release(claim, delay_s=min(2.0**claim.postponements, LONGEST_PAUSE_S))
        except Exception as error:
            if is_passing(error):
                raise  # the lease runs out, and the next planner goes on
            log.exception("plan_broken", job_id=claim.job_id)
            self._fail(claim, f"The source could not be listed ({type(error).__name__}: {error}).")
        else:
            if is_listed:
                patiently(partial(self._finish, claim))
            else:
                log.info("plan_stopped", job_id=claim.job_id)
                self._release(claim)
                if self.stopping.is_set():
                    send_all(self.queue, [plan_job(claim.job_id)])  # for another worker

    def _list(self, claim: PlanClaim) -> bool:
        """Write the source's shards; return whether that went to its end.

        Failed items come first, but not before the source has been found to be readable.
        """
        source, position = source_from_dict(claim.source), claim.planned
        groups = grouped(self._listed(claim, source), self.shard_size)
        first = list(islice(groups, 1))
        if claim.round and not self._plan_failed(claim):
            return False
        for group in chain(first, groups):
            if not patiently(partial(self._write, claim, position, group)):
                return False
            position += group.items
            self._dispatch(claim)
            if self.stopping.is_set():
                return False
        if position == 0:
            raise SourceError("The source holds no images, so there is nothing to scan.")
        return True

    def _listed(self, claim: PlanClaim, source: Source) -> Iterator[SourceItem | LineFault]:
        behind = patiently(partial(self._place, claim))
        return list_items(
            source,
            storage=self.storage,
            unpack_prefix=f"uploads/{claim.public_id}/items",
            limits=self.limits,
            access=self.access,
            behind=behind,
        )

    def _place(self, claim: PlanClaim) -> Place | None:
        with self.database.read() as session:
            return planning.place(session, claim)

    def _plan_failed(self, claim: PlanClaim) -> bool:
        """Plan the job's failed items anew; return whether that went to its end."""
        while not self.stopping.is_set():
            if not patiently(partial(self._plan_some_failed, claim)):
                return True
            self._dispatch(claim)
        return False

    def _plan_some_failed(self, claim: PlanClaim) -> int:
        with self.database.write() as session:
            return reopening.plan_failed(
                session,
                claim,
                limit=RETRIED_ITEMS_A_COMMIT,
                shard_size=self.shard_size,
                lease_s=self.lease_s,
            )

    def _dispatch(self, claim: PlanClaim) -> None:
        window = self.shards_in_broker
        patiently(
            partial(
                dispatch, self.database, self.queue, claim.job_id, kind=claim.kind, window=window
            )
        )

    def _claim(self) -> PlanClaim | None:
        with self.database.write() as session:
            return planning.claim_next(session, lease_s=self.lease_s)

    def _write(self, claim: PlanClaim, position: int, group: Group) -> bool:
        with self.database.write() as session:
            faults.record(session, claim.job_id, group.faults)
            if not quotas.spend(session, claim.api_key_id, group.items):
                raise SourceError(
                    "The API key of the job has used up its items of today. The verdicts so far "
                    "stay; retry the job after midnight UTC to go on."
                )
            return planning.write_shards(
                session, claim, first_position=position, shards=group.shards, lease_s=self.lease_s
            )

    def _finish(self, claim: PlanClaim) -> None:
        with self.database.write() as session:
            planning.finish(session, claim)
        log.info("plan_finished", job_id=claim.job_id)
        ring_for_webhooks(self.database, self.queue)

    def _fail(self, claim: PlanClaim, message: str) -> None:
        log.warning("plan_failed", job_id=claim.job_id, reason=message)

        def fail() -> None:
            with self.database.write() as session:
                planning.fail(session, claim, message)

        patiently(fail)
        ring_for_webhooks(self.database, self.queue)

    def _release(self, claim: PlanClaim, *, delay_s: float = 0) -> None:
        def release() -> None:
            with self.database.write() as session:
                planning.release(session, claim, delay_s=delay_s)

        patiently(release)

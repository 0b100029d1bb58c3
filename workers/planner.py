"""Plans a job: lists its source as a stream, writes its shards, starts the first ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from core.access import Access
from core.errors import SourceError, StorageError
from core.logs import get_logger
from core.sources import Limits, LineFault, SourceItem, list_items, source_from_dict
from core.storage import Storage
from core.taskqueue import TaskQueue
from db import jobs, planning
from db.planning import PlanClaim
from db.session import Database
from workers.dispatch import dispatch

MAX_SHARDS_A_COMMIT = 64

log = get_logger(__name__)


@dataclass(frozen=True)
class Planner:
    """Plans jobs; several may try one job, only the holder of its lease gets to write."""

    database: Database
    queue: TaskQueue
    storage: Storage
    limits: Limits
    access: Access
    shard_size: int
    shards_in_broker: int
    lease_s: float
    max_attempts: int

    def plan(self, job_id: int) -> None:
        """List the job's source to its end; an unreadable source fails the job in a sentence."""
        with self.database.write() as session:
            claim = planning.claim(session, job_id, lease_s=self.lease_s)
        if claim is None:
            log.info("plan_skipped", job_id=job_id)
            return
        try:
            self._write_all(claim)
        except SourceError as error:
            self._fail(claim, str(error))
        except StorageError as error:
            if claim.attempts >= self.max_attempts:
                self._fail(claim, str(error))
            else:
                self._release(claim)
                raise

    def _write_all(self, claim: PlanClaim) -> None:
        position = claim.planned
        listed = list_items(
            source_from_dict(claim.source),
            storage=self.storage,
            unpack_prefix=f"uploads/{claim.public_id}/items",
            limits=self.limits,
            access=self.access,
            start=claim.planned,
        )
        items = (item for item in listed if not isinstance(item, LineFault))
        for shards in _grouped(items, self.shard_size):
            if not self._write(claim, position, shards):
                log.info("plan_stopped", job_id=claim.job_id)
                return
            position += sum(len(shard) for shard in shards)
            dispatch(self.database, self.queue, claim.job_id, window=self.shards_in_broker)
        if position == 0:
            raise SourceError("The source holds no images, so there is nothing to scan.")
        with self.database.write() as session:
            planning.finish(session, claim)
        log.info("plan_finished", job_id=claim.job_id, items=position)

    def _write(self, claim: PlanClaim, position: int, shards: list[list[SourceItem]]) -> bool:
        with self.database.write() as session:
            return planning.write_shards(
                session, claim, first_position=position, shards=shards, lease_s=self.lease_s
            )

    def _fail(self, claim: PlanClaim, message: str) -> None:
        log.warning("plan_failed", job_id=claim.job_id, reason=message)
        with self.database.write() as session:
            jobs.fail(session, claim.job_id, message)

    def _release(self, claim: PlanClaim) -> None:
        with self.database.write() as session:
            planning.release(session, claim)


def _grouped(items: Iterator[SourceItem], shard_size: int) -> Iterator[list[list[SourceItem]]]:
    """Yield groups of shards, one commit each: first a single one, so that scanning starts soon."""
    count = 1
    while shards := list(islice(_shards(items, shard_size), count)):
        yield shards
        count = min(2 * count, MAX_SHARDS_A_COMMIT)


def _shards(items: Iterator[SourceItem], shard_size: int) -> Iterator[list[SourceItem]]:
    while shard := list(islice(items, shard_size)):
        yield shard

"""Plans jobs: lists their sources as streams, writes their shards, starts the first ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from threading import Event

from core.access import Access
from core.errors import SourceError
from core.logs import get_logger
from core.sources import (
    Limits,
    LineFault,
    Place,
    SourceItem,
    list_items,
    source_from_dict,
)
from core.storage import Storage
from core.taskqueue import TaskQueue
from db import faults, items, plan_turns, planning, quotas, reopening
from db.planning import PlanClaim
from db.session import Database
from db.uploads import storage_key
from workers.dispatch import dispatch, ring_for_webhooks
from workers.grouping import Group, grouped
from workers.leases import LeaseKeeper
from workers.patience import patiently
from workers.plan_attempts import PlanAttempts
from workers.precedence import Precedence
from workers.turns import Turn, TurnOverError, Turns

THREADS = 6
LONG_TURNS = 4
RETRIED_ITEMS_A_COMMIT = 1024

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
    precedence: Precedence = field(default_factory=Precedence)
    turns: Turns = field(default_factory=partial(Turns, LONG_TURNS))

    def plan_waiting(self) -> None:
        """Plan jobs, each for a turn, until none waits for one."""
        attempts = PlanAttempts(self.database, self.queue, self.stopping)
        while not self.stopping.is_set():
            with self.turns.take() as turn:
                claim = patiently(partial(self._claim, turn))
                if claim is None:
                    return
                with self.leases.plan(claim.job_id, claim.token):
                    attempts.run(claim, partial(self.plan, claim, turn))

    def plan(self, claim: PlanClaim, turn: Turn) -> None:
        """Plan the job to its end, failed items first; raises TurnOverError when it must wait."""
        turn.begin(fruitless_turns=claim.fruitless_turns)
        if claim.is_source_listed:
            self._plan_failed(claim, turn)
        else:
            self._list(claim, turn)
        patiently(partial(self._finish, claim))

    def _list(self, claim: PlanClaim, turn: Turn) -> None:
        """Write the source's shards.

        Failed items come first, but not before the source has been found to be readable.
        """
        groups = grouped(self._listed(claim, turn), self.shard_size)
        first = list(islice(groups, 1))
        if claim.round:
            self._plan_failed(claim, turn)
        position = claim.planned
        for group in chain(first, groups):
            if not patiently(partial(self._write, claim, position, group)):
                raise TurnOverError("The job is another planner's, or not wanted any more.")
            position += group.items
            self._dispatch(claim)
        if position == 0:
            raise SourceError("The source holds no images, so there is nothing to scan.")

    def _listed(self, claim: PlanClaim, turn: Turn) -> Iterator[SourceItem | LineFault]:
        """Yield what the source has behind the place where the job is, as long as the turn is."""
        heed = partial(self._heed, claim, turn)
        for found in list_items(
            source_from_dict(claim.source),
            storage=self.storage,
            unpack_prefix=f"{storage_key(claim.public_id)}/items",
            limits=self.limits,
            access=self.access,
            behind=patiently(partial(self._place, claim)),
            heed=heed,
        ):
            if not isinstance(found, LineFault) or found.line > claim.last_fault_line:
                turn.note_progress()
                yield found
            heed()

    def _heed(self, claim: PlanClaim, turn: Turn) -> None:
        """Let single scans go first; raise TurnOverError when the job must be given back."""
        self.precedence.give_way()
        if self.stopping.is_set():
            raise TurnOverError("The worker stops.")
        if turn.is_look_due() and not patiently(partial(self._may_go_on, claim, turn)):
            raise TurnOverError(
                "The job is not wanted any more, or its time is up.",
                is_fruitless=turn.is_fruitless,
            )

    def _may_go_on(self, claim: PlanClaim, turn: Turn) -> bool:
        with self.database.read() as session:
            if not plan_turns.is_held(session, claim):
                return False
            if not turn.has_had_its_time():
                return True
            return turn.is_long and not plan_turns.others_wait(session, claim)

    def _plan_failed(self, claim: PlanClaim, turn: Turn) -> None:
        """Plan the job's failed items anew."""
        while patiently(partial(self._plan_some_failed, claim)):
            self._dispatch(claim)
            turn.note_progress()
            self._heed(claim, turn)

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

    def _claim(self, turn: Turn) -> PlanClaim | None:
        with self.database.write() as session:
            return plan_turns.claim_next(
                session, lease_s=self.lease_s, newcomers_only=not turn.is_long
            )

    def _place(self, claim: PlanClaim) -> Place | None:
        with self.database.read() as session:
            return items.place(session, claim.job_id, count=claim.planned)

    def _write(self, claim: PlanClaim, position: int, group: Group) -> bool:
        until = position + group.items
        with self.database.write() as session:
            if group.items and planning.has_written(session, claim, until=until):
                return True  # by a commit whose answer got lost
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

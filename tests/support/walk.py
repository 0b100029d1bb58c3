"""Walkers: they do to a job's shards whatever workers, planners and sweeps do, in any order."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from db import claims, dispatching, endings, plan_turns, planning, reopening, retries, shards
from db.claims import ShardClaim
from db.clock import database_time
from db.leases import LeaseLostError
from db.models import Job, Shard
from db.planning import PlanClaim
from db.session import Database
from tests.support.scanning import judged

MAX_ATTEMPTS = 2
MAX_SHARD_SIZE = 9


@dataclass
class Walker:
    """Takes random steps with jobs of `items` items each; several may walk at once.

    Some claims are lost on the way, and used all the same, as a worker does that was stopped for
    a while.
    """

    database: Database
    job_ids: list[int]
    items: int
    window: int
    dice: random.Random
    claims: list[ShardClaim] = field(default_factory=list)

    def walk(self, steps: int) -> None:
        """Take so many steps."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        """Do one thing, in one transaction."""
        steps: list[Callable[[Session], None]] = [
            *(self.plan, self.dispatch, self.claim, self.claim, self.recover, self.settle)
        ]
        if self.claims:
            steps += [self.finish, self.finish_some, self.hand_back, self.postpone]
        step = self.dice.choice(steps)
        try:
            with self.database.write() as session:
                step(session)
        except LeaseLostError:
            return

    def rest(self) -> None:
        """Scan what is left of the jobs, without a failure; shards of others must be free."""
        self.claims.clear()
        while self._open_jobs():
            with self.database.write() as session:
                session.execute(update(Shard).values(lease_expires_at=database_time(-1)))
                self.recover(session)
            for job_id in self.job_ids:
                with self.database.write() as session:
                    self.plan(session, job_id)
                    dispatching.dispatch(session, job_id, window=self.window)
            with self.database.write() as session:
                while claim := claims.claim_next(session, worker="rest", lease_s=60):
                    shards.finish(session, [claim], judged(claim, set()), window=self.window)

    def _open_jobs(self) -> int:
        of_mine = select(func.count()).where(Job.id.in_(self.job_ids), Job.ended_at.is_(None))
        with self.database.read() as session:
            return session.scalar(of_mine) or 0

    def plan(self, session: Session, job_id: int | None = None) -> None:
        """Write one more shard of the listing, or plan a few of the failed items."""
        job_id = job_id or self.dice.choice(self.job_ids)
        claim = planning.claim(session, job_id, lease_s=60)
        if claim is None:
            return
        size = self.dice.randint(1, MAX_SHARD_SIZE)
        wrote = claim.round > 0 and self._plan_failed(session, claim, size)
        if not wrote and not claim.is_source_listed:
            wrote = self._list(session, claim, size)
        if wrote:
            plan_turns.release(session, claim)
        else:
            planning.finish(session, claim)

    def _list(self, session: Session, claim: PlanClaim, size: int) -> bool:
        first, stop = claim.planned, min(claim.planned + size, self.items)
        found = [SourceItem(uri=f"file:///{i}", name=f"{i}.jpg") for i in range(first, stop)]
        return bool(found) and planning.write_shards(
            session, claim, first_position=first, shards=[found], lease_s=60
        )

    def _plan_failed(self, session: Session, claim: PlanClaim, size: int) -> bool:
        return bool(
            reopening.plan_failed(session, claim, limit=2 * size, shard_size=size, lease_s=60)
        )

    def dispatch(self, session: Session) -> None:
        """Fill a job's window."""
        dispatching.dispatch(session, self.dice.choice(self.job_ids), window=self.window)

    def claim(self, session: Session) -> None:
        """Take the next shard in hand; one in four loses its lease at once."""
        lease_s = self.dice.choice([60, 60, 60, -1])
        claim = claims.claim_next(session, worker="walker", lease_s=lease_s)
        if claim is not None:
            self.claims.append(claim)

    def recover(self, session: Session) -> None:
        """Take back what was lost."""
        limit = self.dice.randint(1, 5)
        retries.recover_expired(session, max_attempts=MAX_ATTEMPTS, limit=limit)

    def settle(self, session: Session) -> None:
        """Look whether a job is done, as a sweep does."""
        endings.settle_job(session, self.dice.choice(self.job_ids))

    def finish(self, session: Session) -> None:
        """Commit a shard, of which some items failed."""
        claim = self._drop()
        shards.finish(session, [claim], judged(claim, self._some(claim)), window=self.window)

    def finish_some(self, session: Session) -> None:
        """Commit a part of a shard, or hand back all of it."""
        claim = self._drop()
        part = self._some(claim)
        if not 0 < len(part) < len(claim.positions):
            shards.postpone(session, claim, error="Stopped.", delay_s=0)
            return
        found = [v for v in judged(claim, self._some(claim)) if v.position in part]
        shards.finish_some(session, claim, found, error="Stopped.", delay_s=0)

    def hand_back(self, session: Session) -> None:
        """Fail with a shard, so that it is halved soon."""
        shards.hand_back(session, self._drop(), error="It broke.", max_attempts=MAX_ATTEMPTS)

    def postpone(self, session: Session) -> None:
        """Hand a shard back untouched."""
        shards.postpone(session, self._drop(), error="Stopped.", delay_s=0)

    def _drop(self) -> ShardClaim:
        return self.claims.pop(self.dice.randrange(len(self.claims)))

    def _some(self, claim: ShardClaim) -> set[int]:
        return {position for position in claim.positions if self.dice.random() < 0.4}

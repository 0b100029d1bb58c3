"""Shards: dispatched within a window, claimed by lease, finished once or handed back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from core.errors import FakesweepError
from core.sources import SourceItem
from core.terms import JobKind, JobState, ShardState
from db import jobs, retries, verdicts
from db.clock import database_time
from db.models import Job, Shard
from db.verdicts import NewVerdict

IN_BROKER = (ShardState.QUEUED, ShardState.LEASED)


class LeaseLostError(FakesweepError):
    """Another worker holds the shard by now; what this one did of it is dropped."""


@dataclass(frozen=True)
class ShardClaim:
    """The right to commit a shard; `token` is the fencing number of this claim."""

    shard_id: int
    job_id: int
    model_version_id: int
    model_version: str
    interactive: bool
    first_position: int
    items: tuple[SourceItem, ...]
    token: int
    attempts: int


def dispatch(session: Session, job_id: int, *, window: int) -> list[tuple[int, bool]]:
    """Mark the job's next shards as queued, so that at most `window` are in the broker.

    Returns (shard id, interactive) for each; the caller sends their messages after its commit.
    """
    job = session.get(Job, job_id)
    if job is None or job.state not in jobs.ACTIVE:
        return []
    in_broker = session.scalar(
        select(func.count()).where(Shard.job_id == job_id, Shard.state.in_(IN_BROKER))
    )
    room = window - (in_broker or 0)
    if room <= 0:
        return []
    waiting = (
        select(Shard.id)
        .where(Shard.job_id == job_id, Shard.state == ShardState.PLANNED)
        .order_by(Shard.first_position)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    shard_ids = list(session.scalars(waiting))
    retries.mark_queued(session, shard_ids)
    return [(shard_id, job.kind == JobKind.SINGLE) for shard_id in shard_ids]


def claim(session: Session, shard_id: int, *, worker: str, lease_s: float) -> ShardClaim | None:
    """Take the shard, or return None when it is taken, done, or its job is no longer wanted."""
    wanted = select(Job.id).where(Job.id == Shard.job_id, Job.state.in_(jobs.ACTIVE)).exists()
    expired = and_(Shard.state == ShardState.LEASED, Shard.lease_expires_at < database_time())
    free = Shard.state.in_((ShardState.PLANNED, ShardState.QUEUED))
    row = session.execute(
        update(Shard)
        .where(Shard.id == shard_id, wanted, or_(free, expired))
        .values(
            state=ShardState.LEASED,
            attempts=Shard.attempts + 1,
            lease_token=Shard.lease_token + 1,
            leased_by=worker,
            lease_expires_at=database_time(lease_s),
        )
        .returning(Shard.id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    shard = session.get_one(Shard, shard_id)
    job = session.get_one(Job, shard.job_id)
    return ShardClaim(
        shard_id=shard.id,
        job_id=job.id,
        model_version_id=job.model_version_id,
        model_version=job.model_version.name,
        interactive=job.kind == JobKind.SINGLE,
        first_position=shard.first_position,
        items=tuple(SourceItem.from_row(row) for row in shard.items),
        token=shard.lease_token,
        attempts=shard.attempts,
    )


def finish(session: Session, claim: ShardClaim, found: Sequence[NewVerdict]) -> bool:
    """Commit the shard: its verdicts, the job's counters, the shard done; all or nothing.

    Returns whether the job ended by it. Raises LeaseLostError when the claim is no longer the
    newest: the transaction must then be rolled back.
    """
    _update_claimed(session, claim, state=ShardState.DONE, lease_expires_at=None)
    verdicts.record(session, claim.job_id, claim.model_version_id, found)
    return jobs.settle(session, claim.job_id)


def hand_back(session: Session, claim: ShardClaim, *, error: str, max_attempts: int) -> None:
    """Return a shard that failed: to be tried again, halved, or ended as poison."""
    _update_claimed(session, claim, lease_expires_at=None, last_error=error)
    shard = session.get_one(Shard, claim.shard_id, with_for_update=True, populate_existing=True)
    retries.retry(session, shard, max_attempts=max_attempts)
    jobs.settle(session, claim.job_id)


def postpone(session: Session, claim: ShardClaim, *, error: str) -> None:
    """Return a shard that this worker cannot scan, through no fault of its images."""
    _update_claimed(
        session,
        claim,
        state=ShardState.QUEUED,
        queued_at=database_time(),
        lease_expires_at=None,
        attempts=Shard.attempts - 1,
        last_error=error,
    )


def active_jobs(session: Session) -> list[int]:
    """Return the jobs that still have shards to dispatch or to settle."""
    states = (*jobs.ACTIVE, JobState.CANCELLING)
    return list(session.scalars(select(Job.id).where(Job.state.in_(states)).order_by(Job.id)))


def _update_claimed(session: Session, claim: ShardClaim, **values: object) -> None:
    row = session.execute(
        update(Shard)
        .where(Shard.id == claim.shard_id, Shard.lease_token == claim.token)
        .where(Shard.state == ShardState.LEASED)
        .values(**values)
        .returning(Shard.id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise LeaseLostError(
            f"Shard {claim.shard_id} was given to another worker; this one's work is dropped."
        )

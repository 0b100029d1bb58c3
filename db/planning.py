"""Planning a job: one planner at a time holds its lease and writes its shards in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import JobKind, JobState, Priority, ShardState
from db import dispatching, endings, jobs
from db.clock import database_time
from db.models import Job, Shard

PROGRESS = {"plan_attempts": 1, "plan_postponements": 0}  # it got further than those before


@dataclass(frozen=True)
class PlanClaim:
    """The right to plan a job until the lease ends; `token` fences out an earlier planner.

    `planned` is how many items an earlier planner has already written. Above 0, `round` says
    that failed items are planned anew, before what is left of the source: those of the
    `retried_codes`, or all. `attempts` counts this claim too: above 1, so many planners have died
    since the last shard was written.
    """

    job_id: int
    public_id: str
    kind: JobKind
    priority: Priority
    api_key_id: int | None
    source: dict[str, str]
    planned: int
    is_source_listed: bool
    last_fault_line: int
    round: int
    retried_codes: list[str] | None
    token: int
    attempts: int
    postponements: int
    fruitless_turns: int


def claim(session: Session, job_id: int, *, lease_s: float) -> PlanClaim | None:
    """Take the job for planning, or return None when it is taken, listed or over."""
    return claim_where(session, Job.id == job_id, lease_s=lease_s)


def claim_where(
    session: Session, which: ColumnElement[bool], *, lease_s: float
) -> PlanClaim | None:
    """Take the one job that the condition is true of, as `claim` does."""
    is_queued = Job.state == JobState.QUEUED
    job = session.execute(
        update(Job)
        .where(which, is_unplanned())
        .values(
            plan_token=Job.plan_token + 1,
            plan_attempts=Job.plan_attempts + 1,
            plan_lease_expires_at=database_time(lease_s),
            planning_at=case((is_queued, database_time()), else_=Job.planning_at),
            state=case((is_queued, JobState.PLANNING), else_=Job.state),
        )
        .returning(
            Job.id,
            Job.public_id,
            Job.kind,
            Job.priority,
            Job.api_key_id,
            Job.source,
            Job.total,
            Job.is_source_listed,
            Job.last_fault_line,
            Job.round,
            Job.retried_codes,
            Job.plan_token,
            Job.plan_attempts,
            Job.plan_postponements,
            Job.plan_fruitless_turns,
        )
        .execution_options(synchronize_session=False)
    ).first()
    return None if job is None else PlanClaim(*job)


def is_unplanned() -> ColumnElement[bool]:
    """Return the condition that a job has something to plan that nobody has in hand."""
    return and_(
        Job.state.in_(jobs.OPEN),
        Job.listed_at.is_(None),
        or_(Job.plan_lease_expires_at.is_(None), Job.plan_lease_expires_at < database_time()),
        or_(Job.plan_not_before.is_(None), Job.plan_not_before <= database_time()),
    )


def held(claim: PlanClaim) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that the job is still wanted, and no other planner has taken it."""
    return Job.id == claim.job_id, Job.plan_token == claim.token, Job.state.in_(jobs.OPEN)


def renew(session: Session, tokens: Sequence[tuple[int, int]], *, lease_s: float) -> None:
    """Extend the leases of the claims, given as (job id, token); a lost one stays lost.

    Rows are locked by their ids; one that is being written needs no renewal.
    """
    wanted = dict(tokens)
    rows = session.execute(
        select(Job.id, Job.plan_token)
        .where(Job.id.in_(wanted), Job.plan_lease_expires_at.is_not(None))
        .order_by(Job.id)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    held = [row.id for row in rows if row.plan_token == wanted[row.id]]
    session.execute(
        update(Job)
        .where(Job.id.in_(held))
        .values(plan_lease_expires_at=database_time(lease_s))
        .execution_options(synchronize_session=False)
    )


def write_shards(
    session: Session,
    claim: PlanClaim,
    *,
    first_position: int,
    shards: Sequence[Sequence[SourceItem]],
    lease_s: float,
) -> bool:
    """Append shards to the job and renew the lease; the first ones start the job.

    Returns False, having written nothing, when the claim is lost or the job is no longer wanted.
    Not to be called for what `has_written`.
    """
    rows = []
    rank = dispatching.rank_of(claim.kind, claim.priority)
    for shard in shards:
        rows.append(
            {
                "job_id": claim.job_id,
                "first_position": first_position,
                "size": len(shard),
                "items": [item.to_row() for item in shard],
                "state": ShardState.PLANNED,
                "rank": rank,
            }
        )
        first_position += len(shard)
    if not update_claimed(session, claim, lease_s=lease_s, total=first_position, **PROGRESS):
        return False
    if rows:
        session.execute(insert(Shard), rows)
        start(session, claim.job_id)
    return True


def has_written(session: Session, claim: PlanClaim, *, until: int) -> bool:
    """Return whether the claim's holder has written all shards before the position `until`.

    A commit whose answer got lost is tried again: this is how it is told. Locks the job's row.
    """
    query = select(Job.total).where(*held(claim)).with_for_update(key_share=True)
    return session.scalar(query) == until


def start(session: Session, job_id: int) -> None:
    """Let the job run, if it does not yet: its first shards are there."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.PLANNING)
        .values(state=JobState.RUNNING, running_at=func.coalesce(Job.running_at, database_time()))
        .execution_options(synchronize_session=False)
    )


def finish(session: Session, claim: PlanClaim) -> bool:
    """Mark the source as listed to its end: `total` is final. The job may be complete by that.

    Returns whether the job ended by it.
    """
    listed = {"listed_at": database_time(), "is_source_listed": True}
    if not update_claimed(session, claim, lease_s=None, **listed):
        return False
    start(session, claim.job_id)
    return endings.settle_job(session, claim.job_id)


def fail(session: Session, claim: PlanClaim, error: str) -> None:
    """Stop the job, whose source cannot be listed, unless another planner has taken it over."""
    if update_claimed(session, claim, lease_s=None):
        endings.stop(session, claim.job_id, ending=JobState.FAILED, error=error)


def update_claimed(
    session: Session, claim: PlanClaim, *, lease_s: float | None, **values: object
) -> bool:
    """Change the job's row and its lease, if the claim still holds; return whether it does."""
    expires_at = None if lease_s is None else database_time(lease_s)
    row = session.execute(
        update(Job)
        .where(*held(claim))
        .values(plan_lease_expires_at=expires_at, **values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None

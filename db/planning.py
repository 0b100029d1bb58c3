"""Planning a job: one planner at a time holds its lease and writes its shards in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import JobKind, JobState, ShardState
from db import jobs
from db.clock import database_time
from db.models import Job, Shard


@dataclass(frozen=True)
class PlanClaim:
    """The right to plan a job until the lease ends; `token` fences out an earlier planner."""

    job_id: int
    public_id: str
    kind: JobKind
    source: dict[str, str]
    planned: int
    token: int
    attempts: int


def claim(session: Session, job_id: int, *, lease_s: float) -> PlanClaim | None:
    """Take the job for planning, or return None when it is taken, listed or over.

    `planned` is how many items an earlier planner has already written.
    """
    query = (
        update(Job)
        .where(Job.id == job_id, Job.listed_at.is_(None), Job.state.in_(jobs.OPEN))
        .where(
            or_(
                Job.plan_lease_expires_at.is_(None),
                Job.plan_lease_expires_at < database_time(),
            )
        )
        .values(
            plan_token=Job.plan_token + 1,
            plan_attempts=Job.plan_attempts + 1,
            plan_lease_expires_at=database_time(lease_s),
        )
        .execution_options(synchronize_session=False)
    )
    if session.execute(query.returning(Job.id)).first() is None:
        return None
    job = session.get_one(Job, job_id, populate_existing=True)
    if job.state == JobState.QUEUED:
        job.state = JobState.PLANNING
        job.planning_at = database_time()
        session.flush()
    return PlanClaim(
        job_id=job.id,
        public_id=job.public_id,
        kind=job.kind,
        source=job.source,
        planned=job.total,
        token=job.plan_token,
        attempts=job.plan_attempts,
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
    """
    count = sum(len(items) for items in shards)
    if not _update_claimed(
        session,
        claim,
        total=first_position + count,
        plan_lease_expires_at=database_time(lease_s),
    ):
        return False
    rows = []
    for items in shards:
        rows.append(
            {
                "job_id": claim.job_id,
                "first_position": first_position,
                "size": len(items),
                "items": [item.to_row() for item in items],
                "state": ShardState.PLANNED,
            }
        )
        first_position += len(items)
    session.execute(insert(Shard), rows)
    session.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.state == JobState.PLANNING)
        .values(state=JobState.RUNNING, running_at=database_time())
        .execution_options(synchronize_session=False)
    )
    return True


def finish(session: Session, claim: PlanClaim) -> bool:
    """Mark the source as listed to its end: `total` is final. The job may be complete by that."""
    done = _update_claimed(session, claim, listed_at=database_time(), plan_lease_expires_at=None)
    return done and (jobs.settle(session, claim.job_id) or True)


def release(session: Session, claim: PlanClaim) -> None:
    """Give the job back, to be planned again from where this planner stopped."""
    _update_claimed(session, claim, plan_lease_expires_at=None)


def unplanned(session: Session, *, older_than_s: float) -> list[int]:
    """Return the jobs whose planning nobody has in hand: not delivered, or given up."""
    query = select(Job.id).where(
        Job.state.in_(jobs.OPEN),
        Job.listed_at.is_(None),
        Job.queued_at < database_time(-older_than_s),
        or_(Job.plan_lease_expires_at.is_(None), Job.plan_lease_expires_at < database_time()),
    )
    return list(session.scalars(query))


def _update_claimed(session: Session, claim: PlanClaim, **values: object) -> bool:
    row = session.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.plan_token == claim.token, Job.state.in_(jobs.OPEN))
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None

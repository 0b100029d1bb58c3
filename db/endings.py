"""How jobs end: completed, failed, cancelled or expired, each through the one function `_end`."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import ConflictError
from core.terms import JobState, ShardState
from db import jobs, webhooks
from db.clock import database_time
from db.jobs import Standing
from db.models import Job, Shard

FIRST_JUDGED = 1000  # items by whose failures a source is judged that is not listed to its end
ENDED_AT = {
    JobState.COMPLETED: "completed_at",
    JobState.FAILED: "failed_at",
    JobState.CANCELLED: "cancelled_at",
    JobState.EXPIRED: "expired_at",
}


def cancel(session: Session, job: Job) -> None:
    """Start to cancel the job: no shard is claimed any more, those in hand are the last.

    Cancelling a cancelled job changes nothing; raises ConflictError when it ended otherwise.
    """
    stopped = stop(session, job.id, ending=JobState.CANCELLED)
    session.refresh(job)
    ends_so = job.state == JobState.CANCELLED or job.stopping_as == JobState.CANCELLED
    if not stopped and not ends_so:
        raise ConflictError(f"The job is already {job.state}; only an open job can be cancelled.")


def stop(session: Session, job_id: int, *, ending: JobState, error: str | None = None) -> bool:
    """Stop an open job, which ends as `ending` once no worker has a shard of it in hand."""
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(jobs.OPEN))
        .values(
            state=JobState.CANCELLING,
            stopping_as=ending,
            error=error,
            cancelling_at=database_time(),
        )
        .returning(*jobs.STANDING)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return False
    session.execute(
        update(Shard)
        .where(Shard.job_id == job_id, Shard.state == ShardState.QUEUED)
        .values(state=ShardState.PLANNED)
        .execution_options(synchronize_session=False)
    )
    settle(session, Standing(*row))
    return True


def stop_expired(session: Session, *, limit: int = 100) -> Sequence[int]:
    """Stop the open jobs whose time is up; return their ids."""
    query = (
        select(Job.id)
        .where(Job.state.in_(jobs.OPEN), Job.expires_at < database_time())
        .order_by(Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(query).all()
    for job_id in found:
        stop(session, job_id, ending=JobState.EXPIRED, error="The job's time was up.")
    return found


def settle_job(session: Session, job_id: int) -> bool:
    """End the job if nothing is left to do; return whether it has ended by this call."""
    # Shared with the foreign keys of rows that were inserted before, by whomever: two that want
    # the row for themselves after that would wait for each other.
    query = select(*jobs.STANDING).where(Job.id == job_id).with_for_update(key_share=True)
    row = session.execute(query).first()
    return row is not None and settle(session, Standing(*row))


def settle(session: Session, standing: Standing) -> bool:
    """End the job if nothing is left to do; return whether it has ended by this call.

    `standing` is the job's, whose row this transaction has locked. A running job completes when
    its source is listed and every item has a verdict, and is stopped when too many have failed. A
    stopped one ends when no worker has a shard of it in hand.
    """
    if standing.state == JobState.CANCELLING:
        return _settle_stopped(session, standing)
    if standing.state != JobState.RUNNING:
        return False
    if sentence := _too_many_failures(standing):
        stop(session, standing.id, ending=JobState.FAILED, error=sentence)
        return _state(session, standing.id) == JobState.FAILED
    if standing.listed_at is None or standing.ended < standing.total:
        return False
    return _end(session, standing.id, JobState.RUNNING, JobState.COMPLETED)


def _settle_stopped(session: Session, standing: Standing) -> bool:
    in_hand = select(Shard.id).where(Shard.job_id == standing.id, Shard.state == ShardState.LEASED)
    if session.scalar(in_hand.limit(1)) is not None:
        return False
    ending = standing.stopping_as or JobState.CANCELLED
    return _end(session, standing.id, JobState.CANCELLING, ending)


def _too_many_failures(standing: Standing) -> str | None:
    """Return the sentence that says so, or None while no more have failed than may.

    Nobody knows the total while the source is listed; then the items that have ended stand for it.
    """
    ratio = standing.max_failure_ratio
    if ratio is None:
        return None
    if standing.listed_at is not None:
        count, counted = standing.total, f"{standing.total:,} items"
    elif standing.ended >= FIRST_JUDGED and not standing.is_retrying:
        count, counted = standing.ended, f"the first {standing.ended:,} items"
    else:
        return None
    if standing.failed <= ratio * count:
        return None
    return (
        f"{standing.failed:,} of {counted} failed, more than the job's max_failure_ratio of "
        f"{ratio:g} allows. Their codes say why; correct that, then retry the job."
    )


def _end(session: Session, job_id: int, before: JobState, ending: JobState) -> bool:
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == before)
        .values({"state": ending, ENDED_AT[ending]: database_time(), "ended_at": database_time()})
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is not None:
        webhooks.announce(session, job_id)
    return row is not None


def _state(session: Session, job_id: int) -> JobState | None:
    return session.scalar(select(Job.state).where(Job.id == job_id))

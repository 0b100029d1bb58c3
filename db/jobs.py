"""Jobs: made, read, listed, cancelled, ended. Functions never commit; their door does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from core.errors import ConflictError, NotFoundError
from core.terms import JobKind, JobState, Priority, ShardState
from db import webhooks
from db.clock import database_time
from db.models import Job, JobMetadata, Shard

ACTIVE = (JobState.PLANNING, JobState.RUNNING)
OPEN = (JobState.QUEUED, *ACTIVE)


def new_public_id() -> str:
    """Return a fresh job id; ids sort by the time at which they were made."""
    return f"job_{uuid7().hex}"


def create(
    session: Session,
    *,
    public_id: str,
    kind: JobKind,
    source: dict[str, Any],
    model_version_id: int,
    api_key_id: int | None = None,
    priority: Priority = Priority.NORMAL,
    rescan: bool = False,
    max_failure_ratio: float | None = None,
    expires_in_s: float | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Job:
    """Insert a queued job with its model version pinned; without a key it has no owner."""
    job = Job(
        public_id=public_id,
        kind=kind,
        state=JobState.QUEUED,
        source=source,
        model_version_id=model_version_id,
        api_key_id=api_key_id,
        priority=priority,
        rescan=rescan,
        max_failure_ratio=max_failure_ratio,
        expires_at=None if expires_in_s is None else database_time(expires_in_s),
        notes=[JobMetadata(key=key, value=value) for key, value in (metadata or {}).items()],
    )
    session.add(job)
    session.flush()
    return job


def get(session: Session, public_id: str, *, visible_to: int | None = None) -> Job:
    """Return the job; raises NotFoundError, also for one that the key `visible_to` does not own.

    With None, whoever asks sees the jobs of all keys.
    """
    conditions = [Job.public_id == public_id, Job.deleted_at.is_(None)]
    if visible_to is not None:
        conditions.append(Job.api_key_id == visible_to)
    job = session.scalar(select(Job).where(*conditions))
    if job is None:
        raise NotFoundError(f"There is no job {public_id}.")
    return job


def require(session: Session, job_id: int) -> Job:
    """Return the job of a row that was there before; raises NotFoundError when it is deleted."""
    job = session.get(Job, job_id)
    if job is None or job.deleted_at is not None:
        raise NotFoundError("The job was deleted meanwhile.")
    return job


def page(
    session: Session,
    *,
    limit: int,
    before_id: int | None = None,
    state: JobState | None = None,
    kind: JobKind | None = None,
    visible_to: int | None = None,
    priority: Priority | None = None,
    metadata: Sequence[tuple[str, str]] = (),
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Sequence[Job]:
    """Return up to `limit` jobs, newest first, older than `before_id`.

    Without `visible_to`, the jobs of all keys are among them. `metadata` holds pairs of key and
    value, all of which a job must have; `created_after` includes the moment itself.
    """
    conditions: list[ColumnElement[bool]] = [Job.deleted_at.is_(None)]
    conditions += [Job.id.in_(_noted(key, value)) for key, value in metadata]
    if visible_to is not None:
        conditions.append(Job.api_key_id == visible_to)
    if before_id is not None:
        conditions.append(Job.id < before_id)
    if state is not None:
        conditions.append(Job.state == state)
    if kind is not None:
        conditions.append(Job.kind == kind)
    if priority is not None:
        conditions.append(Job.priority == priority)
    if created_after is not None:
        conditions.append(Job.created_at >= created_after)
    if created_before is not None:
        conditions.append(Job.created_at < created_before)
    query = select(Job).where(*conditions).order_by(Job.id.desc()).limit(limit)
    return session.scalars(query).all()


def items_in_hand(session: Session, job_ids: Sequence[int]) -> dict[int, int]:
    """Return how many items of each job are in shards that a worker has in hand."""
    query = (
        select(Shard.job_id, func.sum(Shard.size))
        .where(Shard.state == ShardState.LEASED, Shard.job_id.in_(job_ids))
        .group_by(Shard.job_id)
    )
    return {job_id: int(items) for job_id, items in session.execute(query)}


def cancel(session: Session, public_id: str) -> Job:
    """Start to cancel the job: no shard is claimed any more, those in hand end within one shard.

    Cancelling a cancelled job changes nothing; raises ConflictError when it ended otherwise.
    """
    job = get(session, public_id)
    changed = _change(
        session, job.id, from_states=OPEN, state=JobState.CANCELLING, cancelling_at=database_time()
    )
    session.refresh(job)
    if not changed and job.state not in (JobState.CANCELLING, JobState.CANCELLED):
        raise ConflictError(f"The job is already {job.state}; only an open job can be cancelled.")
    settle(session, job.id)
    session.refresh(job)
    return job


def fail(session: Session, job_id: int, message: str) -> None:
    """End the job as failed: its source cannot be read."""
    if _change(
        session,
        job_id,
        from_states=OPEN,
        state=JobState.FAILED,
        error=message,
        failed_at=database_time(),
    ):
        webhooks.announce(session, job_id)


def settle(session: Session, job_id: int) -> bool:
    """End the job if nothing is left to do; return whether it has ended by this call.

    A running job completes when its source is listed and every item has a verdict. A cancelling
    one is cancelled when no worker has a shard of it in hand.
    """
    ended = Job.scored + Job.not_applicable + Job.failed
    completed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.RUNNING)
        .where(Job.listed_at.is_not(None), ended >= Job.total)
        .values(state=JobState.COMPLETED, completed_at=database_time())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    in_hand = select(Shard.id).where(Shard.job_id == job_id, Shard.state == ShardState.LEASED)
    cancelled = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.CANCELLING, ~in_hand.exists())
        .values(state=JobState.CANCELLED, cancelled_at=database_time())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    has_ended = completed is not None or cancelled is not None
    if has_ended:
        webhooks.announce(session, job_id)
    return has_ended


def _noted(key: str, value: str) -> Select[int]:
    return select(JobMetadata.job_id).where(JobMetadata.key == key, JobMetadata.value == value)


def _change(
    session: Session, job_id: int, *, from_states: Sequence[JobState], **values: object
) -> bool:
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(from_states))
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None

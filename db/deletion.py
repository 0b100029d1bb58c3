"""How jobs go: hidden at once, then purged of their rows, a bounded batch a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, Delete, func, or_, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import ConflictError
from core.terms import JobState
from db import jobs, uploads
from db.clock import database_time
from db.models import IdempotencyKey, Job, ManifestFault, Shard, Upload, Verdict

FINAL = [state for state in JobState if state.is_final]
PAGE_SIZE = 100


@dataclass(frozen=True)
class StoredJob:
    """A job and the keys under which its bytes lie in storage."""

    id: int
    keys: tuple[str, ...]


def delete(session: Session, public_id: str) -> None:
    """Hide the job from every reader; what it holds is purged later.

    Raises NotFoundError, and ConflictError while the job is open.
    """
    job = jobs.get(session, public_id)
    hidden = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(FINAL))
        .values(deleted_at=database_time())
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    if hidden is None:
        raise ConflictError(
            f"The job is {job.state}; cancel it, and delete it once it is cancelled."
        )
    # The same request may make a new job from now on.
    session.execute(delete_from(IdempotencyKey).where(IdempotencyKey.job_id == job.id))


def hide(session: Session, *, older_than_s: float, limit: int = PAGE_SIZE) -> int:
    """Delete up to `limit` jobs that ended so long ago; return how many there were."""
    found = session.scalars(
        select(Job.id)
        .where(Job.ended_at < database_time(-older_than_s), Job.deleted_at.is_(None))
        .order_by(Job.ended_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(
        update(Job)
        .where(Job.id.in_(found))
        .values(deleted_at=database_time())
        .execution_options(synchronize_session=False)
    )
    return len(found)


def hidden(session: Session) -> Sequence[StoredJob]:
    """Return deleted jobs of which something is left, the first deleted first.

    Those that a planner may still be writing for are left out: until it notices that the job is
    not wanted, or until its lease ends.
    """
    until = Job.plan_lease_expires_at
    is_free = or_(until.is_(None), until < database_time())
    return _page(session, Job.deleted_at.is_not(None), is_free, oldest=Job.deleted_at)


def stored(session: Session, *, older_than_s: float) -> Sequence[StoredJob]:
    """Return jobs that ended so long ago, and whose bytes are still in storage."""
    is_old = Job.ended_at < database_time(-older_than_s)
    return _page(session, is_old, Job.uploads_deleted_at.is_(None), oldest=Job.ended_at)


def note_uploads_deleted(session: Session, job_id: int) -> None:
    """Mark the job's bytes as deleted."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(uploads_deleted_at=database_time())
        .execution_options(synchronize_session=False)
    )


def purge_verdicts(session: Session, job_id: int, *, limit: int) -> int:
    """Delete up to `limit` verdicts of the job; return how many there were."""
    of_job = Verdict.job_id == job_id
    first = select(Verdict.position).where(of_job).order_by(Verdict.position).limit(limit)
    last = session.scalar(select(func.max(first.subquery().c.position)))
    if last is None:
        return 0
    return _delete(session, delete_from(Verdict).where(of_job, Verdict.position <= last))


def purge_shards(session: Session, job_id: int, *, limit: int) -> int:
    """Delete up to `limit` shards of the job; return how many there were."""
    first = select(Shard.id).where(Shard.job_id == job_id).limit(limit)
    return _delete(session, delete_from(Shard).where(Shard.id.in_(first)))


def purge_faults(session: Session, job_id: int, *, limit: int) -> int:
    """Delete up to `limit` faults of the job's manifest; return how many there were."""
    of_job = ManifestFault.job_id == job_id
    first = select(ManifestFault.line).where(of_job).limit(limit)
    return _delete(session, delete_from(ManifestFault).where(of_job, ManifestFault.line.in_(first)))


def purge_row(session: Session, job_id: int) -> None:
    """Delete the deleted job's row, and with it what little still refers to it."""
    _delete(session, delete_from(Verdict).where(Verdict.job_id == job_id))  # no key refers to it
    _delete(session, delete_from(Job).where(Job.id == job_id, Job.deleted_at.is_not(None)))


def unknown(session: Session, public_ids: Sequence[str]) -> list[str]:
    """Return those of the ids that no job and no upload has, not even a deleted one."""
    known = select(Job.public_id).where(Job.public_id.in_(public_ids))
    known = known.union_all(select(Upload.public_id).where(Upload.public_id.in_(public_ids)))
    found = set(session.scalars(known))
    return [public_id for public_id in public_ids if public_id not in found]


def time_before(session: Session, age_s: float) -> datetime:
    """Return the time that was so long ago, by the database's clock."""
    return session.execute(select(database_time(-age_s))).scalar_one()


def _page(
    session: Session,
    *conditions: ColumnElement[bool],
    oldest: InstrumentedAttribute[datetime | None],
) -> list[StoredJob]:
    query = select(Job.id, Job.public_id).where(*conditions).order_by(oldest).limit(PAGE_SIZE)
    return [
        StoredJob(job_id, _keys(public_id, uploads.of_job(session, job_id)))
        for job_id, public_id in session.execute(query).all()
    ]


def _keys(public_id: str, upload_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(uploads.storage_key(name) for name in (public_id, *upload_ids))


def _delete(session: Session, query: Delete) -> int:
    done = session.execute(query, execution_options={"synchronize_session": False})
    return cast("CursorResult[tuple[()]]", done).rowcount

"""Jobs: made and read; how they end is in `db.endings`. Functions never commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, joinedload
from uuid_utils import uuid7

from core.errors import NotFoundError
from core.sources import must_be_fetched
from core.terms import FaceMode, JobKind, JobState, Priority, ShardState
from db.clock import database_time
from db.models import Job, JobMetadata, Shard

ACTIVE = (JobState.PLANNING, JobState.RUNNING)
OPEN = (JobState.QUEUED, *ACTIVE)
STOPPING = JobState.CANCELLING
UNENDED = (*OPEN, STOPPING)
ALL_RETRIED = 2**31 - 1  # as `retried_to`: behind every position


@dataclass(frozen=True)
class Standing:
    """What tells whether a job has anything left to do; the fields are columns of `Job`."""

    id: int
    state: JobState
    stopping_as: JobState | None
    listed_at: datetime | None
    total: int
    scored: int
    not_applicable: int
    failed: int
    landed: int
    max_failure_ratio: float | None
    round: int
    retried_to: int

    @property
    def is_retrying(self) -> bool:
        """Whether some of its failed items have yet to be planned anew."""
        return self.round > 0 and self.retried_to < ALL_RETRIED

    @property
    def ended(self) -> int:
        """Items that have a verdict."""
        return self.scored + self.not_applicable + self.failed


STANDING = tuple(getattr(Job, field.name) for field in fields(Standing))


@dataclass(frozen=True)
class InHand:
    """Items of each job that workers have in hand, and the database's time at which it was so."""

    items: Mapping[int, int]
    now: datetime


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
    faces: FaceMode = FaceMode.AUTO,
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
        to_fetch=must_be_fetched(source),
        api_key_id=api_key_id,
        priority=priority,
        rescan=rescan,
        faces=faces,
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
    return look(session, public_id, visible_to=visible_to)[0]


def look(session: Session, public_id: str, *, visible_to: int | None = None) -> tuple[Job, InHand]:
    """Return the job as `get` does, and what is in hand of it, by one query."""
    given: dict[str, object] = {"public_id": public_id}
    if visible_to is not None:
        given["visible_to"] = visible_to
    rows = session.execute(_by_public_id(visible_to is not None), given)
    row = rows.unique().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no job {public_id}.")
    job, now, items = row
    return job, InHand({job.id: int(items)}, now)


def require(session: Session, job_id: int) -> Job:
    """Return the job of a row that was there before; raises NotFoundError when it is deleted."""
    job = session.get(Job, job_id)
    if job is None or job.deleted_at is not None:
        raise NotFoundError("The job was deleted meanwhile.")
    return job


def is_active(session: Session, job_id: int) -> bool:
    """Return whether the job's shards may be scanned: it is being planned or runs."""
    return session.scalar(_active(), {"job_id": job_id}) is not None


def in_hand(session: Session, job_ids: Sequence[int]) -> InHand:
    """Return how many items of each of these jobs, which must be there, are in hand."""
    rows = session.execute(_held(), {"job_ids": job_ids}).all()
    if not rows:  # all were deleted just now
        return InHand({}, session.scalars(select(database_time())).one())
    return InHand({job_id: int(items) for _, job_id, items in rows}, rows[0][0])


@cache
def _by_public_id(some_only: bool) -> Select[Job, datetime, int]:
    """Return the query of one job and its notes, built once: status is asked for often."""
    conditions = [Job.public_id == bindparam("public_id"), Job.deleted_at.is_(None)]
    if some_only:
        conditions.append(Job.api_key_id == bindparam("visible_to"))
    held = select(func.coalesce(func.sum(Shard.size), 0)).where(_is_held())
    now = select(database_time()).scalar_subquery()  # asked for once, not for each note
    query = select(Job, now, held.correlate(Job).scalar_subquery())
    return query.where(*conditions).options(joinedload(Job.notes))


@cache
def _active() -> Select[int]:
    return select(Job.id).where(Job.id == bindparam("job_id"), Job.state.in_(ACTIVE))


@cache
def _held() -> Select[datetime, int, int]:
    return (
        select(database_time(), Job.id, func.coalesce(func.sum(Shard.size), 0))
        .outerjoin(Shard, _is_held())
        .where(Job.id.in_(bindparam("job_ids", expanding=True)))
        .group_by(Job.id)
    )


def _is_held() -> ColumnElement[bool]:
    return and_(Shard.job_id == Job.id, Shard.state == ShardState.LEASED)

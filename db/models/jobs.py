"""The tables of jobs: the job's one row, what clients wrote on it, what was wrong with its list."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.terms import FaceMode, JobKind, JobState, ManifestFaultCode, Priority
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base
from db.models.model_versions import ModelVersion

KEPT_UPLOADS, DELETED = text("uploads_deleted_at IS NULL"), text("deleted_at IS NOT NULL")


class Job(Base):
    """A client's request to scan, with its counters: its status is this one row.

    `stopping_as` is what a cancelling job ends as. `landed` counts the shards that have ended, and
    `round` the times that failed items were given another try: this time those of the
    `retried_codes`, or all, of which it has planned those up to `retried_to`. `listed_at` is when
    the last round was planned to its end, and `is_source_listed` tells that some round has come to
    the source's. `plan_attempts` counts planners that may have died of the source since the last
    shard was written, `plan_postponements` those that could not read it for the moment, and
    `plan_fruitless_turns` those that had to give way to others before they had got further. A job
    is `to_fetch` until the manifest at its URL has been fetched. `faults` counts the faults of a
    manifest up to `last_fault_line`, `faults_by_code` each kind.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_owner", "api_key_id", "id"),
        Index("ix_jobs_ended_at", "ended_at"),
        Index(
            "ix_jobs_uploads", "ended_at", sqlite_where=KEPT_UPLOADS, postgresql_where=KEPT_UPLOADS
        ),
        Index("ix_jobs_deleted_at", "deleted_at", sqlite_where=DELETED, postgresql_where=DELETED),
        Index("ix_jobs_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[JobKind]
    state: Mapped[JobState] = mapped_column(index=True)
    source: Mapped[dict[str, Any]]
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    error: Mapped[str | None]

    priority: Mapped[Priority] = mapped_column(default=Priority.NORMAL)
    rescan: Mapped[bool] = mapped_column(default=False)
    faces: Mapped[FaceMode] = mapped_column(default=FaceMode.AUTO)
    max_failure_ratio: Mapped[float | None]
    expires_at: Mapped[datetime | None]
    stopping_as: Mapped[JobState | None]

    total: Mapped[int] = mapped_column(default=0)
    scored: Mapped[int] = mapped_column(default=0)
    not_applicable: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reused: Mapped[int] = mapped_column(default=0)
    fake: Mapped[int] = mapped_column(default=0)
    real: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    faults_by_code: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_fault_line: Mapped[int] = mapped_column(BigInteger, default=0)

    created_at: Mapped[datetime] = mapped_column(default=database_time())
    queued_at: Mapped[datetime] = mapped_column(default=database_time())
    planning_at: Mapped[datetime | None]
    running_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    cancelling_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    uploads_deleted_at: Mapped[datetime | None]

    to_fetch: Mapped[bool] = mapped_column(default=False)
    plan_attempts: Mapped[int] = mapped_column(default=0)
    plan_postponements: Mapped[int] = mapped_column(default=0)
    plan_token: Mapped[int] = mapped_column(default=0)
    plan_lease_expires_at: Mapped[datetime | None]
    plan_not_before: Mapped[datetime | None]
    plan_turn_ended_at: Mapped[datetime | None]
    plan_fruitless_turns: Mapped[int] = mapped_column(default=0)

    landed: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=0)
    retried_to: Mapped[int] = mapped_column(default=-1)
    retried_codes: Mapped[list[str] | None]
    is_source_listed: Mapped[bool] = mapped_column(default=False)
    pace_slot: Mapped[int] = mapped_column(BigInteger, default=0)
    pace_items: Mapped[int] = mapped_column(default=0)
    pace_before: Mapped[int] = mapped_column(default=0)

    model_version: Mapped[ModelVersion] = relationship(lazy="joined", innerjoin=True)
    notes: Mapped[list["JobMetadata"]] = relationship(
        lazy="selectin", order_by="JobMetadata.key", passive_deletes=True
    )

    @property
    def ended(self) -> int:
        """Items that have a verdict."""
        return self.scored + self.not_applicable + self.failed


class JobMetadata(Base):
    """One key and value that a client wrote on a job, to find it by."""

    __tablename__ = "job_metadata"
    __table_args__ = (Index("ix_job_metadata_pair", "key", "value", "job_id"),)

    job_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(500))


class ManifestFault(Base):
    """A line of a manifest that names no item; the job counts all, the first ones are kept."""

    __tablename__ = "manifest_faults"

    job_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    code: Mapped[ManifestFaultCode]
    message: Mapped[str]


class IdempotencyKey(Base):
    """A key that a client gave to a request, so that sending it again makes no second job.

    `fingerprint` is the digest of the request; 0 as `api_key_id` stands for no key.
    """

    __tablename__ = "idempotency_keys"

    api_key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    job_id: Mapped[int] = mapped_column(BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=database_time(), index=True)

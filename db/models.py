"""The tables. What is asked of them lives in the modules named for each noun."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.terms import Alias, ItemCode, JobKind, JobState, Label, Outcome, ShardState
from db.clock import UtcDateTime, database_time

BIG_ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER keys count up on SQLite


class Base(DeclarativeBase):
    """The declarative base: names for constraints, enums stored by value, times in UTC."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[dict[str, Any]]: JSON(none_as_null=True),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=20,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


class ModelVersion(Base):
    """A model version that the registry holds; `name` is its folder's, and immutable."""

    __tablename__ = "model_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    card: Mapped[dict[str, Any]]
    registered_at: Mapped[datetime] = mapped_column(default=database_time())


class ModelAlias(Base):
    """Which model version plays a role now."""

    __tablename__ = "model_aliases"

    alias: Mapped[Alias] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    set_at: Mapped[datetime] = mapped_column(default=database_time(), onupdate=database_time())


class Job(Base):
    """A client's request to scan, with its counters: its status is this one row."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[JobKind]
    state: Mapped[JobState] = mapped_column(index=True)
    source: Mapped[dict[str, Any]]
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    error: Mapped[str | None]

    total: Mapped[int] = mapped_column(default=0)
    scored: Mapped[int] = mapped_column(default=0)
    not_applicable: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reused: Mapped[int] = mapped_column(default=0)
    fake: Mapped[int] = mapped_column(default=0)
    real: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[int] = mapped_column(default=0)

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

    plan_attempts: Mapped[int] = mapped_column(default=0)
    plan_token: Mapped[int] = mapped_column(default=0)
    plan_lease_expires_at: Mapped[datetime | None]

    model_version: Mapped[ModelVersion] = relationship(lazy="joined", innerjoin=True)

    @property
    def ended(self) -> int:
        """Items that have a verdict."""
        return self.scored + self.not_applicable + self.failed


class Shard(Base):
    """A fixed slice of a job's items: one task, one lease, one retry, one commit.

    `lease_token` is a fencing number: it grows with every claim, and only the worker that holds
    the newest one can commit.
    """

    __tablename__ = "shards"
    __table_args__ = (
        UniqueConstraint("job_id", "first_position"),
        Index("ix_shards_state_job", "state", "job_id"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"))
    first_position: Mapped[int]
    size: Mapped[int]
    items: Mapped[list[dict[str, Any]]]
    state: Mapped[ShardState]
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class Verdict(Base):
    """How one item ended; the primary key is what makes a second verdict impossible."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_sha256_model_version_id", "sha256", "model_version_id"),
        {"sqlite_with_rowid": False},
    )

    job_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    custom_id: Mapped[str | None]
    outcome: Mapped[Outcome]
    label: Mapped[Label | None]
    score: Mapped[float | None]
    code: Mapped[ItemCode | None]
    message: Mapped[str | None]
    faces: Mapped[list[dict[str, Any]] | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    width: Mapped[int | None]
    height: Mapped[int | None]
    reused: Mapped[bool] = mapped_column(default=False)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    created_at: Mapped[datetime] = mapped_column(default=database_time())

"""The table of verdicts, by far the largest: every column and index of it is paid per image."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import ItemCode, Label, Outcome
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base

NOT_REAL, NOT_SCORED = text("label <> 'real'"), text("outcome <> 'scored'")


class Verdict(Base):
    """How one item ended; the primary key is what makes a second verdict impossible.

    The indexes of labels and outcomes leave out the most frequent ones, which a page finds
    soon without.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_sha256_model_version_id", "sha256", "model_version_id"),
        Index(
            "ix_verdicts_label",
            "job_id",
            "label",
            "position",
            sqlite_where=NOT_REAL,
            postgresql_where=NOT_REAL,
        ),
        Index(
            "ix_verdicts_outcome",
            "job_id",
            "outcome",
            "position",
            sqlite_where=NOT_SCORED,
            postgresql_where=NOT_SCORED,
        ),
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

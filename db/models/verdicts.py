"""The table of verdicts, by far the largest: every column and index of it is paid per image."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import ItemCode, Label, Outcome
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base

NOT_REAL, NOT_SCORED = text("label <> 'real'"), text("outcome <> 'scored'")
CODED = text("code IS NOT NULL")
SCORED_WHOLE = text("outcome = 'scored' AND faces IS NULL")
SCORED_BY_FACES = text("outcome = 'scored' AND faces IS NOT NULL")


class Verdict(Base):
    """How one item ended; the primary key is what makes a second verdict impossible.

    The indexes of labels and outcomes leave out the most frequent ones, which a page finds
    soon without. Those of the bytes are for verdicts that can be reused: an image that was scored
    as a whole and one that was scored by its faces have different scores.

    Postgres checks no references: it would look both rows up for every verdict, which took two
    fifths of an insert (ADR 22). Whoever inserts has locked the job's shards.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        Index(
            "ix_verdicts_scored_whole",
            "sha256",
            "model_version_id",
            "job_id",
            sqlite_where=SCORED_WHOLE,
            postgresql_where=SCORED_WHOLE,
        ),
        Index(
            "ix_verdicts_scored_by_faces",
            "sha256",
            "model_version_id",
            "job_id",
            sqlite_where=SCORED_BY_FACES,
            postgresql_where=SCORED_BY_FACES,
        ),
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
        Index(
            "ix_verdicts_code",
            "job_id",
            "code",
            "position",
            sqlite_where=CODED,
            postgresql_where=CODED,
        ),
        ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE").ddl_if("sqlite"),
        ForeignKeyConstraint(["model_version_id"], ["model_versions.id"]).ddl_if("sqlite"),
        {"sqlite_with_rowid": False},
    )

    job_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    custom_id: Mapped[str | None]
    outcome: Mapped[Outcome]
    label: Mapped[Label | None]
    score: Mapped[float | None]
    code: Mapped[ItemCode | None]
    message: Mapped[str | None]
    faces: Mapped[list[dict[str, Any]] | None]  # null: none were looked for
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    width: Mapped[int | None]
    height: Mapped[int | None]
    reused: Mapped[bool] = mapped_column(default=False)
    model_version_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=database_time())

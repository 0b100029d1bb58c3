"""The table of heatmaps that were asked for; the pictures themselves lie in storage."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import HeatmapCode, Label
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base

TO_MAKE = text("made_at IS NULL AND failed_at IS NULL")


class Heatmap(Base):
    """What speaks for the verdict of a whole image, as `face` 0, or of one of its faces.

    Until it is made or has failed, a worker may take it from `due_at` on: that is put off while
    one has it in hand. `towards` is the label that it speaks for, and `box` where it lies on the
    image as displayed: [x0, y0, x1, y1].
    """

    __tablename__ = "heatmaps"
    __table_args__ = (
        Index("ix_heatmaps_due_at", "due_at", sqlite_where=TO_MAKE, postgresql_where=TO_MAKE),
    )

    job_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    face: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    due_at: Mapped[datetime] = mapped_column(default=database_time())
    attempts: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    code: Mapped[HeatmapCode | None]
    error: Mapped[str | None]
    towards: Mapped[Label | None]
    box: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

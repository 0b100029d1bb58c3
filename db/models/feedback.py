"""The table of what people say of verdicts."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import Label
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base


class Feedback(Base):
    """What a person says that the image of a verdict is, and noted; the last word counts."""

    __tablename__ = "feedback"

    job_id: Mapped[int] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    truth: Mapped[Label]
    note: Mapped[str | None]
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    given_at: Mapped[datetime] = mapped_column(default=database_time())

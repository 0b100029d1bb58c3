"""The table of shards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import ShardState
from db.columns import BIG_ID, PackedJson
from db.models.base import Base

QUEUED, LEASED = text("state = 'queued'"), text("state = 'leased'")
LANDED = text("landing IS NOT NULL")


class Shard(Base):
    """A fixed slice of a job's items: one task, one lease, one retry, one commit.

    `lease_token` is a fencing number: it grows with every claim, and only the worker that holds
    the newest one can commit. `attempts` counts claims that may have failed through the shard's
    own items, `postponements` those that failed through something else. `rank` and `turn` say
    which queued shard is next. `landing` numbers the ended shards of a job in the order of their
    commits. Of a retry's shards, `first_position` is the position of the first of its items.
    """

    __tablename__ = "shards"
    __table_args__ = (
        UniqueConstraint("job_id", "round", "first_position"),
        Index("ix_shards_progress", "job_id", "state", "first_position"),
        Index(
            "ix_shards_next",
            "rank",
            "turn",
            "id",
            sqlite_where=QUEUED,
            postgresql_where=QUEUED,
        ),
        Index("ix_shards_leases", "lease_expires_at", sqlite_where=LEASED, postgresql_where=LEASED),
        Index(
            "ix_shards_landing",
            "job_id",
            "landing",
            sqlite_where=LANDED,
            postgresql_where=LANDED,
        ),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    job_id: Mapped[int] = mapped_column(BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"))
    round: Mapped[int] = mapped_column(SmallInteger, default=0)
    first_position: Mapped[int]
    size: Mapped[int]
    items: Mapped[list[dict[str, Any]]] = mapped_column(PackedJson)
    state: Mapped[ShardState]
    rank: Mapped[int] = mapped_column(SmallInteger, default=1)
    turn: Mapped[int | None] = mapped_column(BigInteger)
    landing: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    postponements: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    @property
    def positions(self) -> list[int]:
        """The positions of the shard's items; those of a retry need not be neighbours."""
        return positions_of(self.first_position, self.items)


def positions_of(first_position: int, items: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the positions of a shard's items: in the items, or one after the other."""
    return [row.get("position", first_position + offset) for offset, row in enumerate(items)]

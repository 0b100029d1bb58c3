"""The table of workers: what each reported last."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import database_time
from db.models.base import Base


class Worker(Base):
    """A worker process, under the name that its leases have, as it said at `seen_at`.

    `images` and `failed` count the verdicts since its start, `errors` what went wrong and was
    tried again. `rate` is images a second of late, `fill` how full its batches were, from 0 to 1
    and None without one, and `busy` the share of the time in which its device was at work.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    model_versions: Mapped[list[str]]
    max_batch: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=database_time())
    seen_at: Mapped[datetime] = mapped_column(default=database_time(), index=True)
    images: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    rate: Mapped[float] = mapped_column(default=0.0)
    fill: Mapped[float | None]
    busy: Mapped[float] = mapped_column(default=0.0)
    errors: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]

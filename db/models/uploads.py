"""The table of resumable uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import database_time
from db.columns import BIG_ID, PackedJson
from db.models.base import Base


class Upload(Base):
    """A large file that arrives in parts; `received` bytes of `size` are in storage.

    `parts` lists each part's URI and size, in order. Once a job uses the upload, the bytes are
    the job's. `tus_metadata` is what the client said of the file, as it said it.
    """

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    name: Mapped[str] = mapped_column(String(1024))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(PackedJson)
    tus_metadata: Mapped[str | None]
    job_id: Mapped[int | None] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]

"""The tables of API keys and of what each has used."""

import datetime as dates

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from db.clock import database_time
from db.models.base import Base


class ApiKey(Base):
    """A key that opens the API. `digest` is its SHA-256: the key itself is never stored.

    `shown` is its beginning, by which people tell keys apart.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    shown: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]]
    max_open_jobs: Mapped[int | None]
    max_items_a_day: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[dates.datetime] = mapped_column(default=database_time())
    last_used_at: Mapped[dates.datetime | None]
    revoked_at: Mapped[dates.datetime | None]


class ApiKeyUse(Base):
    """How many items a key's jobs listed on one day (UTC)."""

    __tablename__ = "api_key_uses"

    api_key_id: Mapped[int] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[dates.date] = mapped_column(primary_key=True)
    items: Mapped[int] = mapped_column(BigInteger, default=0)

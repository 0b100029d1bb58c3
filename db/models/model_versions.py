"""The tables of model versions and their aliases."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.terms import Alias
from db.clock import database_time
from db.models.base import Base


class ModelVersion(Base):
    """A model version that the registry holds; `name` is its folder's, and immutable.

    Its card, some 50 kB, is read when it is asked for: a job's status has no use for it.
    """

    __tablename__ = "model_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    card: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    registered_at: Mapped[datetime] = mapped_column(default=database_time())


class ModelAlias(Base):
    """Which model version plays a role now, and which one did before it (`previous_id`)."""

    __tablename__ = "model_aliases"

    alias: Mapped[Alias] = mapped_column(primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("model_versions.id"))
    set_at: Mapped[datetime] = mapped_column(default=database_time(), onupdate=database_time())

"""The tables of webhooks: where events go, and every delivery of one."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.terms import DeliveryState
from db.clock import database_time
from db.columns import BIG_ID
from db.models.base import Base

PENDING = text("state = 'pending'")


class WebhookEndpoint(Base):
    """An address that wants to hear of its owner's jobs.

    Deliveries are signed with `secret` and, while secrets are rotated, with `old_secret` as well.
    `tried_at` is when something was last sent to it: endpoints take turns.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[list[str]]
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_secret_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    tried_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event on its way to one endpoint, with how the last attempt went.

    While an attempt is in hand, `due_at` is the end of its lease, by which it is known again.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_due", "due_at", sqlite_where=PENDING, postgresql_where=PENDING
        ),
        Index("ix_webhook_deliveries_log", "endpoint_id", "id"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    job_id: Mapped[int | None] = mapped_column(
        BIG_ID, ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=database_time())
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=database_time())
    delivered_at: Mapped[datetime | None]

    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="joined", innerjoin=True)

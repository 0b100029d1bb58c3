"""Deliveries of events: claimed by lease, marked as they went, listed, sent again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, delete, select, update
from sqlalchemy.orm import Session, contains_eager

from core.errors import NotFoundError
from core.terms import DeliveryState
from db.clock import database_time
from db.models import WebhookDelivery, WebhookEndpoint
from db.webhook_endpoints import require_enabled


@dataclass(frozen=True)
class DeliveryClaim:
    """The right to send a delivery until its lease ends; `secrets` sign it, newest first.

    `public_id` is the delivery's, `webhook` that of its endpoint.
    """

    delivery_id: int
    public_id: str
    endpoint_id: int
    webhook: str
    url: str
    secrets: tuple[str, ...]
    payload: dict[str, Any]
    attempts: int
    claimed_at: datetime
    lease_ends_at: datetime


def get(session: Session, endpoint: WebhookEndpoint, public_id: str) -> WebhookDelivery:
    """Return the delivery to the endpoint; raises NotFoundError."""
    delivery = session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.public_id == public_id
        )
    )
    if delivery is None:
        raise NotFoundError(f"The webhook has no delivery {public_id}.")
    return delivery


def page(
    session: Session, endpoint: WebhookEndpoint, *, limit: int, before_id: int | None = None
) -> Sequence[WebhookDelivery]:
    """Return up to `limit` deliveries to the endpoint, newest first, older than `before_id`."""
    older = [WebhookDelivery.id < before_id] if before_id is not None else []
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id, *older)
    return session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)).all()


def send_again(session: Session, delivery: WebhookDelivery) -> None:
    """Make the delivery due now, whatever became of it, with every attempt before it again.

    Raises ConflictError when its endpoint is disabled.
    """
    require_enabled(delivery.endpoint)
    delivery.state = DeliveryState.PENDING
    delivery.attempts = 0
    delivery.due_at = database_time()  # no longer the lease of an attempt that may be in hand
    session.flush()
    session.refresh(delivery)


def first_due(session: Session) -> int | None:
    """Return the delivery that is due longest, if any is."""
    query = select(WebhookDelivery.id).join(WebhookDelivery.endpoint).where(*_due())
    return session.scalar(query.order_by(WebhookDelivery.due_at).limit(1))


def claim_due(
    session: Session, *, lease_s: float, except_endpoints: Collection[int] = ()
) -> DeliveryClaim | None:
    """Take a due delivery and count its attempt, or return None when there is none to take.

    The endpoint that waits longest for its turn goes first, so that none can hold up the others.
    """
    query = (
        select(WebhookDelivery)
        .join(WebhookDelivery.endpoint)
        .options(contains_eager(WebhookDelivery.endpoint))
        .where(*_due(), WebhookDelivery.endpoint_id.not_in(except_endpoints))
        .order_by(WebhookEndpoint.tried_at.nulls_first(), WebhookDelivery.due_at)
        .limit(1)
        .with_for_update(of=(WebhookDelivery, WebhookEndpoint), skip_locked=True, key_share=True)
    )
    delivery = session.scalar(query)
    if delivery is None:
        return None
    endpoint = delivery.endpoint
    now = session.scalars(select(database_time())).one()
    delivery.attempts += 1
    delivery.due_at = now + timedelta(seconds=lease_s)
    endpoint.tried_at = now
    session.flush()
    return DeliveryClaim(
        delivery_id=delivery.id,
        public_id=delivery.public_id,
        endpoint_id=endpoint.id,
        webhook=endpoint.public_id,
        url=endpoint.url,
        secrets=_secrets(endpoint, now),
        payload=delivery.payload,
        attempts=delivery.attempts,
        claimed_at=now,
        lease_ends_at=delivery.due_at,
    )


def mark_delivered(session: Session, claim: DeliveryClaim, *, status: int) -> None:
    """Note that the receiver took the delivery, unless the claim is no longer the newest."""
    session.execute(
        _update_claimed(claim).values(
            state=DeliveryState.DELIVERED,
            last_status=status,
            last_error=None,
            delivered_at=database_time(),
        )
    )


def mark_failed(
    session: Session,
    claim: DeliveryClaim,
    *,
    status: int | None,
    error: str,
    again_in_s: float | None,
) -> None:
    """Note how the attempt failed, and when the next one is due; None gives the delivery up."""
    values: dict[str, Any] = {"last_status": status, "last_error": error}
    if again_in_s is None:
        values["state"] = DeliveryState.FAILED
    else:
        values["due_at"] = database_time(again_in_s)
    session.execute(_update_claimed(claim).values(values))


def is_last_word(session: Session, claim: DeliveryClaim) -> bool:
    """Return whether nothing that was announced after this delivery got through either."""
    later = select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == claim.endpoint_id,
        WebhookDelivery.id > claim.delivery_id,
        WebhookDelivery.state == DeliveryState.DELIVERED,
    )
    return session.scalar(later.limit(1)) is None


def purge(session: Session, *, older_than_s: float, limit: int) -> int:
    """Delete up to `limit` of the oldest deliveries that ended and were made so long ago.

    Only the oldest rows are looked at, so that it costs the same whatever the log's length.
    Returns how many there were.
    """
    oldest = select(WebhookDelivery.id).order_by(WebhookDelivery.id).limit(limit)
    gone = (
        delete(WebhookDelivery)
        .where(WebhookDelivery.id.in_(oldest), WebhookDelivery.state != DeliveryState.PENDING)
        .where(WebhookDelivery.created_at < database_time(-older_than_s))
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(gone).all())


def _due() -> list[ColumnElement[bool]]:
    return [
        WebhookDelivery.state == DeliveryState.PENDING,
        WebhookDelivery.due_at <= database_time(),
        WebhookEndpoint.disabled_at.is_(None),
    ]


def _update_claimed(claim: DeliveryClaim) -> Update:
    return (
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == claim.delivery_id,
            WebhookDelivery.state == DeliveryState.PENDING,
            WebhookDelivery.due_at == claim.lease_ends_at,
        )
        .execution_options(synchronize_session=False)
    )


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    expires_at = endpoint.old_secret_expires_at
    if endpoint.old_secret is None or expires_at is None or expires_at <= now:
        return (endpoint.secret,)
    return endpoint.secret, endpoint.old_secret

"""Webhook endpoints: made, changed, given new secrets, disabled, removed."""

import base64
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from core.errors import ConflictError, NotFoundError
from core.terms import DeliveryState, JobEvent
from db.clock import database_time
from db.models import WebhookDelivery, WebhookEndpoint

SECRET_BYTES = 32
MAX_ENDPOINTS_A_KEY = 20  # each takes a delivery at every end of a job


def create(
    session: Session, *, url: str, events: Collection[JobEvent], api_key_id: int | None
) -> WebhookEndpoint:
    """Insert an endpoint with a fresh secret; raises ConflictError when its owner has too many."""
    count = select(func.count()).select_from(WebhookEndpoint).where(_owned_by(api_key_id))
    if (session.scalar(count) or 0) >= MAX_ENDPOINTS_A_KEY:
        raise ConflictError(
            f"There are {MAX_ENDPOINTS_A_KEY} webhooks already, and there can be no more; "
            "remove one that is not needed."
        )
    endpoint = WebhookEndpoint(
        public_id=f"wh_{uuid7().hex}",
        api_key_id=api_key_id,
        url=url,
        events=_in_order(events),
        secret=_new_secret(),
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def get(
    session: Session, public_id: str, *, visible_to: int | None = None, lock: bool = False
) -> WebhookEndpoint:
    """Return the endpoint; raises NotFoundError, also for one that `visible_to` does not own.

    With None, whoever asks sees the endpoints of all keys.
    """
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.public_id == public_id, *_visible(visible_to)
    )
    endpoint = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if endpoint is None:
        raise NotFoundError(f"There is no webhook {public_id}.")
    return endpoint


def page(
    session: Session, *, limit: int, before_id: int | None = None, visible_to: int | None = None
) -> Sequence[WebhookEndpoint]:
    """Return up to `limit` endpoints, newest first, older than `before_id`."""
    older = [WebhookEndpoint.id < before_id] if before_id is not None else []
    query = select(WebhookEndpoint).where(*_visible(visible_to), *older)
    return session.scalars(query.order_by(WebhookEndpoint.id.desc()).limit(limit)).all()


def change(
    session: Session,
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    events: Collection[JobEvent] | None = None,
    enabled: bool | None = None,
) -> None:
    """Change what is given; None leaves it as it is."""
    if url is not None:
        endpoint.url = url
    if events is not None:
        endpoint.events = _in_order(events)
    if enabled:
        endpoint.disabled_at = None
    session.flush()
    if enabled is False:
        disable(session, endpoint.id)
    session.refresh(endpoint)


def rotate(session: Session, endpoint: WebhookEndpoint, *, both_for_s: float) -> None:
    """Give the endpoint a new secret; the one before signs as well for `both_for_s`."""
    endpoint.old_secret = endpoint.secret
    endpoint.old_secret_expires_at = database_time(both_for_s)
    endpoint.secret = _new_secret()
    session.flush()
    session.refresh(endpoint)


def disable(session: Session, endpoint_id: int) -> None:
    """Send nothing more to the endpoint; what is on its way to it fails."""
    _disable(session, WebhookEndpoint.id == endpoint_id)


def disable_all_of(session: Session, api_key_id: int) -> None:
    """Send nothing more to any endpoint of the key, which is no longer good."""
    _disable(session, WebhookEndpoint.api_key_id == api_key_id)


def remove(session: Session, endpoint: WebhookEndpoint) -> None:
    """Delete the endpoint with its log of deliveries."""
    session.delete(endpoint)
    session.flush()


def require_enabled(endpoint: WebhookEndpoint) -> None:
    """Raise ConflictError for an endpoint to which nothing is sent."""
    if endpoint.disabled_at is not None:
        raise ConflictError("The webhook is disabled; enable it first.")


def _disable(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(
        update(WebhookEndpoint)
        .where(which, WebhookEndpoint.disabled_at.is_(None))
        .values(disabled_at=database_time())
        .execution_options(synchronize_session=False)
    )
    pending = WebhookDelivery.state == DeliveryState.PENDING
    session.execute(
        update(WebhookDelivery)
        .where(pending, WebhookDelivery.endpoint_id.in_(select(WebhookEndpoint.id).where(which)))
        .values(state=DeliveryState.FAILED, last_error="The webhook was disabled.")
        .execution_options(synchronize_session=False)
    )


def _owned_by(api_key_id: int | None) -> ColumnElement[bool]:
    return WebhookEndpoint.api_key_id.is_not_distinct_from(api_key_id)


def _visible(visible_to: int | None) -> list[ColumnElement[bool]]:
    return [] if visible_to is None else [WebhookEndpoint.api_key_id == visible_to]


def _in_order(events: Collection[JobEvent]) -> list[str]:
    return [event.value for event in JobEvent if event in events]


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()

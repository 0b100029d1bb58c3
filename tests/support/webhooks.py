"""Webhooks for tests: an endpoint and its deliveries as rows."""

from collections.abc import Collection

from sqlalchemy import select, update

from core.terms import JobEvent
from db import webhook_endpoints
from db.clock import database_time
from db.models import WebhookDelivery, WebhookEndpoint
from db.session import Database


def add_endpoint(
    database: Database,
    *,
    url: str = "https://example.com/hook",
    events: Collection[JobEvent] = tuple(JobEvent),
    api_key_id: int | None = None,
) -> WebhookEndpoint:
    """Insert an endpoint; return its row."""
    with database.write() as session:
        return webhook_endpoints.create(session, url=url, events=events, api_key_id=api_key_id)


def get_endpoint(database: Database, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Return the endpoint's row as it is now."""
    with database.read() as session:
        return session.get_one(WebhookEndpoint, endpoint.id)


def deliveries_of(database: Database, endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
    """Return every delivery to the endpoint, oldest first."""
    with database.read() as session:
        query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
        return list(session.scalars(query.order_by(WebhookDelivery.id)))


def make_due(database: Database, delivery: WebhookDelivery) -> None:
    """Let the delivery's pause, or the lease of its attempt, be over."""
    with database.write() as session:
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == delivery.id)
            .values(due_at=database_time(-1))
        )

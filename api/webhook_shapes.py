"""Rows of webhooks and deliveries as the schemas that clients see."""

from flask import url_for

from api.webhook_schemas import DeliveryView, WebhookSecretView, WebhookView
from core.terms import DeliveryState, JobEvent
from db.models import WebhookDelivery, WebhookEndpoint

ACTIONS = {
    "self": "webhooks.read_webhook",
    "deliveries": "webhooks.list_deliveries",
    "rotate": "webhooks.rotate_webhook",
    "test": "webhooks.test_webhook",
}


def webhook_view(endpoint: WebhookEndpoint) -> WebhookView:
    """Return the webhook as clients see it, without its secret."""
    return WebhookView(
        id=endpoint.public_id,
        url=endpoint.url,
        events=[JobEvent(event) for event in endpoint.events],
        enabled=endpoint.disabled_at is None,
        created_at=endpoint.created_at,
        disabled_at=endpoint.disabled_at,
        old_secret_expires_at=endpoint.old_secret_expires_at,
        links={
            name: url_for(action, webhook_id=endpoint.public_id) for name, action in ACTIONS.items()
        },
    )


def webhook_secret_view(endpoint: WebhookEndpoint) -> WebhookSecretView:
    """Return the webhook with its secret, for the one time that it is shown."""
    return WebhookSecretView(**webhook_view(endpoint).model_dump(), secret=endpoint.secret)


def delivery_view(delivery: WebhookDelivery) -> DeliveryView:
    """Return the delivery as clients see it."""
    return DeliveryView(
        id=delivery.public_id,
        event=delivery.event,
        job_id=delivery.payload["data"]["id"] if delivery.job_id is not None else None,
        state=delivery.state,
        attempts=delivery.attempts,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        due_at=delivery.due_at if delivery.state == DeliveryState.PENDING else None,
        created_at=delivery.created_at,
        delivered_at=delivery.delivered_at,
        links={
            "redeliver": url_for(
                "webhooks.redeliver",
                webhook_id=delivery.endpoint.public_id,
                delivery_id=delivery.public_id,
            )
        },
    )

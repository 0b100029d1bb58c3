"""Webhooks over HTTP: made, read, changed, removed, tried; and the log of their deliveries."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from sqlalchemy.orm import Session

from api import cursors
from api.document import WEBHOOKS, described, problems
from api.errors import FieldError
from api.identity import caller
from api.queries import PageQuery
from api.services import services
from api.shapes import answer
from api.webhook_schemas import (
    DeliveryPage,
    DeliveryPath,
    DeliveryView,
    WebhookChange,
    WebhookPage,
    WebhookPath,
    WebhookQuery,
    WebhookRequest,
    WebhookSecretView,
    WebhookView,
)
from api.webhook_shapes import delivery_view, webhook_secret_view, webhook_view
from core.outbound import Outbound
from core.taskqueue import deliver
from db import deliveries, webhook_endpoints, webhooks
from db.models import WebhookEndpoint

blueprint = APIBlueprint("webhooks", __name__, url_prefix="/v1", abp_tags=[WEBHOOKS])

LOCATION = {
    "Location": {"description": "Where the webhook is read.", "schema": {"type": "string"}},
}


@blueprint.post(
    "/webhooks",
    operation_id="create_webhook",
    summary="Be told when your jobs end",
    description="The secret in the answer verifies the signatures; it is shown this once.",
    responses={
        201: described(WebhookSecretView, "The webhook, with its secret.", headers=LOCATION),
        **problems(409, 422),
    },
)
def create_webhook(body: WebhookRequest) -> Response:
    """Make a webhook of the caller's."""
    _require_reachable(body.url)
    with services().database.write() as session:
        endpoint = webhook_endpoints.create(
            session, url=body.url, events=body.events, api_key_id=caller().key_id
        )
    view = webhook_secret_view(endpoint)
    return answer(view, 201, {"Location": view.links["self"]})


@blueprint.get(
    "/webhooks",
    operation_id="list_webhooks",
    summary="List your webhooks, newest first",
    responses={200: WebhookPage, **problems(422)},
)
def list_webhooks(query: WebhookQuery) -> Response:
    """Return one page of webhooks."""
    with services().database.read() as session:
        found = webhook_endpoints.page(
            session,
            limit=query.limit + 1,
            before_id=cursors.decode("webhook", query.cursor),
            visible_to=caller().sees,
        )
    shown = found[: query.limit]
    more = cursors.encode("webhook", shown[-1].id) if len(found) > query.limit else None
    return answer(WebhookPage(webhooks=[webhook_view(one) for one in shown], next_cursor=more))


@blueprint.get(
    "/webhooks/<webhook:webhook_id>",
    operation_id="read_webhook",
    summary="Read a webhook",
    responses={200: WebhookView, **problems(404)},
)
def read_webhook(path: WebhookPath) -> Response:
    """Return one webhook."""
    with services().database.read() as session:
        return answer(webhook_view(_get(session, path)))


@blueprint.patch(
    "/webhooks/<webhook:webhook_id>",
    operation_id="change_webhook",
    summary="Change a webhook's URL or events, disable or enable it",
    responses={200: WebhookView, **problems(404, 422)},
)
def change_webhook(path: WebhookPath, body: WebhookChange) -> Response:
    """Change one webhook."""
    if body.url is not None:
        _require_reachable(body.url)
    with services().database.write() as session:
        endpoint = _get(session, path, lock=True)
        webhook_endpoints.change(
            session, endpoint, url=body.url, events=body.events, enabled=body.enabled
        )
    return answer(webhook_view(endpoint))


@blueprint.delete(
    "/webhooks/<webhook:webhook_id>",
    operation_id="delete_webhook",
    summary="Remove a webhook and its log",
    responses={204: {"description": "It is removed."}, **problems(404)},
)
def delete_webhook(path: WebhookPath) -> Response:
    """Remove one webhook."""
    with services().database.write() as session:
        webhook_endpoints.remove(session, _get(session, path, lock=True))
    return Response(status=204)


@blueprint.post(
    "/webhooks/<webhook:webhook_id>/rotate",
    operation_id="rotate_webhook",
    summary="Give a webhook a new secret; for a while the old one signs as well",
    responses={
        200: described(WebhookSecretView, "The webhook, with its new secret."),
        **problems(404),
    },
)
def rotate_webhook(path: WebhookPath) -> Response:
    """Rotate the secret of one webhook."""
    with services().database.write() as session:
        endpoint = _get(session, path, lock=True)
        webhook_endpoints.rotate(
            session, endpoint, both_for_s=services().settings.webhook_rotation_s
        )
    return answer(webhook_secret_view(endpoint))


@blueprint.post(
    "/webhooks/<webhook:webhook_id>/test",
    operation_id="test_webhook",
    summary="Send a `ping` event",
    responses={202: described(DeliveryView, "The ping is on its way."), **problems(404, 409)},
)
def test_webhook(path: WebhookPath) -> Response:
    """Announce a ping to one webhook."""
    with services().database.write() as session:
        delivery = webhooks.ping(session, _get(session, path, lock=True))
    services().ring(deliver())
    return answer(delivery_view(delivery), 202)


@blueprint.get(
    "/webhooks/<webhook:webhook_id>/deliveries",
    operation_id="list_deliveries",
    summary="List a webhook's deliveries, newest first",
    responses={200: DeliveryPage, **problems(404, 422)},
)
def list_deliveries(path: WebhookPath, query: PageQuery) -> Response:
    """Return one page of the log."""
    with services().database.read() as session:
        found = deliveries.page(
            session,
            _get(session, path),
            limit=query.limit + 1,
            before_id=cursors.decode("delivery", query.cursor),
        )
    shown = found[: query.limit]
    more = cursors.encode("delivery", shown[-1].id) if len(found) > query.limit else None
    return answer(DeliveryPage(deliveries=[delivery_view(one) for one in shown], next_cursor=more))


@blueprint.post(
    "/webhooks/<webhook:webhook_id>/deliveries/<delivery:delivery_id>/redeliver",
    operation_id="redeliver",
    summary="Send a delivery again, whatever became of it",
    responses={202: described(DeliveryView, "It is on its way."), **problems(404, 409)},
)
def redeliver(path: DeliveryPath) -> Response:
    """Make one delivery due again."""
    with services().database.write() as session:
        delivery = deliveries.get(session, _get(session, path, lock=True), path.delivery_id)
        deliveries.send_again(session, delivery)
    services().ring(deliver())
    return answer(delivery_view(delivery), 202)


def _get(session: Session, path: WebhookPath, *, lock: bool = False) -> WebhookEndpoint:
    return webhook_endpoints.get(session, path.webhook_id, visible_to=caller().sees, lock=lock)


def _require_reachable(url: str) -> None:
    refusal = Outbound(services().settings.outbound_allowed_networks).refusal(url)
    if refusal is not None:
        raise FieldError("url", refusal)

"""The webhooks of a server: add, change, rotate, try, remove them, and read what was sent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from client.http import Http
from client.reading import read

PATH = "/v1/webhooks"


@dataclass(frozen=True)
class Webhook:
    """An address that the server tells of the ends of jobs; `secret` is there when it is new."""

    id: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    created_at: datetime
    disabled_at: datetime | None = None
    old_secret_expires_at: datetime | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Delivery:
    """One event on its way to a webhook, and how the last attempt went."""

    id: str
    event: str
    job_id: str | None
    state: str
    attempts: int
    last_status: int | None
    last_error: str | None
    due_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


class AsyncWebhooks:
    """Reached as `AsyncClient(...).webhooks`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def add(self, url: str, *, events: Sequence[str] | None = None) -> Webhook:
        """Let the server send the events, by default all, to the URL.

        The answer's `secret` verifies them; it is not shown again.
        """
        body = {"url": url} if events is None else {"url": url, "events": list(events)}
        return _webhook(await self._http.send_once("POST", PATH, json=body))

    async def list(self) -> AsyncGenerator[Webhook]:
        """Yield the webhooks, newest first, page after page."""
        async for webhook in self._http.get_pages(PATH, "webhooks", {}):
            yield _webhook(webhook)

    async def get(self, webhook_id: str) -> Webhook:
        """Return the webhook as it stands now."""
        return _webhook(await self._http.get(f"{PATH}/{webhook_id}"))

    async def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given, and leave the rest as it is."""
        given = {"url": url, "events": events and [*events], "enabled": enabled}
        body = {name: value for name, value in given.items() if value is not None}
        return _webhook(await self._http.insist("PATCH", f"{PATH}/{webhook_id}", json=body))

    async def rotate(self, webhook_id: str) -> Webhook:
        """Give the webhook a new secret, in the answer; for a while the old one signs as well."""
        return _webhook(await self._http.send_once("POST", f"{PATH}/{webhook_id}/rotate"))

    async def test(self, webhook_id: str) -> Delivery:
        """Ask the server to send a `ping` event."""
        return read(Delivery, await self._http.send_once("POST", f"{PATH}/{webhook_id}/test"))

    async def deliveries(self, webhook_id: str) -> AsyncGenerator[Delivery]:
        """Yield what was and is to be sent, newest first, page after page."""
        pages = self._http.get_pages(f"{PATH}/{webhook_id}/deliveries", "deliveries", {})
        async for delivery in pages:
            yield read(Delivery, delivery)

    async def redeliver(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Ask the server to send a delivery again, whatever became of it."""
        path = f"{PATH}/{webhook_id}/deliveries/{delivery_id}/redeliver"
        return read(Delivery, await self._http.send_once("POST", path))

    async def remove(self, webhook_id: str) -> None:
        """Remove the webhook and its log."""
        await self._http.delete(f"{PATH}/{webhook_id}")


def _webhook(data: Mapping[str, Any]) -> Webhook:
    return read(Webhook, {**data, "events": tuple(data.get("events", ()))})

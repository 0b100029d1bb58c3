"""The client's webhooks, against the real application in memory, which is often busy."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client import ApiError, Client
from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, settings_for

URL = "https://example.com/hook"


class Declining(httpx.BaseTransport):
    """Declines each request once before it is handed on."""

    def __init__(self, to: httpx.BaseTransport) -> None:
        self._to = to
        self._declines = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer 503 to every other request."""
        self._declines = not self._declines
        if self._declines:
            return httpx.Response(503, headers={"Retry-After": "0"})
        return self._to.handle_request(request)


@pytest.fixture
def client(sqlite_url: str, tmp_path: Path) -> Iterator[Client]:
    """A client of an application with an empty database, which declines each request once."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    rig = ApiRig(settings, Database(sqlite_url), Storage(settings.storage_url))
    transport = Declining(httpx.WSGITransport(app=rig.app))
    with Client("http://localhost", transport=transport) as client:
        yield client


def test_the_secret_is_there_when_it_is_new(client: Client) -> None:
    """After adding and rotating; it is not read again, and not shown by accident."""
    made = client.webhooks.add(URL, events=["job.failed"])
    rotated = client.webhooks.rotate(made.id)
    assert made.secret is not None
    assert rotated.secret not in (None, made.secret)
    assert made.secret not in repr(made)
    found = client.webhooks.get(made.id)
    assert (found.secret, found.events, found.url) == (None, ("job.failed",), URL)
    assert found.old_secret_expires_at == rotated.old_secret_expires_at is not None


def test_webhooks_are_changed_listed_and_removed(client: Client) -> None:
    """What is not given stays as it is."""
    first, second = client.webhooks.add(URL), client.webhooks.add(URL)
    changed = client.webhooks.change(first.id, url=f"{URL}/2", enabled=False)
    assert (changed.url, changed.enabled, changed.events) == (f"{URL}/2", False, first.events)
    assert client.webhooks.change(first.id, events=["job.failed"]).events == ("job.failed",)
    assert [one.id for one in client.webhooks.list()] == [second.id, first.id]
    client.webhooks.remove(first.id)
    with pytest.raises(ApiError, match=first.id):
        client.webhooks.get(first.id)


def test_deliveries_are_read_and_sent_again(client: Client) -> None:
    """The log of a webhook, newest first."""
    made = client.webhooks.add(URL)
    pings = [client.webhooks.test(made.id).id for _ in range(2)]
    found = list(client.webhooks.deliveries(made.id))
    assert [one.id for one in found] == pings[::-1]
    assert (found[0].event, found[0].state, found[0].attempts) == ("ping", "pending", 0)
    assert client.webhooks.redeliver(made.id, pings[0]).id == pings[0]

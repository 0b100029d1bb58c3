"""Delivering: signed, tried again on the schedule, given up, and never where it must not go."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from core.outbound import Outbound, open_guarded_session
from core.terms import DeliveryState
from db import deliveries, webhook_endpoints, webhooks
from db.models import WebhookDelivery, WebhookEndpoint
from db.session import Database
from tests.support.receiver import Receiver, receiver
from tests.support.webhooks import add_endpoint, deliveries_of, get_endpoint, make_due
from workers.webhooks import JITTER, PAUSES_S, Deliverer

GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"
LOOPBACK = Outbound((ip_network("127.0.0.0/8"),))


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiver() as started:
        yield started


def deliverer(database: Database, outbound: Outbound = LOOPBACK) -> Deliverer:
    """Build a deliverer that may reach this machine."""
    return Deliverer(database=database, session=open_guarded_session(outbound), stopping=Event())


def ping(database: Database, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Announce a ping to the endpoint."""
    with database.write() as session:
        return webhooks.ping(session, endpoint)


def only(database: Database, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Return the endpoint's one delivery."""
    (delivery,) = deliveries_of(database, endpoint)
    return delivery


def test_a_delivery_is_signed_and_says_what_happened(database: Database, hook: Receiver) -> None:
    """The reference implementation verifies it with the secret that was shown."""
    endpoint = add_endpoint(database, url=hook.url)
    sent = ping(database, endpoint)
    deliverer(database).deliver_due()
    (got,) = hook.received
    assert got.id == sent.public_id
    assert got.headers["content-type"] == "application/json"
    event = got.verified(endpoint.secret)
    assert (event["type"], event["data"]) == ("ping", {"webhook": endpoint.public_id})
    assert event["timestamp"].endswith("Z")
    delivery = only(database, endpoint)
    assert (delivery.state, delivery.last_status) == (DeliveryState.DELIVERED, 204)


def test_both_secrets_sign_while_they_are_rotated(database: Database, hook: Receiver) -> None:
    """A receiver may change its secret at any moment of the overlap; later only the new one."""
    endpoint = add_endpoint(database, url=hook.url)
    for both_for_s in (60, -1):
        with database.write() as session:
            found = webhook_endpoints.get(session, endpoint.public_id, lock=True)
            old = found.secret
            webhook_endpoints.rotate(session, found, both_for_s=both_for_s)
        ping(database, found)
        deliverer(database).deliver_due()
        got = hook.next()
        assert got.verified(found.secret)["type"] == "ping"
        if both_for_s > 0:
            assert got.headers["webhook-signature"].count("v1,") == 2
            assert got.verified(old)["type"] == "ping"
        else:
            with pytest.raises(WebhookVerificationError):
                got.verified(old)


def test_a_refused_delivery_comes_again_under_the_same_id(
    database: Database, hook: Receiver
) -> None:
    """With a fresh signature of the same body; the log says how the last attempt went."""
    hook.statuses = [500, 429]
    endpoint = add_endpoint(database, url=hook.url)
    sent = ping(database, endpoint)
    for status in (500, 429):
        deliverer(database).deliver_due()
        waiting = only(database, endpoint)
        assert (waiting.state, waiting.last_status) == (DeliveryState.PENDING, status)
        assert str(status) in (waiting.last_error or "")
        make_due(database, sent)
    deliverer(database).deliver_due()
    delivery = only(database, endpoint)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 3)
    assert delivery.last_error is None
    assert {(got.id, got.body) for got in hook.received} == {
        (sent.public_id, hook.received[0].body)
    }


def test_the_pauses_follow_the_schedule(database: Database, hook: Receiver) -> None:
    """Each a little longer than asked, never shorter; then it is given up."""
    hook.statuses = [503] * 99
    endpoint = add_endpoint(database, url=hook.url)
    sent = ping(database, endpoint)
    for pause in PAUSES_S:
        deliverer(database).deliver_due()
        waiting = only(database, endpoint)
        assert waiting.state is DeliveryState.PENDING
        tried_at = get_endpoint(database, endpoint).tried_at
        assert tried_at is not None
        assert pause <= (waiting.due_at - tried_at).total_seconds() <= pause * (1 + JITTER) + 5
        make_due(database, sent)
    deliverer(database).deliver_due()
    assert only(database, endpoint).state is DeliveryState.FAILED
    assert len(hook.received) == len(PAUSES_S) + 1


def give_up(database: Database, sent: WebhookDelivery) -> None:
    """Let the last attempt of the delivery be due, and make it."""
    for _ in PAUSES_S:
        make_due(database, sent)
        with database.write() as session:
            deliveries.claim_due(session, lease_s=60)
    make_due(database, sent)
    deliverer(database).deliver_due()


def test_an_endpoint_that_failed_for_days_is_disabled(database: Database, hook: Receiver) -> None:
    """When a delivery is given up and nothing later got through either."""
    hook.statuses = [500]
    endpoint = add_endpoint(database, url=hook.url)
    give_up(database, ping(database, endpoint))
    assert get_endpoint(database, endpoint).disabled_at is not None


def test_an_endpoint_that_takes_other_events_stays(database: Database, hook: Receiver) -> None:
    """One event that it refuses for days is given up alone."""
    endpoint = add_endpoint(database, url=hook.url)
    hook.statuses = [500]
    refused = ping(database, endpoint)
    deliverer(database).deliver_due()
    ping(database, endpoint)
    deliverer(database).deliver_due()
    hook.statuses = [500]
    give_up(database, refused)
    assert deliveries_of(database, endpoint)[0].state is DeliveryState.FAILED
    assert get_endpoint(database, endpoint).disabled_at is None


def test_a_receiver_that_is_gone_is_disabled_at_once(database: Database, hook: Receiver) -> None:
    """410: nothing more is sent, nor is what waited."""
    hook.statuses = [410]
    endpoint = add_endpoint(database, url=hook.url)
    for _ in range(2):
        ping(database, endpoint)
    deliverer(database).deliver_due()
    assert get_endpoint(database, endpoint).disabled_at is not None
    assert len(hook.received) == 1
    gone, waited = deliveries_of(database, endpoint)
    assert (gone.state, gone.last_status) == (DeliveryState.FAILED, 410)
    assert (waited.state, waited.attempts) == (DeliveryState.FAILED, 0)


def test_a_redirect_is_not_followed(database: Database, hook: Receiver) -> None:
    """It could lead anywhere; the log says what to do."""
    with receiver() as elsewhere:
        hook.statuses, hook.headers = [307], {"location": elsewhere.url}
        endpoint = add_endpoint(database, url=hook.url)
        ping(database, endpoint)
        deliverer(database).deliver_due()
        assert elsewhere.received == []
    waiting = only(database, endpoint)
    assert (waiting.state, waiting.last_status) == (DeliveryState.PENDING, 307)
    assert "not followed" in (waiting.last_error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_private_address_is_refused_at_each_delivery(
    sqlite_url: str, hook: Receiver, scheme: str, host: str
) -> None:
    """Whatever was checked when the webhook was made: no byte reaches this machine."""
    database = Database(sqlite_url)
    port = hook.url.rpartition(":")[2]
    endpoint = add_endpoint(database, url=f"{scheme}://{host}:{port}")
    ping(database, endpoint)
    deliverer(database, Outbound()).deliver_due()
    waiting = only(database, endpoint)
    assert (waiting.attempts, waiting.last_status) == (1, None)
    assert waiting.last_error
    assert hook.received == []


def test_a_receiver_that_does_not_answer_holds_up_no_other(
    database: Database, hook: Receiver
) -> None:
    """A second thread passes it by, and delivers to those that answer."""
    hook.open.clear()
    stuck = add_endpoint(database, url=hook.url)
    for _ in range(3):
        ping(database, stuck)
    sender = deliverer(database)
    first = Thread(target=sender.deliver_due)
    first.start()
    hook.next()
    with receiver() as healthy:
        endpoint = add_endpoint(database, url=healthy.url)
        ping(database, endpoint)
        sender.deliver_due()
        assert len(healthy.received) == 1
    assert len(hook.received) == 1
    hook.open.set()
    first.join()
    assert len(hook.received) == 3


def test_every_claim_calls_for_another_thread(database: Database, hook: Receiver) -> None:
    """There may be more due than one thread should send."""
    calls: list[int] = []
    endpoint = add_endpoint(database, url=hook.url)
    ping(database, endpoint)
    deliverer(database).deliver_due(more_due=lambda: calls.append(1))
    assert calls == [1]


def test_nothing_is_begun_while_the_worker_stops(database: Database, hook: Receiver) -> None:
    """What is due is left to others."""
    endpoint = add_endpoint(database, url=hook.url)
    ping(database, endpoint)
    sender = deliverer(database)
    sender.stopping.set()
    sender.deliver_due()
    assert hook.received == []
    assert only(database, endpoint).attempts == 0


def test_many_threads_send_each_delivery_once(database: Database, hook: Receiver) -> None:
    """Whoever claims it: threads of one process, or of several."""
    endpoints = [add_endpoint(database, url=hook.url) for _ in range(4)]
    for endpoint in endpoints:
        for _ in range(5):
            ping(database, endpoint)
    senders = [deliverer(database) for _ in range(2)]
    threads = [Thread(target=sender.deliver_due) for sender in senders for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [got.id for got in hook.received]
    assert len(ids) == len(set(ids)) == 20


def test_the_receiver_of_the_guide_takes_what_is_sent(
    database: Database, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of docs/webhooks.md runs: it takes an event once, and refuses a forged one."""
    endpoint = add_endpoint(database, url=hook.url)
    ping(database, endpoint)
    deliverer(database).deliver_due()
    got = hook.next()
    monkeypatch.setenv("FAKESWEEP_WEBHOOK_SECRET", endpoint.secret)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    guide: dict[str, Any] = {"__name__": "guide"}
    exec(code, guide)
    client = guide["app"].test_client()
    for _ in range(2):
        answer = client.post("/fakesweep", data=got.body, headers=got.headers)
        assert answer.status_code == 204
    assert guide["seen"] == {got.id}
    forged = client.post("/fakesweep", data=got.body.replace(b"ping", b"pong"), headers=got.headers)
    assert forged.status_code == 401

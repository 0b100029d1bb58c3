"""Deliveries: claimed once by lease, marked by the newest claim, listed, sent again."""

import pytest

from core.errors import NotFoundError
from core.terms import DeliveryState
from db import deliveries, webhook_endpoints, webhooks
from db.clock import database_time
from db.deliveries import DeliveryClaim
from db.models import WebhookDelivery, WebhookEndpoint
from db.session import Database
from tests.support.webhooks import add_endpoint, deliveries_of, make_due


def add_delivery(database: Database, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Insert a due delivery to the endpoint."""
    with database.write() as session:
        return webhooks.ping(session, endpoint)


def claim(
    database: Database, *, lease_s: float = 60, except_endpoints: tuple[int, ...] = ()
) -> DeliveryClaim | None:
    """Claim whichever delivery is next."""
    with database.write() as session:
        return deliveries.claim_due(session, lease_s=lease_s, except_endpoints=except_endpoints)


def claim_one(database: Database) -> DeliveryClaim:
    """Claim a delivery; there must be one."""
    claimed = claim(database)
    assert claimed is not None
    return claimed


def test_a_delivery_is_claimed_by_one_at_a_time(database: Database) -> None:
    """Its lease hides it, and its attempt is counted before anything is sent."""
    endpoint = add_endpoint(database)
    delivery = add_delivery(database, endpoint)
    claimed = claim_one(database)
    assert (claimed.public_id, claimed.attempts) == (delivery.public_id, 1)
    assert (claimed.url, claimed.secrets) == (endpoint.url, (endpoint.secret,))
    assert claim(database) is None
    assert deliveries_of(database, endpoint)[0].attempts == 1


def test_a_delivery_whose_sender_died_is_claimed_again(database: Database) -> None:
    """After its lease, under the same id; the late sender changes nothing then."""
    endpoint = add_endpoint(database)
    delivery = add_delivery(database, endpoint)
    late = claim_one(database)
    make_due(database, delivery)
    again = claim_one(database)
    assert (again.public_id, again.attempts) == (late.public_id, 2)
    with database.write() as session:
        deliveries.mark_failed(session, late, status=500, error="Late.", again_in_s=None)
    assert deliveries_of(database, endpoint)[0].state is DeliveryState.PENDING
    with database.write() as session:
        deliveries.mark_delivered(session, again, status=204)
    ended = deliveries_of(database, endpoint)[0]
    assert (ended.state, ended.last_status) == (DeliveryState.DELIVERED, 204)
    assert ended.delivered_at is not None


def test_endpoints_take_turns(database: Database) -> None:
    """One with many deliveries does not hold up another's single one."""
    busy, quiet = add_endpoint(database), add_endpoint(database)
    for _ in range(3):
        add_delivery(database, busy)
    add_delivery(database, quiet)
    turns = [claim_one(database).endpoint_id for _ in range(4)]
    assert turns == [busy.id, quiet.id, busy.id, busy.id]


def test_endpoints_in_hand_are_left_out(database: Database) -> None:
    """Whoever sends to them already need not take a second delivery."""
    endpoint = add_endpoint(database)
    add_delivery(database, endpoint)
    assert claim(database, except_endpoints=(endpoint.id,)) is None
    assert claim(database, except_endpoints=(endpoint.id + 1,)) is not None


def test_a_failed_attempt_is_due_again_after_its_pause(database: Database) -> None:
    """Until then nobody takes it; without a pause it is given up."""
    endpoint = add_endpoint(database)
    delivery = add_delivery(database, endpoint)
    first = claim_one(database)
    with database.write() as session:
        deliveries.mark_failed(session, first, status=500, error="Answered 500.", again_in_s=300)
    (waiting,) = deliveries_of(database, endpoint)
    assert (waiting.state, waiting.last_status) == (DeliveryState.PENDING, 500)
    assert 290 < (waiting.due_at - first.claimed_at).total_seconds() < 310
    assert claim(database) is None
    make_due(database, delivery)
    second = claim_one(database)
    with database.write() as session:
        deliveries.mark_failed(session, second, status=None, error="No answer.", again_in_s=None)
    (given_up,) = deliveries_of(database, endpoint)
    assert (given_up.state, given_up.last_error) == (DeliveryState.FAILED, "No answer.")


def test_two_secrets_sign_while_they_are_rotated(database: Database) -> None:
    """The newest first; the old one stops when its time is up."""
    endpoint = add_endpoint(database)
    old = endpoint.secret
    for both_for_s, count in ((60, 2), (-1, 1)):
        with database.write() as session:
            found = webhook_endpoints.get(session, endpoint.public_id, lock=True)
            before = found.secret
            webhook_endpoints.rotate(session, found, both_for_s=both_for_s)
        add_delivery(database, found)
        assert claim_one(database).secrets == (found.secret, before)[:count]
    assert found.secret not in (before, old)


def test_a_delivery_is_sent_again_whatever_became_of_it(database: Database) -> None:
    """It is due at once, under the same id, with all attempts before it."""
    endpoint = add_endpoint(database)
    add_delivery(database, endpoint)
    taken = claim_one(database)
    with database.write() as session:
        deliveries.mark_delivered(session, taken, status=200)
    with database.write() as session:
        found = deliveries.get(session, endpoint, taken.public_id)
        deliveries.send_again(session, found)
    again = claim_one(database)
    assert (again.public_id, again.attempts) == (taken.public_id, 1)


def test_the_log_is_read_newest_first(database: Database) -> None:
    """Page by page, and of one endpoint only."""
    endpoint, other = add_endpoint(database), add_endpoint(database)
    made = [add_delivery(database, endpoint).id for _ in range(3)]
    foreign = add_delivery(database, other)
    with database.read() as session:
        first = deliveries.page(session, endpoint, limit=2)
        rest = deliveries.page(session, endpoint, limit=2, before_id=first[-1].id)
        assert [one.id for one in (*first, *rest)] == made[::-1]
        with pytest.raises(NotFoundError, match=foreign.public_id):
            deliveries.get(session, endpoint, foreign.public_id)


def test_the_log_goes_back_only_so_far(database: Database) -> None:
    """Old deliveries that ended are deleted, a bounded number at a time; others stay."""
    endpoint = add_endpoint(database)
    made = [add_delivery(database, endpoint) for _ in range(5)]
    with database.write() as session:
        for delivery in made[:4]:
            row = session.get_one(WebhookDelivery, delivery.id)
            row.created_at = database_time(-3600)
            row.state = DeliveryState.PENDING if delivery is made[1] else DeliveryState.DELIVERED
        session.get_one(WebhookDelivery, made[4].id).state = DeliveryState.FAILED

    def purge() -> int:
        with database.write() as session:
            return deliveries.purge(session, older_than_s=1800, limit=3)

    assert [purge() for _ in range(3)] == [2, 1, 0]
    assert [one.id for one in deliveries_of(database, endpoint)] == [made[1].id, made[4].id]


def test_nothing_is_due_to_a_disabled_endpoint(database: Database) -> None:
    """And what is due to others is found."""
    endpoint = add_endpoint(database)
    delivery = add_delivery(database, endpoint)
    with database.read() as session:
        assert deliveries.first_due(session) == delivery.id
    with database.write() as session:
        webhook_endpoints.disable(session, endpoint.id)
    with database.read() as session:
        assert deliveries.first_due(session) is None
    assert claim(database) is None

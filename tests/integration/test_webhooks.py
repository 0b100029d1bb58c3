"""Webhooks from real workers to a real receiver: each end of a job arrives, whatever fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.taskqueue import CeleryTaskQueue, create_celery, deliver
from core.terms import DeliveryState
from db import deliveries
from db.models import Job, WebhookDelivery, WebhookEndpoint
from db.session import Database
from tests.support.fleet import Fleet, fleet, wait_for, write_images
from tests.support.receiver import Receiver, receiver
from tests.support.stack import installation
from tests.support.webhooks import add_endpoint, deliveries_of, make_due


@pytest.fixture
def workers(database: Database, broker_url: str, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet that may send to this machine, with quick recovery."""
    with (
        installation(
            broker_url=broker_url,
            database_url=database.engine.url.render_as_string(hide_password=False),
            allowed_roots=str(tmp_path),
            shard_size="8",
            recovery_interval_s="1",
            outbound_allowed_networks="127.0.0.0/8",
        ) as installed,
        fleet(installed, database, broker_url) as started,
    ):
        started.start_beat()
        yield started


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiver() as started:
        yield started


def is_final(job: Job) -> bool:
    """Return whether nothing more happens to the job."""
    return job.state.is_final


def only(database: Database, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Return the endpoint's one delivery."""
    (delivery,) = deliveries_of(database, endpoint)
    return delivery


def wait_until_delivered(database: Database, endpoint: WebhookEndpoint, count: int) -> None:
    """Wait until so many deliveries have arrived, and none other is there."""

    def is_so() -> bool:
        states = [one.state for one in deliveries_of(database, endpoint)]
        return states == [DeliveryState.DELIVERED] * count

    wait_for(is_so)


def test_each_end_of_a_job_arrives(workers: Fleet, hook: Receiver, tmp_path: Path) -> None:
    """Once, through a receiver that fails at first; also of a job that scored nothing itself."""
    database = workers.database
    hook.statuses = [503]
    endpoint = add_endpoint(database, url=hook.url)
    workers.start_worker("one")
    folder = write_images(tmp_path / "faces", 20)
    job = workers.wait(workers.submit(folder), is_final)
    refused = hook.next()
    wait_for(lambda: only(database, endpoint).last_status == 503)
    make_due(database, only(database, endpoint))
    taken = hook.next()
    assert (taken.id, taken.body) == (refused.id, refused.body)
    event = taken.verified(endpoint.secret)
    assert (event["type"], event["data"]["id"]) == ("job.completed", job.public_id)
    assert event["data"]["counters"]["scored"] == 20
    wait_until_delivered(database, endpoint, 1)

    workers.wait(workers.submit(folder), is_final)
    reused = hook.next().verified(endpoint.secret)
    assert reused["data"]["counters"]["reused"] == 20
    wait_until_delivered(database, endpoint, 2)

    with database.write() as session:
        first = deliveries.get(session, endpoint, taken.id)
        deliveries.send_again(session, first)
    CeleryTaskQueue(create_celery(workers.broker_url)).send(deliver())
    assert hook.next().id == taken.id
    wait_until_delivered(database, endpoint, 2)
    assert len(hook.received) == 4


def test_a_worker_killed_while_it_delivers_loses_nothing(
    workers: Fleet, hook: Receiver, tmp_path: Path
) -> None:
    """Another sends the event under the same id, once the lease of the dead one is over."""
    database = workers.database
    hook.open.clear()
    endpoint = add_endpoint(database, url=hook.url)
    first = workers.start_worker("first")
    workers.submit(write_images(tmp_path / "faces", 8))
    begun = hook.next()
    first.kill()
    first.wait()
    hook.open.set()
    workers.start_worker("second")
    assert (only(database, endpoint).state, only(database, endpoint).attempts) == (
        DeliveryState.PENDING,
        1,
    )
    make_due(database, only(database, endpoint))
    again = hook.next()
    assert (again.id, again.body) == (begun.id, begun.body)
    wait_until_delivered(database, endpoint, 1)
    assert only(database, endpoint).attempts == 2

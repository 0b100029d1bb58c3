"""Announcing: each end of a job makes one delivery for each endpoint that wants to hear of it."""

import pytest

from core.errors import ConflictError, NotFoundError
from core.terms import DeliveryState, JobEvent, JobState
from db import endings, reopening, shards, webhook_endpoints, webhooks
from db.clock import database_time
from db.models import Job
from db.session import Database
from db.webhook_endpoints import MAX_ENDPOINTS_A_KEY
from tests.support.rows import (
    add_api_key,
    add_champion,
    add_job,
    add_planned_job,
    claim_shard,
    failed_verdict,
    get_job,
    shards_of,
    verdicts_of,
)
from tests.support.webhooks import add_endpoint, deliveries_of, get_endpoint


def complete(database: Database, *, items: int = 2) -> int:
    """Run a job to its end; return its id."""
    job_id = add_planned_job(database, items=items)
    for shard in shards_of(database, job_id):
        claim = claim_shard(database, shard.id)
        with database.write() as session:
            shards.finish(session, [claim], verdicts_of(claim), window=4)
    return job_id


def test_a_completed_job_is_announced_once(database: Database) -> None:
    """One delivery, due at once, with the counters as they are at the end."""
    endpoint = add_endpoint(database)
    job_id = complete(database, items=6)
    job = get_job(database, job_id)
    (delivery,) = deliveries_of(database, endpoint)
    assert (delivery.event, delivery.state) == ("job.completed", DeliveryState.PENDING)
    assert (delivery.job_id, delivery.attempts) == (job_id, 0)
    assert delivery.payload["type"] == "job.completed"
    told = delivery.payload["data"]
    assert (told["id"], told["state"], told["kind"]) == (job.public_id, "completed", "bulk")
    assert (told["counters"]["total"], told["counters"]["scored"]) == (6, 6)
    assert told["model_version"] == "tiny-1"
    assert told["links"]["self"] == f"/v1/jobs/{job.public_id}"


def test_a_job_whose_planning_failed_is_announced(database: Database) -> None:
    """With the sentence that says why."""
    endpoint = add_endpoint(database)
    job_id = add_job(database, model_version_id=add_champion(database))
    for _ in range(2):  # the second time it has ended already
        with database.write() as session:
            endings.stop(
                session, job_id, ending=JobState.FAILED, error="The folder does not exist."
            )
    (delivery,) = deliveries_of(database, endpoint)
    assert delivery.event == "job.failed"
    assert delivery.payload["data"]["error"] == "The folder does not exist."


def test_a_cancelled_job_is_announced_when_it_has_stopped(database: Database) -> None:
    """Not while a worker still has a shard of it in hand."""
    endpoint = add_endpoint(database)
    job_id = add_planned_job(database, items=2)
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, job_id))
    assert deliveries_of(database, endpoint) == []
    with database.write() as session:
        shards.finish(session, [claim], [failed_verdict(0), failed_verdict(1)], window=4)
    (delivery,) = deliveries_of(database, endpoint)
    assert delivery.event == "job.cancelled"
    assert delivery.payload["data"]["counters"]["failed"] == 2


def test_an_expired_job_is_announced(database: Database) -> None:
    """When its time is up."""
    endpoint = add_endpoint(database)
    job_id = add_planned_job(database, items=2)
    with database.write() as session:
        session.get_one(Job, job_id).expires_at = database_time(-1)
        session.flush()
        endings.stop_expired(session)
    (delivery,) = deliveries_of(database, endpoint)
    assert (delivery.event, delivery.payload["data"]["state"]) == ("job.expired", "expired")


def test_a_job_of_which_too_much_failed_is_announced(database: Database) -> None:
    """Once, as failed, although it stops first and ends then."""
    endpoint = add_endpoint(database)
    job_id = add_planned_job(database, items=2)
    with database.write() as session:
        session.get_one(Job, job_id).max_failure_ratio = 0.1
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with database.write() as session:
        shards.finish(session, [claim], [failed_verdict(0), failed_verdict(1)], window=4)
    (delivery,) = deliveries_of(database, endpoint)
    assert delivery.event == "job.failed"
    assert "max_failure_ratio" in delivery.payload["data"]["error"]


def test_a_job_that_ends_again_is_announced_again(database: Database) -> None:
    """After a retry: another event, under an id of its own."""
    endpoint = add_endpoint(database)
    job_id = add_job(database, model_version_id=add_champion(database))
    for _ in range(2):
        with database.write() as session:
            endings.stop(session, job_id, ending=JobState.FAILED, error="The folder is away.")
        with database.write() as session:
            reopening.reopen(session, session.get_one(Job, job_id))
    first, second = deliveries_of(database, endpoint)
    assert (first.event, second.event) == ("job.failed", "job.failed")
    assert first.public_id != second.public_id


def test_an_end_that_is_rolled_back_announces_nothing(database: Database) -> None:
    """The delivery is of the same transaction as the end."""
    endpoint = add_endpoint(database)
    job_id = add_job(database, model_version_id=add_champion(database))

    def fail_and_roll_back() -> None:
        with database.write() as session:
            endings.stop(
                session, job_id, ending=JobState.FAILED, error="The folder does not exist."
            )
            raise RuntimeError("The commit fails.")

    with pytest.raises(RuntimeError, match="commit fails"):
        fail_and_roll_back()
    assert deliveries_of(database, endpoint) == []


def test_only_endpoints_that_want_the_event_hear_of_it(database: Database) -> None:
    """By their list of events, and not while they are disabled."""
    wants = add_endpoint(database, events=[JobEvent.COMPLETED])
    others = add_endpoint(database, events=[JobEvent.FAILED, JobEvent.EXPIRED])
    disabled = add_endpoint(database)
    with database.write() as session:
        webhook_endpoints.disable(session, disabled.id)
    complete(database)
    heard = [len(deliveries_of(database, one)) for one in (wants, others, disabled)]
    assert heard == [1, 0, 0]


def test_only_the_owners_endpoints_hear_of_a_job(database: Database) -> None:
    """Neither another key's nor those of nobody, and the other way round."""
    mine, other = add_api_key(database, "mine"), add_api_key(database, "other")
    endpoints = {key: add_endpoint(database, api_key_id=key) for key in (mine, other, None)}
    version = add_champion(database)
    for owner in (mine, None):
        job_id = add_job(database, model_version_id=version, api_key_id=owner)
        with database.write() as session:
            endings.stop(
                session, job_id, ending=JobState.FAILED, error="The folder does not exist."
            )
    heard = {key: len(deliveries_of(database, one)) for key, one in endpoints.items()}
    assert heard == {mine: 1, other: 0, None: 1}


def test_an_endpoint_is_hidden_from_other_keys(database: Database) -> None:
    """Read and listed by its owner, and by who sees all."""
    mine, other = add_api_key(database, "mine"), add_api_key(database, "other")
    endpoint = add_endpoint(database, api_key_id=mine)
    with database.read() as session:
        for sees in (mine, None):
            found = webhook_endpoints.get(session, endpoint.public_id, visible_to=sees)
            assert found.id == endpoint.id
            assert len(webhook_endpoints.page(session, limit=9, visible_to=sees)) == 1
        assert not webhook_endpoints.page(session, limit=9, visible_to=other)
        with pytest.raises(NotFoundError, match=endpoint.public_id):
            webhook_endpoints.get(session, endpoint.public_id, visible_to=other)


def test_an_owner_cannot_have_endpoints_without_end(database: Database) -> None:
    """Each costs at every end of a job; another owner has room of its own."""
    key = add_api_key(database)
    for _ in range(MAX_ENDPOINTS_A_KEY):
        add_endpoint(database, api_key_id=key)
    with pytest.raises(ConflictError, match="remove one"):
        add_endpoint(database, api_key_id=key)
    add_endpoint(database)


def test_disabling_ends_what_is_on_its_way(database: Database) -> None:
    """Nothing is sent to a disabled endpoint, not even a ping; enabling opens it again."""
    endpoint = add_endpoint(database)
    with database.write() as session:
        webhooks.ping(session, endpoint)
        webhook_endpoints.change(session, endpoint, enabled=False)
    (delivery,) = deliveries_of(database, endpoint)
    assert (delivery.state, delivery.last_error) == (
        DeliveryState.FAILED,
        "The webhook was disabled.",
    )
    with database.write() as session:
        closed = webhook_endpoints.get(session, endpoint.public_id, lock=True)
        with pytest.raises(ConflictError, match="enable it"):
            webhooks.ping(session, closed)
        webhook_endpoints.change(session, closed, enabled=True)
        webhooks.ping(session, closed)
    assert deliveries_of(database, endpoint)[1].state is DeliveryState.PENDING


def test_the_endpoints_of_a_key_can_all_be_disabled(database: Database) -> None:
    """As when the key is revoked; those of others go on."""
    key = add_api_key(database)
    mine, other = add_endpoint(database, api_key_id=key), add_endpoint(database)
    with database.write() as session:
        webhook_endpoints.disable_all_of(session, key)
    assert get_endpoint(database, mine).disabled_at is not None
    assert get_endpoint(database, other).disabled_at is None


def test_an_endpoint_is_removed_with_its_log(database: Database) -> None:
    """Its deliveries go with it."""
    endpoint = add_endpoint(database)
    complete(database)
    with database.write() as session:
        found = webhook_endpoints.get(session, endpoint.public_id, lock=True)
        webhook_endpoints.remove(session, found)
    assert deliveries_of(database, endpoint) == []

"""How jobs end: in one way, once, and not before the last shard in hand is through."""

import pytest
from sqlalchemy import update

from core.sources import SourceItem
from core.terms import JobEvent, JobState, ShardState
from db import claims, dispatching, endings, planning, retries, shards
from db.clock import database_time
from db.models import Job
from db.session import Database
from tests.support.rows import (
    add_champion,
    add_job,
    add_planned_job,
    claim_shard,
    failed_verdict,
    get_job,
    shards_of,
    verdicts_of,
)
from tests.support.scanning import plan_claim, plan_failed, reopen, scan_all
from tests.support.webhooks import add_endpoint, deliveries_of


def _fail(database: Database, job_id: int, positions: set[int]) -> None:
    """Finish the shard that holds the positions; they fail, its other items do not."""
    for shard in shards_of(database, job_id):
        if positions <= set(shard.positions) and shard.state != ShardState.DONE:
            claim = claim_shard(database, shard.id)
            with database.write() as session:
                found = [
                    failed_verdict(v.position) if v.position in positions else v
                    for v in verdicts_of(claim)
                ]
                shards.finish(session, [claim], found, window=4)


def _expire(database: Database, job_id: int) -> None:
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(expires_at=database_time(-1)))
        endings.stop_expired(session)


def test_as_many_failures_as_allowed_are_no_reason_to_stop(database: Database) -> None:
    """A job stops when more than the ratio failed, not when just as many did."""
    job_id = add_planned_job(database, items=8, max_failure_ratio=0.25)
    _fail(database, job_id, {0, 1})
    assert get_job(database, job_id).state is JobState.RUNNING
    _fail(database, job_id, {4})
    job = get_job(database, job_id)
    assert (job.state, job.failed) == (JobState.FAILED, 3)
    assert (job.error or "").startswith(
        "3 of 8 items failed, more than the job's max_failure_ratio"
    )


def test_a_ratio_of_zero_allows_no_failure(database: Database) -> None:
    """0 is a ratio like any other; without one, all items may fail."""
    strict = add_planned_job(database, items=8, max_failure_ratio=0.0)
    lenient = add_planned_job(database, items=4)
    _fail(database, strict, {3})
    _fail(database, lenient, {0, 1, 2, 3})
    assert get_job(database, strict).state is JobState.FAILED
    assert get_job(database, lenient).state is JobState.COMPLETED


def test_a_few_failures_count_once_the_source_is_listed(database: Database) -> None:
    """Before, nobody knows of how many items they are; then the job stops at once."""
    version = add_champion(database)
    job_id = add_job(database, model_version_id=version, max_failure_ratio=0.5)
    claim = plan_claim(database, job_id)
    items = [[SourceItem(uri=f"file:///{i}", name=str(i))] for i in range(2)]
    with database.write() as session:
        planning.write_shards(session, claim, first_position=0, shards=items, lease_s=60)
    _fail(database, job_id, {0})
    _fail(database, job_id, {1})
    assert get_job(database, job_id).state is JobState.RUNNING
    with database.write() as session:
        assert planning.finish(session, claim)
    assert get_job(database, job_id).state is JobState.FAILED


def test_many_failures_stop_a_source_that_is_still_listed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once enough items have ended: a source without an end would never be stopped otherwise."""
    monkeypatch.setattr(endings, "FIRST_JUDGED", 6)
    version = add_champion(database)
    job_id = add_job(database, model_version_id=version, max_failure_ratio=0.5)
    claim = plan_claim(database, job_id)
    items = [[SourceItem(uri=f"file:///{i}", name=str(i)) for i in range(2)] for _ in range(9)]
    with database.write() as session:
        planning.write_shards(session, claim, first_position=0, shards=items, lease_s=60)
    for failing in ({0, 1}, {2, 3}):
        _fail(database, job_id, failing)
        assert get_job(database, job_id).state is JobState.RUNNING
    _fail(database, job_id, {4})
    job = get_job(database, job_id)
    assert (job.state, job.failed) == (JobState.FAILED, 5)
    assert (job.error or "").startswith("5 of the first 6 items failed, more than the job's")
    with database.write() as session:
        more = [[SourceItem(uri="file:///18", name="18")]]
        assert not planning.write_shards(session, claim, first_position=18, shards=more, lease_s=60)


def test_failures_that_are_being_retried_do_not_stop_a_job(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have yet to be planned anew are no sign of how the source is now."""
    monkeypatch.setattr(endings, "FIRST_JUDGED", 2)
    job_id = add_planned_job(database, items=12, max_failure_ratio=0.1)
    _fail(database, job_id, {0, 1, 2, 3})
    assert get_job(database, job_id).state is JobState.FAILED
    reopen(database, job_id)
    claim = plan_claim(database, job_id)
    assert plan_failed(database, claim, limit=2) == 2
    scan_all(database, job_id, failing=set())
    assert get_job(database, job_id).state is JobState.RUNNING
    assert [plan_failed(database, claim, limit=10) for _ in range(2)] == [2, 0]
    scan_all(database, job_id, failing=set())
    with database.write() as session:
        assert planning.finish(session, claim)
    job = get_job(database, job_id)
    assert (job.state, job.scored) == (JobState.COMPLETED, 12)


def test_a_job_with_too_many_failures_waits_for_shards_in_hand(database: Database) -> None:
    """No further shard is claimed; those in hand are committed, then the job has failed."""
    job_id = add_planned_job(database, items=16, max_failure_ratio=0.1)
    held = claim_shard(database, shards_of(database, job_id)[1].id)
    with database.write() as session:
        dispatching.dispatch(session, job_id, window=4)
    _fail(database, job_id, {0, 1})
    assert get_job(database, job_id).state is JobState.CANCELLING
    with database.write() as session:
        assert claims.claim_next(session, worker="test", lease_s=60) is None
        shards.finish(session, [held], verdicts_of(held), window=4)
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed) == (JobState.FAILED, 6, 2)


@pytest.mark.parametrize("way", ["finish", "finish_some", "hand_back", "postpone", "recover"])
def test_a_stopped_job_ends_with_its_last_shard_in_hand(database: Database, way: str) -> None:
    """However that shard goes, the job is over, and told of once."""
    endpoint = add_endpoint(database)
    job_id = add_planned_job(database, items=8)
    (first, _) = shards_of(database, job_id)
    claim = claim_shard(database, first.id, lease_s=-1 if way == "recover" else 60)
    _expire(database, job_id)
    assert get_job(database, job_id).state is JobState.CANCELLING
    with database.write() as session:
        match way:
            case "finish":
                shards.finish(session, [claim], verdicts_of(claim), window=4)
            case "finish_some":
                some = verdicts_of(claim)[:1]
                shards.finish_some(session, claim, some, error="Stopped.", delay_s=0)
            case "hand_back":
                shards.hand_back(session, claim, error="It broke.", max_attempts=1)
            case "postpone":
                shards.postpone(session, claim, error="Stopped.", delay_s=0)
            case _:
                retries.recover_expired(session, max_attempts=3)
        endings.settle_job(session, job_id)
    job = get_job(database, job_id)
    assert (job.state, job.error) == (JobState.EXPIRED, "The job's time was up.")
    assert job.ended_at is not None
    assert [told.event for told in deliveries_of(database, endpoint)] == [JobEvent.EXPIRED]


def test_only_open_jobs_expire(database: Database) -> None:
    """A job that nobody has begun expires too; one that has ended stays as it is."""
    waiting = add_job(database, model_version_id=add_champion(database))
    done = add_planned_job(database, items=1)
    _fail(database, done, {0})
    for job_id in (waiting, done):
        _expire(database, job_id)
    assert get_job(database, waiting).state is JobState.EXPIRED
    assert get_job(database, done).state is JobState.COMPLETED


def test_a_cancelled_job_cannot_expire_as_well(database: Database) -> None:
    """What was asked for first is how the job ends."""
    job_id = add_planned_job(database, items=4)
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, job_id))
    _expire(database, job_id)
    with database.write() as session:
        shards.finish(session, [claim], verdicts_of(claim), window=4)
    job = get_job(database, job_id)
    assert (job.state, job.expired_at, job.scored) == (JobState.CANCELLED, None, 4)

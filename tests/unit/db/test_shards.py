"""Shards: a window that is queued, one claim at a time, one commit, retries that end."""

import pytest

from core.terms import ItemCode, JobKind, JobState, Outcome, ShardState
from db import claims, dispatching, retries, shards, verdicts
from db.leases import LeaseLostError
from db.session import Database
from tests.support.rows import (
    add_job_of,
    add_planned_job,
    claim_shard,
    failed_verdict,
    get_job,
    shards_of,
    verdicts_of,
)


def test_at_most_a_window_of_shards_is_queued(database: Database) -> None:
    """Dispatching fills the window in order; a commit fills what was claimed meanwhile.

    One bell is rung for a row that was empty, and none for one that somebody is at.
    """
    job_id = add_planned_job(database, items=20)
    ids = [shard.id for shard in shards_of(database, job_id)]
    with database.write() as session:
        assert dispatching.dispatch(session, job_id, window=2) == (2, 1)
        assert dispatching.dispatch(session, job_id, window=2) == (0, 0)
    assert _queued(database, job_id) == ids[:2]
    claim = claim_shard(database, ids[0])
    with database.write() as session:
        queued, _ = shards.finish(session, [claim], verdicts_of(claim), window=2)
    assert (queued, _queued(database, job_id)) == ((1, 0), ids[1:3])


def test_each_single_scan_has_a_bell(database: Database) -> None:
    """They are to begin at once, on as many threads as there are."""
    job_id = add_job_of(database, ["r0"], ["r1"], ["r2"], kind=JobKind.SINGLE, window=1)
    with database.write() as session:
        assert dispatching.dispatch(session, job_id, window=2) == (1, 1)


def test_a_shard_has_one_owner_at_a_time(database: Database) -> None:
    """A leased or finished shard cannot be claimed again: late messages do nothing."""
    (shard,) = shards_of(database, add_planned_job(database, items=3))
    claim = claim_shard(database, shard.id)
    with database.write() as session:
        assert claims.claim_next(session, worker="other", lease_s=60) is None
        shards.finish(session, [claim], verdicts_of(claim), window=4)
        assert claims.claim_next(session, worker="other", lease_s=60) is None


def test_the_last_shard_completes_the_job(database: Database) -> None:
    """Counters add up to the total, labels and failures are counted, the job is completed."""
    job_id = add_planned_job(database, items=6)
    first, second = (claim_shard(database, shard.id) for shard in shards_of(database, job_id))
    with database.write() as session:
        _, ended = shards.finish(session, [first], verdicts_of(first), window=4)
    assert not ended
    with database.write() as session:
        found = [verdicts_of(second)[0], failed_verdict(5)]
        _, ended = shards.finish(session, [second], found, window=4)
    assert ended
    job = get_job(database, job_id)
    assert (job.state, job.total, job.scored, job.failed) == (JobState.COMPLETED, 6, 5, 1)
    assert (job.real, job.fake, job.completed_at is not None) == (5, 0, True)


def test_a_worker_past_its_lease_cannot_commit(database: Database) -> None:
    """The fencing number keeps a late worker from writing after another took the shard."""
    job_id = add_planned_job(database, items=3)
    (shard,) = shards_of(database, job_id)
    late = claim_shard(database, shard.id, lease_s=-1)
    owner = claim_shard(database, shard.id)
    assert owner.token > late.token
    with pytest.raises(LeaseLostError), database.write() as session:
        shards.finish(session, [late], verdicts_of(late), window=4)
    assert get_job(database, job_id).scored == 0
    with database.write() as session:
        shards.finish(session, [owner], verdicts_of(owner), window=4)
    assert get_job(database, job_id).scored == 3


def test_a_second_verdict_changes_nothing(database: Database) -> None:
    """A position that has a verdict keeps it."""
    job_id = add_planned_job(database, items=1)
    (shard,) = shards_of(database, job_id)
    claim = claim_shard(database, shard.id)
    with database.write() as session:
        verdicts.add(session, job_id, claim.model_version_id, verdicts_of(claim))
        verdicts.add(session, job_id, claim.model_version_id, [failed_verdict(0)])
    with database.read() as session:
        (verdict,) = verdicts.page(session, job_id, limit=10)
    assert verdict.outcome is Outcome.SCORED


def test_a_dead_workers_shard_is_taken_back(database: Database) -> None:
    """Recovery plans an expired shard anew and leaves a living worker's alone."""
    dead, living = shards_of(database, add_planned_job(database, items=8))
    claim_shard(database, dead.id, lease_s=-1)
    claim_shard(database, living.id)
    with database.write() as session:
        assert retries.recover_expired(session, max_attempts=3) == [dead.id]
    states = [shard.state for shard in shards_of(database, dead.job_id)]
    assert states == [ShardState.PLANNED, ShardState.LEASED]


def test_a_poison_item_is_found_and_the_others_are_spared(database: Database) -> None:
    """Halving ends with one item given up as poison, and the rest of its shard scored."""
    job_id = add_planned_job(database, items=8, shard_size=8)
    for _ in range(40):
        waiting = [shard for shard in shards_of(database, job_id) if shard.state != ShardState.DONE]
        if not waiting:
            break
        claim = claim_shard(database, waiting[0].id)
        with database.write() as session:
            if any(item.name == "5.jpg" for item in claim.items):
                given_up = len(claim.items) == 1 and claim.attempts == 3
                ended = shards.hand_back(session, claim, error="ValueError: bad", max_attempts=3)
                assert not ended or given_up
            else:
                shards.finish(session, [claim], verdicts_of(claim), window=4)
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 7, 1)
    with database.read() as session:
        (poison,) = verdicts.page(session, job_id, limit=10, outcome=Outcome.FAILED)
    assert (poison.position, poison.code) == (5, ItemCode.POISON)
    assert "ValueError: bad" in (poison.message or "")


def test_a_worker_that_dies_of_something_else_makes_no_item_poison(database: Database) -> None:
    """A shard that was halved down to single items: one more death costs none of them its score."""
    job_id = add_planned_job(database, items=2, shard_size=2)
    for _ in range(3):
        _die(database, shards_of(database, job_id)[0].id)
    single, other = shards_of(database, job_id)
    assert (single.size, other.size) == (1, 1)
    _die(database, single.id)
    for shard in (single, other):
        claim = claim_shard(database, shard.id)
        assert claim.attempts > 1, "It must run alone."
        with database.write() as session:
            shards.finish(session, [claim], verdicts_of(claim), window=4)
    assert get_job(database, job_id).scored == 2


def test_a_postponed_shard_loses_no_attempt(database: Database) -> None:
    """A worker without the job's model gives the shard back without a mark against it."""
    (shard,) = shards_of(database, add_planned_job(database, items=2))
    claim = claim_shard(database, shard.id)
    with database.write() as session:
        shards.postpone(session, claim, error="No such model.", delay_s=60)
    (again,) = shards_of(database, shard.job_id)
    assert (again.state, again.attempts) == (ShardState.PLANNED, 0)
    with database.write() as session:
        assert dispatching.dispatch(session, shard.job_id, window=4).shards == 0


def _die(database: Database, shard_id: int) -> None:
    """Claim the shard and let the lease run out."""
    claim_shard(database, shard_id, lease_s=-1)
    with database.write() as session:
        assert retries.recover_expired(session, max_attempts=3) == [shard_id]


def _queued(database: Database, job_id: int) -> list[int]:
    return [shard.id for shard in shards_of(database, job_id) if shard.state == ShardState.QUEUED]

"""Turns: high before normal before low, single scans before all, jobs of one priority in turn."""

from collections import Counter

from core.terms import JobKind, Priority
from db import claims, dispatching, shards
from db.claims import ShardClaim
from db.session import Database
from tests.support.rows import add_planned_job, verdicts_of

WINDOW = 4


def test_a_small_job_does_not_wait_for_a_large_one(database: Database) -> None:
    """Ten items behind a thousand shards: their shards go in turn with the large job's next."""
    large = _dispatched(database, items=1000, shard_size=1)
    in_hand = [_claim(database) for _ in range(WINDOW)]
    for claim in in_hand:
        _finish(database, claim)
    small = _dispatched(database, items=10)
    order = [_scan(database).job_id for _ in range(6)]
    assert order == [large, small] * 3


def test_jobs_of_one_priority_take_turns_strictly(database: Database) -> None:
    """Of three jobs, each gets every third shard, although they came at different times."""
    first = _dispatched(database, items=40, shard_size=1)
    begun = [_scan(database).job_id for _ in range(7)]
    second = _dispatched(database, items=40, shard_size=1)
    between = [_scan(database).job_id for _ in range(4)]
    third = _dispatched(database, items=40, shard_size=1)
    order = [_scan(database).job_id for _ in range(60)]
    assert begun == [first] * 7
    assert Counter(between) == {first: 2, second: 2}
    for start in range(0, 60, 3):
        assert set(order[start : start + 3]) == {first, second, third}, order


def test_a_job_with_large_shards_in_hand_gets_no_less(database: Database) -> None:
    """Shards in hand keep their turn: nobody falls behind by being slow."""
    slow = _dispatched(database, items=40, shard_size=1)
    held = [_claim(database) for _ in range(WINDOW)]
    quick = _dispatched(database, items=40, shard_size=1)
    assert [_scan(database).job_id for _ in range(3)] == [quick] * 3
    for claim in held:
        _finish(database, claim)
    assert Counter(_scan(database).job_id for _ in range(8)) == {slow: 4, quick: 4}


def test_a_job_does_not_gain_by_having_waited(database: Database) -> None:
    """A job whose shards were put off for a while starts again where the others stand now."""
    late = _dispatched(database, items=8, shard_size=1)
    for _ in range(WINDOW):
        with database.write() as session:
            claim = claims.claim_next(session, worker="test", lease_s=60)
            assert claim is not None
            shards.postpone(session, claim, error="Storage is away.", delay_s=3600)
    other = _dispatched(database, items=100, shard_size=1)
    for _ in range(50):
        _scan(database)
    with database.write() as session:
        dispatching.dispatch(session, late, window=WINDOW)
    assert Counter(_scan(database).job_id for _ in range(8)) == {late: 4, other: 4}


def test_priorities_go_one_after_the_other(database: Database) -> None:
    """High before normal before low, and a single scan before all, whenever they came."""
    jobs_by_rank = [
        _dispatched(database, items=4, shard_size=1, priority=priority)
        for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH)
    ]
    single = _dispatched(database, items=1, kind=JobKind.SINGLE, priority=Priority.LOW)
    order = [_scan(database).job_id for _ in range(13)]
    low, normal, high = jobs_by_rank
    assert order == [single, *[high] * 4, *[normal] * 4, *[low] * 4]


def test_the_interactive_lane_takes_single_scans_only(database: Database) -> None:
    """Whoever asks for single scans gets no bulk shard."""
    _dispatched(database, items=4)
    single = _dispatched(database, items=1, kind=JobKind.SINGLE)
    with database.write() as session:
        claim = claims.claim_next(session, worker="test", lease_s=60, interactive=True)
        assert claim is not None
        assert (claim.job_id, claim.interactive) == (single, True)
        assert claims.claim_next(session, worker="test", lease_s=60, interactive=True) is None


def _dispatched(
    database: Database,
    *,
    items: int,
    shard_size: int = 4,
    kind: JobKind = JobKind.BULK,
    priority: Priority = Priority.NORMAL,
) -> int:
    job_id = add_planned_job(
        database, items=items, shard_size=shard_size, kind=kind, priority=priority
    )
    with database.write() as session:
        dispatching.dispatch(session, job_id, window=WINDOW)
    return job_id


def _claim(database: Database) -> ShardClaim:
    with database.write() as session:
        claim = claims.claim_next(session, worker="test", lease_s=60)
        assert claim is not None
        return claim


def _finish(database: Database, claim: ShardClaim) -> None:
    with database.write() as session:
        shards.finish(session, [claim], verdicts_of(claim), window=WINDOW)


def _scan(database: Database) -> ShardClaim:
    claim = _claim(database)
    _finish(database, claim)
    return claim

"""Transactions at once: the window holds, a stopped job gets nothing queued, no deadlock."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import JobState, ShardState
from db import dispatching, endings, planning, retries, shards
from db.models import Shard
from db.session import Database
from tests.support.rows import (
    add_champion,
    add_job,
    add_planned_job,
    claim_shard,
    get_job,
    shards_of,
)

Value = TypeVar("Value")

A_WHILE_S = 0.5  # what is not blocked gets that long to go on


def test_two_dispatches_at_once_share_one_window(database: Database) -> None:
    """The second counts what the first has queued, although that is not committed yet."""
    job_id = add_planned_job(database, items=40)

    def dispatch(session: Session) -> int:
        return dispatching.dispatch(session, job_id, window=4).shards

    assert sum(_overlapping(database, dispatch, dispatch)) == 4
    assert _states(database, job_id).count(ShardState.QUEUED) == 4


def test_a_job_that_is_being_stopped_gets_nothing_queued(database: Database) -> None:
    """A dispatch that began before the job was stopped leaves no shard that nobody would claim."""
    job_id = add_planned_job(database, items=40)
    _overlapping(
        database,
        lambda session: dispatching.dispatch(session, job_id, window=4),
        lambda session: endings.stop(session, job_id, ending=JobState.CANCELLED),
    )
    assert get_job(database, job_id).state is JobState.CANCELLED
    assert set(_states(database, job_id)) == {ShardState.PLANNED}


def test_two_shards_of_a_job_are_halved_at_once(database: Database) -> None:
    """Two workers that halve shards of one job do not wait for each other in a circle."""
    job_id = add_planned_job(database, items=8)
    claims = [claim_shard(database, shard.id) for shard in shards_of(database, job_id)]

    def halve(number: int) -> Callable[[Session], object]:
        return lambda session: shards.hand_back(
            session, claims[number], error="It broke.", max_attempts=1
        )

    _meeting(database, halve(0), halve(1))
    assert [shard.size for shard in shards_of(database, job_id)] == [2, 2, 2, 2]


def test_two_sweeps_take_back_shards_of_the_same_jobs(database: Database) -> None:
    """Both lock the jobs in one order, whatever the order of the shards."""
    one, other = _interleaved_jobs(database)
    for job_id in (one, other):
        for shard in shards_of(database, job_id):
            claim_shard(database, shard.id, lease_s=-1)

    def recover(session: Session) -> list[int]:
        return retries.recover_expired(session, max_attempts=3, limit=2)

    _meeting(database, recover, recover)
    with database.write() as session:
        recover(session)
    for job_id in (one, other):
        assert set(_states(database, job_id)) == {ShardState.PLANNED}


def _overlapping(
    database: Database, first: Callable[[Session], Value], second: Callable[[Session], Value]
) -> list[Value]:
    """Run the second while the transaction of the first is open, as far as it gets."""

    def run() -> Value:
        with database.write() as session:
            return second(session)

    with ThreadPoolExecutor(1) as threads:
        with database.write() as session:
            early = first(session)
            late = threads.submit(run)
            wait([late], timeout=A_WHILE_S)
        return [early, late.result()]


def _meeting(database: Database, *actions: Callable[[Session], object]) -> None:
    """Run the actions in transactions that are all open at once, after the first flush of each."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[Session], object]) -> None:
        with database.write() as session:
            event.listen(session, "after_flush", lambda *_: _meet(barrier))
            action(session)

    with ThreadPoolExecutor(len(actions)) as threads:
        ran: list[Future[None]] = [threads.submit(run, action) for action in actions]
        for future in ran:
            future.result()


def _meet(barrier: Barrier) -> None:
    # The others may wait for this transaction instead: SQLite has one writer at a time.
    with suppress(BrokenBarrierError):
        barrier.wait(A_WHILE_S)


def _interleaved_jobs(database: Database) -> tuple[int, int]:
    """Make two jobs of two shards each, whose shards were planned in turn: 1, 2, 2, 1."""
    version = add_champion(database)
    one, other = (add_job(database, model_version_id=version) for _ in range(2))
    with database.write() as session:
        claims = {job_id: planning.claim(session, job_id, lease_s=60) for job_id in (one, other)}
        for position, job_id in ((0, one), (0, other), (1, other), (1, one)):
            claim = claims[job_id]
            assert claim is not None
            item = SourceItem(uri="file:///face", name="face")
            planning.write_shards(
                session, claim, first_position=position, shards=[[item]], lease_s=60
            )
    return one, other


def _states(database: Database, job_id: int) -> list[ShardState]:
    shards_now: list[Shard] = shards_of(database, job_id)
    return [shard.state for shard in shards_now]

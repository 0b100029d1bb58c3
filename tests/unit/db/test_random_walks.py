"""Whatever happens to shards, in whatever order: each item ends once, and everything adds up."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from core.terms import JobState, Outcome, ShardState
from db.models import Job, Shard, Verdict, WebhookDelivery
from db.session import Database
from tests.support.rows import add_champion, add_job, get_job
from tests.support.scanning import reopen
from tests.support.walk import Walker
from tests.support.webhooks import add_endpoint

WINDOW = 3
ITEMS = 40


@pytest.mark.parametrize("seed", range(3))
def test_one_walker(database: Database, seed: int) -> None:
    """After every single step, each item has one place, and the window and the counters hold."""
    walker = _walker(database, seed)
    for tries in range(3):
        for _ in range(80):
            walker.step()
            _check(database, walker.job_ids)
        walker.rest()
        _check(database, walker.job_ids)
        _check_ended(database, walker.job_ids, times=tries + 1)
        for job_id in walker.job_ids:
            if get_job(database, job_id).failed:
                reopen(database, job_id)
            else:
                return


@pytest.mark.parametrize("seed", range(2))
def test_many_walkers_at_once(database: Database, seed: int) -> None:
    """Walkers in threads wait for each other in no circle, and leave nothing that does not fit."""
    first = _walker(database, seed)
    walkers = [first, *[_walker(database, seed, job_ids=first.job_ids) for seed in range(10, 13)]]
    with ThreadPoolExecutor(len(walkers)) as threads:
        walks = [threads.submit(walker.walk, 60) for walker in walkers]
        while not all(walk.done() for walk in walks):
            assert all(n <= WINDOW for n in _queued(database).values())
        for walk in walks:
            walk.result()
    _check(database, first.job_ids)
    first.rest()
    _check(database, first.job_ids)
    _check_ended(database, first.job_ids, times=1)


def _walker(database: Database, seed: int, *, job_ids: list[int] | None = None) -> Walker:
    if job_ids is None:
        add_endpoint(database)
        version = add_champion(database)
        job_ids = [add_job(database, model_version_id=version) for _ in range(2)]
    return Walker(database, job_ids, items=ITEMS, window=WINDOW, dice=random.Random(seed))


def _check(database: Database, job_ids: list[int]) -> None:
    assert all(n <= WINDOW for n in _queued(database).values())
    for job_id in job_ids:
        with database.read() as session:
            job = session.get_one(Job, job_id)
            shards = session.scalars(select(Shard).where(Shard.job_id == job_id)).all()
            verdicts = session.scalars(select(Verdict).where(Verdict.job_id == job_id)).all()
        places = Counter(verdict.position for verdict in verdicts)
        for shard in shards:
            assert shard.size == len(shard.items) > 0
            assert shard.first_position == min(shard.positions)
            if shard.state != ShardState.DONE:
                places.update(shard.positions)
        assert places == Counter(range(job.total))
        outcomes = Counter(verdict.outcome for verdict in verdicts)
        assert (job.scored, job.failed) == (outcomes[Outcome.SCORED], outcomes[Outcome.FAILED])
        assert job.ended == len(verdicts)
        landings = sorted(shard.landing for shard in shards if shard.landing is not None)
        assert landings == list(range(1, job.landed + 1))
        assert job.landed == sum(shard.state == ShardState.DONE for shard in shards)


def _check_ended(database: Database, job_ids: list[int], *, times: int) -> None:
    for job_id in job_ids:
        job = get_job(database, job_id)
        assert (job.state, job.total, job.ended) == (JobState.COMPLETED, ITEMS, ITEMS)
        with database.read() as session:
            told = select(func.count()).where(WebhookDelivery.job_id == job_id)
            assert session.scalar(told) == times


def _queued(database: Database) -> dict[int, int]:
    query = (
        select(Shard.job_id, func.count().label("shards"))
        .where(Shard.state == ShardState.QUEUED)
        .group_by(Shard.job_id)
    )
    with database.read() as session:
        return {row.job_id: row.shards for row in session.execute(query)}

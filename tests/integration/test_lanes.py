"""Lanes on a real broker: what must not wait behind bulk shards does not, and comes back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select

from core.taskqueue import QueueName
from core.terms import ShardState
from db.models import Job, Shard
from db.session import Database
from tests.support.fleet import Fleet, fleet, wait_for
from tests.support.services import Server, valkey_server
from tests.support.stack import installation
from tests.support.workers import write_faces

SLOTS = 2


@pytest.fixture
def broker() -> Iterator[Server]:
    """A broker of the test's own."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def workers(sqlite_url: str, broker: Server, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet whose workers have two slots each."""
    database = Database(sqlite_url)
    with (
        installation(
            broker_url=broker.url,
            database_url=sqlite_url,
            allowed_roots=str(tmp_path),
            shard_size="4",
            worker_threads=str(SLOTS),
            decode_threads="2",
        ) as installed,
        fleet(installed, database, broker.url) as started,
    ):
        yield started
    database.close()


def _is_final(job: Job) -> bool:
    return job.state.is_final


def _in_hand(workers: Fleet) -> int:
    with workers.database.read() as session:
        leased = select(func.count()).where(Shard.state == ShardState.LEASED)
        return session.scalar(leased) or 0


def _unacknowledged(broker: Server) -> list[str]:
    """Return the routing keys of the messages that a worker has, and has not acknowledged."""
    with Redis.from_url(broker.url.replace("redis+socket", "unix")) as connection:
        return [json.loads(entry)[2] for entry in connection.hvals("unacked")]


def test_singles_and_plans_do_not_wait_for_bulk_shards(
    workers: Fleet, broker: Server, tmp_path: Path
) -> None:
    """While all slots are held by shards that do not move, a single is scanned, a job planned."""
    workers.start_worker("one", gated=True)
    slow = workers.submit(write_faces(tmp_path / "slow", [b"w%d" % i for i in range(16)]))
    wait_for(lambda: _in_hand(workers) == SLOTS)
    image = write_faces(tmp_path / "single", [b"f"]) / "0000.jpg"
    single = workers.wait(workers.submit_single(image), _is_final)
    assert (single.scored, single.fake) == (1, 1)
    other = workers.submit(write_faces(tmp_path / "other", [b"r%d" % i for i in range(6)]))
    planned = workers.wait(other, lambda job: job.listed_at is not None)
    assert (planned.total, planned.ended) == (6, 0)
    assert set(_unacknowledged(broker)) == {QueueName.BULK}
    workers.gate.touch()
    assert workers.wait(slow, _is_final).scored == 16
    assert workers.wait(other, _is_final).scored == 6
    wait_for(lambda: _unacknowledged(broker) == [])


def test_lanes_come_back_with_the_broker(workers: Fleet, broker: Server, tmp_path: Path) -> None:
    """After the broker was killed and started again, both kinds of messages are heard."""
    workers.start_worker("one", gated=True)
    image = write_faces(tmp_path / "single", [b"f"]) / "0000.jpg"
    workers.wait(workers.submit_single(image), _is_final)
    broker.kill()
    broker.restart()
    job_id = workers.submit(write_faces(tmp_path / "faces", [b"r%d" % i for i in range(6)]))
    assert workers.wait(job_id, _is_final).scored == 6
    assert workers.wait(workers.submit_single(image), _is_final).reused == 1

"""A SIGTERM in the middle of a shard: what is scored is kept, the rest is handed back at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.terms import JobState, ShardState
from db import verdicts
from db.session import Database
from tests.support.fleet import Fleet, fleet, wait_for
from tests.support.rows import get_job, shards_of
from tests.support.stack import PATIENCE_S, installation
from tests.support.workers import write_faces

ITEMS = 400


@pytest.fixture
def workers(database: Database, broker_url: str, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet whose leases outlast the test, and whose shards take seconds."""
    with (
        installation(
            broker_url=broker_url,
            database_url=database.engine.url.render_as_string(hide_password=False),
            allowed_roots=str(tmp_path),
            shard_size="200",
            lease_s="3600",
            decode_threads="2",
        ) as installed,
        fleet(installed, database, broker_url) as started,
    ):
        yield started


def test_a_shard_in_hand_goes_on_elsewhere_at_once(workers: Fleet, tmp_path: Path) -> None:
    """The worker leaves with code 0 and no shard; another finishes the job, from where it was."""
    first = workers.start_worker("first", gated=True)
    job_id = workers.submit(write_faces(tmp_path / "faces", [b"s%d" % i for i in range(ITEMS)]))
    wait_for(workers.forwarded.exists)
    assert ShardState.LEASED in _states(workers, job_id)
    first.terminate()
    assert first.wait(timeout=PATIENCE_S) == 0
    assert ShardState.LEASED not in _states(workers, job_id)
    kept = get_job(workers.database, job_id).scored
    assert 0 < kept < ITEMS
    waiting = [s for s in shards_of(workers.database, job_id) if s.state != ShardState.DONE]
    assert all((shard.attempts, shard.not_before) == (0, None) for shard in waiting)
    workers.start_worker("second", gated=True)
    job = workers.wait(job_id, lambda job: job.state.is_final)
    assert (job.state, job.scored, job.reused) == (JobState.COMPLETED, ITEMS, 0)
    with workers.database.read() as session:
        found = verdicts.page(session, job_id, limit=1000)
    assert [verdict.position for verdict in found] == list(range(ITEMS))


def _states(workers: Fleet, job_id: int) -> set[ShardState]:
    return {shard.state for shard in shards_of(workers.database, job_id)}

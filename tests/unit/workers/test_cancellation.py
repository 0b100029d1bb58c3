"""A job that is stopped while a slot has shards of it in hand."""

from time import monotonic

import pytest
from sqlalchemy.exc import OperationalError

from core.sources import SourceItem
from core.terms import JobState, ShardState
from db import endings, reopening
from db.models import Job
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.cancellation import Cancellation

SHARD = 16


def _cancel(database: Database, job_id: int) -> None:
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, job_id))


def _cancelled_at(database: Database, item: int, *, shards: int, pace: int) -> tuple[Job, int]:
    """Scan a job that is cancelled when one of its items is read; return how many were prepared."""
    names = [[f"r{shard} {i}" for i in range(SHARD)] for shard in range(shards)]
    job_id = add_job_of(database, *names, window=shards)
    last = names[item // SHARD][item % SHARD]

    def fetch(item: SourceItem) -> bytes:
        if item.name == last:
            _cancel(database, job_id)
        return bytes_of_name(item)

    detector = PretendDetector()
    with shard_scanner(database, RecordingQueue(), detector, fetch=fetch) as scanner:
        scanner.pace.note(pace * SHARD, taken_at=monotonic())
        scanner.scan_next()
    return get_job(database, job_id), detector.prepared


def test_no_further_shard_is_begun(database: Database) -> None:
    """Eight are in hand when the job is cancelled; it ends with what the device had by then."""
    job, prepared = _cancelled_at(database, SHARD - 1, shards=8, pace=40)
    assert (job.state, job.stopping_as) == (JobState.CANCELLED, JobState.CANCELLED)
    assert job.scored <= SHARD
    assert prepared <= SHARD
    assert {shard.state for shard in shards_of(database, job.id)} <= {
        ShardState.PLANNED,
        ShardState.DONE,
    }


def test_what_was_scored_before_is_kept(database: Database) -> None:
    """Whole shards that the device has had are committed with the job's end."""
    job, _ = _cancelled_at(database, 4 * SHARD * 2 - 1, shards=8, pace=40)
    assert job.state == JobState.CANCELLED
    assert job.scored in (0, 4 * SHARD)


def test_a_single_shard_is_left_as_well(database: Database) -> None:
    """A slow process has one in hand, and does not go through all of it."""
    job, prepared = _cancelled_at(database, 0, shards=3, pace=0)
    assert job.state == JobState.CANCELLED
    assert max(job.scored, prepared) < SHARD


def test_the_database_is_not_asked_all_the_time(database: Database) -> None:
    """An answer holds for a moment."""
    job_id, now = add_job_of(database, ["r0"]), [0.0]
    cancellation = Cancellation(database, look_s=0.1, clock=lambda: now[0])
    assert not cancellation.is_stopped(job_id)
    _cancel(database, job_id)
    assert not cancellation.is_stopped(job_id)
    now[0] = 0.2
    assert cancellation.is_stopped(job_id)


def test_a_job_that_is_tried_again_is_wanted_again(database: Database) -> None:
    """A worker that has seen it fail scans its shards once it has been retried."""
    job_id, now = add_job_of(database, ["r0"]), [0.0]
    cancellation = Cancellation(database, look_s=0.1, clock=lambda: now[0])
    with database.write() as session:
        endings.stop(session, job_id, ending=JobState.FAILED, error="Too many failed.")
    assert cancellation.is_stopped(job_id)
    with database.write() as session:
        reopening.reopen(session, session.get_one(Job, job_id))
        session.get_one(Job, job_id).state = JobState.RUNNING
    now[0] = 0.2
    assert not cancellation.is_stopped(job_id)


def test_a_database_that_is_away_stops_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot goes on; its commit waits for the database anyway."""

    def away() -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(database, "read", away)
    assert not Cancellation(database).is_stopped(1)

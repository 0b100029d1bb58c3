"""Workers report what they do, and are seen to be silent when they do not."""

from dataclasses import replace

from sqlalchemy import update

from core.terms import JobKind
from db import workers
from db.clock import database_time
from db.models import Worker
from db.session import Database
from db.workers import Report
from tests.support.rows import add_champion, add_job, add_job_of, claim_shard, shards_of

REPORT = Report(
    device="cpu",
    model_versions=["tiny-1"],
    max_batch=16,
    images=10,
    failed=1,
    rate=2.0,
    fill=0.5,
    busy=0.25,
    errors=0,
    last_error=None,
)


def say(database: Database, name: str, said: Report = REPORT, *, is_first: bool = False) -> None:
    """Let a worker report."""
    with database.write() as session:
        workers.report(session, name, said, is_first=is_first)


def last_seen(database: Database, name: str, *, seconds_ago: float) -> None:
    """Make the worker's last report so old."""
    with database.write() as session:
        row = update(Worker).where(Worker.name == name)
        session.execute(row.values(seen_at=database_time(-seconds_ago)))


def names(database: Database) -> list[str]:
    """Return the names of the workers."""
    with database.read() as session:
        return [seen.worker.name for seen in workers.everyone(session)]


def test_the_last_report_counts(database: Database) -> None:
    """One row a worker, which keeps when it began; an error has the time of its report."""
    say(database, "a:1")
    say(database, "a:1", replace(REPORT, images=30, fill=None, errors=1, last_error="No memory."))
    say(database, "a:1", replace(REPORT, images=40, errors=1, last_error="No memory."))
    with database.read() as session:
        (seen,) = workers.everyone(session)
    row = seen.worker
    assert (row.images, row.fill, row.model_versions) == (40, 0.5, ["tiny-1"])
    assert row.last_error == "No memory."
    assert row.last_error_at is not None
    assert row.started_at <= row.last_error_at <= row.seen_at
    assert not seen.is_silent


def test_a_worker_without_reports_is_silent_then_forgotten(database: Database) -> None:
    """Forgotten when another one comes."""
    say(database, "a:1")
    last_seen(database, "a:1", seconds_ago=workers.SILENT_S + 5)
    with database.read() as session:
        assert [seen.is_silent for seen in workers.everyone(session)] == [True]
    say(database, "b:1", is_first=True)
    assert names(database) == ["a:1", "b:1"]
    last_seen(database, "a:1", seconds_ago=workers.FORGOTTEN_S + 5)
    say(database, "c:1", is_first=True)
    assert names(database) == ["b:1", "c:1"]


def test_a_worker_that_has_the_name_of_a_dead_one_begins_anew(database: Database) -> None:
    """In a container every process has the number 1: its times and errors are its own."""
    say(database, "a:1", replace(REPORT, errors=1, last_error="No memory."))
    with database.write() as session:
        before = database_time(-3600)
        session.execute(update(Worker).values(started_at=before, seen_at=database_time(-600)))
    say(database, "a:1", is_first=True)
    with database.read() as session:
        (seen,) = workers.everyone(session)
    assert (seen.worker.errors, seen.worker.last_error_at) == (0, None)
    assert (seen.worker.seen_at - seen.worker.started_at).total_seconds() < 60


def test_a_worker_that_ends_leaves(database: Database) -> None:
    """The others stay."""
    say(database, "a:1")
    say(database, "b:1")
    with database.write() as session:
        workers.leave(session, "a:1")
    assert names(database) == ["b:1"]


def test_the_backlog_is_counted_by_queue(database: Database) -> None:
    """And what a worker has in hand is told by its name."""
    bulk = add_job_of(database, ["a"], ["b"], ["c"])
    add_job_of(database, ["d"], kind=JobKind.SINGLE)
    add_job(database, model_version_id=add_champion(database, "b-1"))  # that nobody plans yet
    say(database, "a:1")
    claim_shard(database, shards_of(database, bulk)[0].id, worker="a:1")
    with database.read() as session:
        found = workers.backlog(session)
        (seen,) = workers.everyone(session)
    assert (found.open_jobs, found.bulk, found.interactive, found.in_hand) == (3, 2, 1, 1)
    assert seen.shards == 1

"""A worker's reports: what it counts, what it makes of it, and that it says goodbye."""

import threading
from contextlib import AbstractContextManager

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from core.terms import Label
from db import workers
from db.models import Worker
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, failed_verdict, verdict_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.batcher import Batcher
from workers.batches import DeviceError
from workers.reporting import OF_LATE_S, Reporter, Standing
from workers.scan import ShardScanner
from workers.tally import Tally


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
def reporter(database: Database, clock: Clock) -> Reporter:
    """A reporter of a worker that the test lets work."""
    return Reporter(database, "a:1", Tally(), lambda: Standing("cpu", ["tiny-1"], 8), clock)


def reported(database: Database) -> Worker:
    """Return the worker's row."""
    with database.read() as session:
        (seen,) = workers.everyone(session)
        return seen.worker


def scanning(database: Database) -> AbstractContextManager[ShardScanner]:
    """Return the real scanner around a pretend detector; names of items are their bytes."""
    return shard_scanner(database, RecordingQueue(), PretendDetector(), fetch=bytes_of_name)


def test_rates_are_those_of_late(database: Database, reporter: Reporter, clock: Clock) -> None:
    """Sums since the start, rates over the last half minute, no batch fill without a batch."""
    reporter.report()
    assert (reported(database).rate, reported(database).fill) == (0.0, None)
    stored = [verdict_of(i, bytes(32), label=Label.FAKE) for i in range(9)] + [failed_verdict(9)]
    reporter.tally.add_verdicts(stored)
    reporter.tally.add_batch(6, 8, busy_s=1.0)
    clock.now += 5
    reporter.report()
    row = reported(database)
    assert (row.images, row.failed, row.rate, row.fill, row.busy) == (10, 1, 2.0, 0.75, 0.2)
    clock.now += OF_LATE_S
    reporter.report()
    clock.now += OF_LATE_S
    reporter.report()
    row = reported(database)
    assert (row.images, row.rate, row.fill, row.busy) == (10, 0.0, None, 0.0)


def test_it_reports_by_itself_until_it_is_closed(database: Database) -> None:
    """The first report comes at once; a worker that ends leaves the list."""
    asked = threading.Event()

    def standing() -> Standing:
        asked.set()
        return Standing("cuda:0", [], 1)

    reporter = Reporter(database, "a:1", Tally(), standing)
    reporter.start()
    assert asked.wait(10)
    reporter.close()
    with database.read() as session:
        assert workers.everyone(session) == []


def test_the_batcher_counts_its_batches_and_failures() -> None:
    """How full they were, how long the device was at work, and what went wrong."""
    tally = Tally()
    batcher = Batcher(max_batch=4, interactive_batch=2, linger_s=0, tally=tally)
    pixels = np.zeros((3, 3, 2, 2), np.uint8)

    def fail(_: np.ndarray) -> np.ndarray:
        raise ValueError("the device is gone")

    batcher.submit(
        lambda found: np.zeros(len(found), np.float32), pixels, interactive=False
    ).result()
    with pytest.raises(DeviceError, match="gone"):
        batcher.submit(fail, pixels, interactive=False).result()
    batcher.close()
    counts = tally.counts
    assert (counts.filled, counts.room, counts.errors) == (6, 8, 1)
    assert counts.busy_s > 0
    assert counts.last_error == "The device failed: ValueError: the device is gone"


def test_the_scanner_counts_what_it_stores(database: Database) -> None:
    """Verdicts of every outcome, once they are committed."""
    add_job_of(database, ["fake", "real", "bad"])
    with scanning(database) as scanner:
        assert scanner.scan_next()
        assert (scanner.tally.counts.images, scanner.tally.counts.failed) == (3, 1)
        assert scanner.tally.counts.errors == 0


def test_a_scan_that_breaks_is_an_error(database: Database) -> None:
    """Of the worker, told in a sentence; nothing is stored."""
    add_job_of(database, ["x"])
    with scanning(database) as scanner:
        scanner.scan_next()
        counts = scanner.tally.counts
    assert (counts.images, counts.errors) == (0, 1)
    assert "an image that breaks the scan" in (counts.last_error or "")


def test_an_outage_of_the_database_is_remembered_for_a_while(
    database: Database, reporter: Reporter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases are not taken for those of dead workers until the living could renew theirs."""
    assert not reporter.failed_within(30)

    def away() -> None:
        reporter._closing.set()
        raise OperationalError("insert", {}, Exception("gone"))

    monkeypatch.setattr(database, "write", away)
    reporter._run()
    assert reporter.failed_within(30)
    clock.now += 31
    assert not reporter.failed_within(30)

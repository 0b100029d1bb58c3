"""Handfuls: a fast process takes several shards of a job at once, and each still ends once."""

from contextlib import AbstractContextManager
from time import monotonic

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import update

from core.sources import SourceItem
from core.terms import JobKind, JobState, Label, ShardState
from db.clock import database_time
from db.models import Shard
from db.session import Database
from detector.decision import Reading
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.handful import MOST_SHARDS, Pace
from workers.scan import ShardScanner


class Clock:
    """A clock that is set by hand, seconds."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.mark.parametrize(
    ("items_a_second", "size", "expected"),
    [(0, 64, 1), (320, 64, 1), (1024, 64, 4), (32_000, 64, 8), (32_000, 128, 4), (40, 64, 1)],
)
def test_a_handful_is_what_the_process_does_in_a_quarter_of_a_second(
    items_a_second: int, size: int, expected: int
) -> None:
    """At least one shard, at most eight or 512 items, by what ended in the last second."""
    clock = Clock()
    pace = Pace(clock)
    for _ in range(items_a_second):
        pace.note(1, taken_at=clock.now)
        clock.now += 1 / items_a_second
    assert pace.handful(size) == expected


def test_what_is_long_past_is_not_kept() -> None:
    """A worker of single scans, which take no handfuls, does not grow with them."""
    clock = Clock()
    pace = Pace(clock)
    for _ in range(1000):
        pace.note(1, taken_at=clock.now)
        clock.now += 1
    assert len(pace._ended) <= 2


def test_a_process_that_was_idle_begins_with_one() -> None:
    """What ended long ago says nothing of what comes next."""
    clock = Clock()
    pace = Pace(clock)
    pace.note(500, taken_at=clock.now)
    assert pace.handful(1) == MOST_SHARDS
    clock.now += 2
    assert pace.handful(1) == 1


def test_a_fast_process_is_at_full_speed_in_a_quarter_of_a_second() -> None:
    """It does not wait for a whole second to be seen, but takes no more than it has ended."""
    clock = Clock()
    pace = Pace(clock)
    handfuls = []
    for _ in range(10):
        clock.now += 0.02
        pace.note(64, taken_at=clock.now - 0.02)
        handfuls.append(pace.handful(64))
    assert handfuls == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_slow_shards_that_end_together_make_no_fast_process() -> None:
    """What counts is for how long they were in hand, as those of all slots of a slow device."""
    clock = Clock()
    pace = Pace(clock)
    for _ in range(4):
        pace.note(64, taken_at=clock.now - 8)
    assert pace.handful(64) == 1


def test_large_shards_are_not_taken_by_the_handful(database: Database) -> None:
    """What a slot holds in memory is bounded by images, not by shards."""
    job_id = add_job_of(database, *[[f"r{shard} {i}" for i in range(300)] for shard in range(2)])
    with _scanner(database) as scanner:
        scanner.pace.note(40 * 300, taken_at=monotonic())
        scanner.scan_next()
    assert get_job(database, job_id).scored == 300


def test_several_shards_are_scanned_and_committed_at_once(database: Database) -> None:
    """Their verdicts, counters and landings are those of shards that came one by one."""
    job_id = add_job_of(database, ["r0", "f1"], ["b2"], ["f3"], ["r4"], ["f5"], window=3)
    with _scanner(database) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        scanner.scan_next()
        job = get_job(database, job_id)
        assert (job.scored, job.failed, job.fake, job.landed) == (3, 1, 2, 3)
        assert [shard.landing for shard in shards_of(database, job_id)] == [1, 2, 3, None, None]
        scanner.scan_next()
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_what_belongs_to_another_job_or_has_failed_is_not_taken_along(database: Database) -> None:
    """A shard that has failed may hold an image that kills; it must be alone."""
    job_id = add_job_of(database, ["r0"], ["r1"], ["r2"])
    other = add_job_of(database, ["r0"])
    suspect = shards_of(database, job_id)[1].id
    with database.write() as session:
        session.execute(update(Shard).where(Shard.id == suspect).values(attempts=1))
    with _scanner(database) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        scanner.scan_next()
        states = [shard.state for shard in shards_of(database, job_id)]
        assert states == [ShardState.DONE, ShardState.QUEUED, ShardState.DONE]
        assert get_job(database, other).scored == 0


def test_a_single_scan_takes_nothing_along(database: Database) -> None:
    """Who waits for one image waits for no other."""
    job_id = add_job_of(database, ["r0"], ["r1"], kind=JobKind.SINGLE)
    with _scanner(database) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        scanner._scan_next(interactive=True)
    assert get_job(database, job_id).scored == 1


def test_a_lost_shard_costs_the_others_nothing(database: Database) -> None:
    """The one that was given to another worker meanwhile is dropped, the rest is committed."""
    job_id = add_job_of(database, ["r0"], ["f1"], ["r2"])
    lost = shards_of(database, job_id)[1].id

    class Frozen(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            with database.write() as session:
                taken = {"lease_token": 99, "lease_expires_at": database_time(60)}
                session.execute(update(Shard).where(Shard.id == lost).values(**taken))
            return super().prepare(data)

    with _scanner(database, Frozen()) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.scored, job.fake, job.state) == (2, 0, JobState.RUNNING)
    states = [shard.state for shard in shards_of(database, job_id)]
    assert states == [ShardState.DONE, ShardState.LEASED, ShardState.DONE]


def test_a_crash_charges_every_shard_of_the_handful(database: Database) -> None:
    """Which of them broke the scan is not known; from then on each is alone."""
    job_id = add_job_of(database, ["r0"], ["x1"], ["r2"])
    with _scanner(database) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        scanner.scan_next()
        assert [shard.attempts for shard in shards_of(database, job_id)] == [1, 1, 1]
        while not get_job(database, job_id).state.is_final:
            scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.scored, job.failed) == (2, 1)


def test_with_one_attempt_no_shard_is_charged_for_another(database: Database) -> None:
    """Where a single failure ends an image, shards are scanned one by one."""
    job_id = add_job_of(database, ["r0"], ["x1"], ["r2"])
    with shard_scanner(
        database, RecordingQueue(), PretendDetector(), fetch=bytes_of_name, max_attempts=1
    ) as scanner:
        scanner.pace.note(40, taken_at=monotonic())
        while not get_job(database, job_id).state.is_final:
            scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.scored, job.failed) == (2, 1)


def test_a_score_that_is_no_number_fails_its_image_alone(database: Database) -> None:
    """A model whose answer is NaN costs the images that it cannot tell, and no shard."""
    job_id = add_job_of(database, ["f0", "r1"])

    class Broken(PretendDetector):
        def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
            found = super().interpret(margins)
            return [
                Reading(one.label, float("nan")) if one.label == Label.FAKE else one
                for one in found
            ]

    with _scanner(database, Broken()) as scanner:
        scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 1, 1)


def test_a_stopping_worker_commits_whole_shards_and_returns_the_rest(database: Database) -> None:
    """Of three shards in hand, those that were fetched before the stop are kept."""
    names = [[f"r{shard}{item}" for item in range(64)] for shard in range(3)]
    job_id = add_job_of(database, *names)

    def fetch(item: SourceItem) -> bytes:
        if item.name == names[1][-1]:
            scanner.scorer.fetcher.stopping.set()
        return bytes_of_name(item)

    with shard_scanner(database, RecordingQueue(), PretendDetector(), fetch=fetch) as scanner:
        scanner.pace.note(40 * 64, taken_at=monotonic())
        scanner.scan_next()
    found = shards_of(database, job_id)
    assert all(shard.attempts == 0 for shard in found if shard.state is not ShardState.DONE)
    assert sum(shard.size for shard in found) == 3 * 64
    done = sum(shard.size for shard in found if shard.state is ShardState.DONE)
    assert 0 < done == get_job(database, job_id).scored < 3 * 64


def _scanner(
    database: Database, detector: PretendDetector | None = None
) -> AbstractContextManager[ShardScanner]:
    return shard_scanner(
        database, RecordingQueue(), detector or PretendDetector(), fetch=bytes_of_name
    )

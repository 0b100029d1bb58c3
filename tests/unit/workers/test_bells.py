"""Bells: one message wakes a slot, which wakes the next and goes on until nothing waits."""

from contextlib import AbstractContextManager
from time import monotonic

import pytest

from core.taskqueue import scan_next
from core.terms import JobState
from db.session import Database
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.handful import Handful
from workers.scan import A_MOMENT_S, ShardScanner

BELL = scan_next(interactive=False)


@pytest.fixture
def queue() -> RecordingQueue:
    """A queue that keeps its messages."""
    return RecordingQueue()


def test_one_bell_is_enough_for_a_whole_job(database: Database, queue: RecordingQueue) -> None:
    """Also for shards that are queued while the first ones are in hand."""
    job_id = add_job_of(database, ["r0"], ["r1"], ["f2"], ["r3"], window=2)
    with _scanner(database, queue) as scanner:
        scanner.scan_bulk()
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_the_next_slot_is_woken_before_the_first_begins(
    database: Database, queue: RecordingQueue
) -> None:
    """A device may be busy with a shard for long; the others are not to sleep so long."""
    heard = []

    class Listening(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            heard.append(list(queue.messages))
            return super().prepare(data)

    add_job_of(database, ["r0"], ["r1"])
    with _scanner(database, queue, Listening()) as scanner:
        scanner.scan_bulk()
    assert heard == [[BELL], [BELL]]  # once: what the slot finds by itself wakes nobody


def test_who_finds_nothing_wakes_nobody(database: Database, queue: RecordingQueue) -> None:
    """So bells end with the work."""
    with _scanner(database, queue) as scanner:
        scanner.scan_bulk()
    assert queue.messages == []


def test_who_sees_nothing_for_a_moment_looks_again(
    database: Database, queue: RecordingQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while others have locked what is queued; and they may sleep for the same reason."""
    claim, looks = ShardScanner._claim, []

    def see_nothing_at_first(scanner: ShardScanner, *, interactive: bool) -> Handful | None:
        looks.append(monotonic())
        return None if len(looks) == 1 else claim(scanner, interactive=interactive)

    monkeypatch.setattr(ShardScanner, "_claim", see_nothing_at_first)
    job_id = add_job_of(database, ["r0"], ["r1"])
    with _scanner(database, queue) as scanner:
        scanner.scan_bulk()
    assert get_job(database, job_id).state is JobState.COMPLETED
    assert looks[1] - looks[0] >= A_MOMENT_S
    assert queue.messages == [BELL]


def test_a_turn_ends_and_the_next_goes_on(database: Database, queue: RecordingQueue) -> None:
    """The slot is given back with a bell for what is left."""
    job_id = add_job_of(database, ["r0"], ["r1"], ["r2"])
    with _scanner(database, queue) as scanner:
        scanner.scan_bulk(turn_s=0)
        assert get_job(database, job_id).scored == 1
        assert queue.messages == [BELL, BELL]  # for another slot, and for this one's next turn
        scanner.scan_bulk()
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_a_stopping_worker_leaves_a_bell(database: Database, queue: RecordingQueue) -> None:
    """Others may sleep: they heard of nothing while this one went on by itself."""

    class Stopping(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            queue.messages.clear()
            scanner.scorer.fetcher.stopping.set()
            return super().prepare(data)

    job_id = add_job_of(database, ["r0"], ["r1"], ["r2"])
    with _scanner(database, queue, Stopping()) as scanner:
        scanner.scan_bulk()
    assert get_job(database, job_id).state is JobState.RUNNING
    assert BELL in queue.messages


def test_shards_that_come_into_an_empty_row_are_rung_for(
    database: Database, queue: RecordingQueue
) -> None:
    """Whoever looked while every queued shard was in hand sleeps by now."""

    class Beside(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            assert not other.scan_next()  # nothing is queued: the window is in hand
            return super().prepare(data)

    add_job_of(database, ["r0"], ["r1"], window=1)
    with _scanner(database, queue) as other, _scanner(database, queue, Beside()) as scanner:
        scanner.scan_next()
    assert queue.messages == [BELL]


def _scanner(
    database: Database, queue: RecordingQueue, detector: PretendDetector | None = None
) -> AbstractContextManager[ShardScanner]:
    return shard_scanner(database, queue, detector or PretendDetector(), fetch=bytes_of_name)

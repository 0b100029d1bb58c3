"""A worker that stops keeps what it has scored, and hands back the rest at once."""

from core.taskqueue import scan_next
from core.terms import JobKind, JobState, ShardState
from db.session import Database
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.fetching import LONE_ITEMS
from workers.scan import ShardScanner


class StoppingDetector(PretendDetector):
    """Has its worker stopped by the first image that it gets; `drops` before the device has it."""

    scanner: ShardScanner
    drops = False

    def prepare(self, data: bytes) -> Prepared:
        """Stop, then prepare the image."""
        self.scanner.scorer.fetcher.stopping.set()
        if self.drops:
            self.scanner.scorer.batcher.stop_bulk()
        return super().prepare(data)


def test_a_shard_in_hand_is_committed_as_far_as_it_is_scored(database: Database) -> None:
    """Its rest is queued again at once, with a bell, and no attempt of it is lost."""
    names = [f"r{i:03d}" for i in range(2 * LONE_ITEMS + 5)]
    job_id = add_job_of(database, names)
    queue, detector = RecordingQueue(), StoppingDetector()
    with shard_scanner(database, queue, detector, fetch=bytes_of_name) as scanner:
        detector.scanner = scanner
        scanner.scan_next()
    rest, done = sorted(shards_of(database, job_id), key=lambda shard: shard.state)[::-1]
    assert (done.state, done.size, done.landing) == (ShardState.DONE, LONE_ITEMS, 1)
    assert (rest.state, rest.size, rest.attempts) == (ShardState.QUEUED, LONE_ITEMS + 5, 0)
    assert (rest.not_before, rest.postponements) == (None, 0)
    assert queue.messages == [scan_next(interactive=False)]
    assert get_job(database, job_id).scored == LONE_ITEMS
    with shard_scanner(database, queue, PretendDetector(), fetch=bytes_of_name) as scanner:
        scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.state, job.scored) == (JobState.COMPLETED, len(names))


def test_images_that_the_device_has_not_begun_are_handed_back(database: Database) -> None:
    """A shard none of whose images was scored goes back as it was."""
    job_id = add_job_of(database, ["r1", "r2"])
    queue, detector = RecordingQueue(), StoppingDetector()
    detector.drops = True
    with shard_scanner(database, queue, detector, fetch=bytes_of_name) as scanner:
        detector.scanner = scanner
        scanner.scan_next()
    (shard,) = shards_of(database, job_id)
    assert (shard.state, shard.attempts, shard.size) == (ShardState.QUEUED, 0, 2)
    assert queue.messages == [scan_next(interactive=False)]


def test_a_single_scan_in_hand_is_finished(database: Database) -> None:
    """Somebody waits for it, and it takes a moment only."""
    job_id = add_job_of(database, ["f1"], kind=JobKind.SINGLE)
    detector = StoppingDetector()
    with shard_scanner(database, RecordingQueue(), detector, fetch=bytes_of_name) as scanner:
        detector.scanner = scanner
        scanner.scan_interactive()
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_a_stopping_worker_takes_nothing_more(database: Database) -> None:
    """Bells that it still gets are passed on to others, and the shards stay as they are."""
    single = add_job_of(database, ["f1"], kind=JobKind.SINGLE)
    bulk = add_job_of(database, ["f1"])
    queue = RecordingQueue()
    with shard_scanner(database, queue, PretendDetector(), fetch=bytes_of_name) as scanner:
        scanner.scorer.fetcher.stopping.set()
        scanner.scan_interactive()
        assert not scanner.scan_next()
    assert queue.messages == [scan_next(interactive=True), scan_next(interactive=False)]
    for job_id in (single, bulk):
        (shard,) = shards_of(database, job_id)
        assert (shard.state, shard.attempts) == (ShardState.QUEUED, 0)


def test_a_bulk_bell_is_not_used_up_by_a_single_scan(database: Database) -> None:
    """A slot that a single scan came to first goes on to the bulk shard that it was rung for."""
    bulk = add_job_of(database, ["f1"])
    single = add_job_of(database, ["r1"], kind=JobKind.SINGLE)
    with shard_scanner(
        database, RecordingQueue(), PretendDetector(), fetch=bytes_of_name
    ) as scanner:
        scanner.scan_bulk()
    assert get_job(database, single).state is JobState.COMPLETED
    assert get_job(database, bulk).state is JobState.COMPLETED

"""The same bytes are scored once: in a shard, in two at the same time, and in a job to come."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from hashlib import sha256
from queue import SimpleQueue
from threading import Event

import numpy as np
from numpy.typing import NDArray

from core.terms import JobState, Label, ShardState
from db import claims, verdicts
from db.models import Verdict
from db.session import Database
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers.handful import Handful
from workers.inflight import Flight, Key
from workers.scan import ShardScanner

PATIENCE_S = 30


class HeldDetector(PretendDetector):
    """Waits in every forward pass, and before it breaks, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: SimpleQueue[bytes] = SimpleQueue()
        self.let_go = Event()

    def prepare(self, data: bytes) -> Prepared:
        """Note the image; wait with one that breaks."""
        self.seen.put(data)
        if data[:1] == b"x":
            assert self.let_go.wait(PATIENCE_S)
        return super().prepare(data)

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Wait, then score."""
        assert self.let_go.wait(PATIENCE_S)
        return super().forward(pixels)

    def wait_for(self, data: bytes) -> None:
        """Wait until the image is prepared: those before it in its shard are in flight then."""
        while self.seen.get(timeout=PATIENCE_S) != data:
            pass


def test_twice_in_a_shard(database: Database) -> None:
    """The first is scored, the others take its verdict and say so, and all are counted."""
    detector = PretendDetector()
    job_id = add_job_of(database, ["f", "r", "f", "b", "f", "b"])
    with _scanner(database, detector) as scanner:
        scanner.scan_next()
    assert detector.forwarded == 2
    assert _reused(database, job_id) == [False, False, True, False, True, False]
    job = get_job(database, job_id)
    assert (job.scored, job.failed, job.reused, job.fake) == (4, 2, 2, 3)


def test_in_two_shards_at_once(database: Database) -> None:
    """Who comes later waits for the first one's verdict, in another job too."""
    detector = HeldDetector()
    jobs = [add_job_of(database, ["f1", "f2"]), add_job_of(database, ["f2", "f1", "r3"])]
    with _scanner(database, detector) as scanner, ThreadPoolExecutor(2) as threads:
        first = threads.submit(scanner.scan_next)
        detector.wait_for(b"f2")
        second = threads.submit(scanner.scan_next)
        detector.wait_for(b"r3")
        detector.let_go.set()
        assert first.result(PATIENCE_S)
        assert second.result(PATIENCE_S)
    assert detector.forwarded == 3
    assert [get_job(database, job_id).reused for job_id in jobs] == [0, 2]
    assert [get_job(database, job_id).state for job_id in jobs] == [JobState.COMPLETED] * 2


def test_a_follower_scores_the_image_when_the_leader_fails(database: Database) -> None:
    """A shard that breaks leaves nobody waiting, and nothing unscored in other shards."""
    detector = HeldDetector()
    add_job_of(database, ["f1", "x"])
    job_id = add_job_of(database, ["f1", "r2"])
    with _scanner(database, detector) as scanner, ThreadPoolExecutor(2) as threads:
        threads.submit(scanner.scan_next)
        detector.wait_for(b"x")
        second = threads.submit(scanner.scan_next)
        detector.wait_for(b"r2")
        detector.let_go.set()
        assert second.result(PATIENCE_S)
    assert [v.label for v in _verdicts(database, job_id)] == [Label.FAKE, Label.REAL]
    assert _reused(database, job_id) == [False, False]


def test_a_verdict_is_shared_until_it_is_stored(database: Database) -> None:
    """Who comes between the score and its commit takes the score, and scores nothing."""
    detector = PretendDetector()
    add_job_of(database, ["f1"])
    job_id = add_job_of(database, ["f1"])
    with _scanner(database, detector) as scanner:
        with database.write() as session:
            claim = claims.claim_next(session, worker="test", lease_s=60)
            assert claim is not None
        with scanner.scorer.scoring(Handful([claim])):
            scanner.scan_next()
    assert detector.forwarded == 1
    assert get_job(database, job_id).reused == 1


def test_a_stopping_worker_gives_up_its_images_before_it_waits(database: Database) -> None:
    """Two that stop while each follows the other's images do not wait for each other."""
    job_id = add_job_of(database, ["f1", "f1", "f2"])
    follower: SimpleQueue[Flight] = SimpleQueue()

    class StoppedDetector(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            follower.put(_join(scanner, database, data))
            scanner.scorer.fetcher.stopping.set()
            scanner.scorer.batcher.stop_bulk()
            return super().prepare(data)

    with _scanner(database, StoppedDetector()) as scanner, ThreadPoolExecutor(1) as threads:
        others = _join(scanner, database, b"f2")
        scanning = threads.submit(scanner.scan_next)
        given_up = follower.get(timeout=PATIENCE_S)
        assert given_up.wait() is None
        scanner.scorer.in_flight.leave(others)
        assert scanning.result(PATIENCE_S)
    (shard,) = shards_of(database, job_id)
    assert (shard.state, shard.attempts, shard.size) == (ShardState.QUEUED, 0, 3)


def test_a_rescan_reuses_only_what_its_own_job_scored(database: Database) -> None:
    """Earlier verdicts of other jobs do not count, stored or on their way; duplicates do."""
    detector = PretendDetector()
    add_job_of(database, ["f1", "r2"])
    job_id = add_job_of(database, ["f1", "f1"], ["r2", "f1"], rescan=True)
    with _scanner(database, detector) as scanner:
        scanner.scan_next()
        assert detector.forwarded == 2
        others = _join(scanner, database, b"f1")  # another job reuses it just now
        scanner.scan_next()
        scanner.scan_next()
        scanner.scorer.in_flight.leave(others)
    assert detector.forwarded == 4
    assert _reused(database, job_id) == [False, True, False, True]


def _scanner(database: Database, detector: PretendDetector) -> AbstractContextManager[ShardScanner]:
    return shard_scanner(database, RecordingQueue(), detector, fetch=bytes_of_name)


def _join(scanner: ShardScanner, database: Database, content: bytes) -> Flight:
    """Do what another thread with the same image does: lead it, or follow."""
    digest, version = sha256(content).digest(), add_champion(database)
    return scanner.scorer.in_flight.join(Key(digest, version, by_faces=False, job_id=None))[0]


def _verdicts(database: Database, job_id: int) -> list[Verdict]:
    with database.read() as session:
        return list(verdicts.page(session, job_id, limit=100))


def _reused(database: Database, job_id: int) -> list[bool]:
    return [verdict.reused for verdict in _verdicts(database, job_id)]

"""Solitude: what has failed before runs alone, so that a killer takes nobody along twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock

from sqlalchemy import update

from core.terms import ItemCode, JobState, Outcome, ShardState
from db import verdicts
from db.clock import database_time
from db.models import Shard
from db.session import Database
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, recovery, shard_scanner
from workers.solitude import Solitude

PATIENCE_S = 30
THREADS = 4


class Killed(BaseException):
    """The process is gone: nothing that its threads were at goes on."""


class MortalDetector(PretendDetector):
    """Ends its process at an image of `x`, with everything that is in hand.

    `dead` is the worker's event of stopping as well: a dead process claims nothing more.
    """

    dead: Event

    def prepare(self, data: bytes) -> Prepared:
        """Die of the image; others take a moment, and die with it."""
        if data[:1] == b"x":
            self.dead.set()
        if self.dead.wait(0.01):
            raise Killed
        return super().prepare(data)


def test_a_killer_is_found_and_nobody_else_is_given_up(database: Database) -> None:
    """Process after process dies of two images; all others are scored in the end."""
    shards_of_names = [[f"r{i}{j}" for j in range(4)] for i in range(8)]
    shards_of_names[2][1], shards_of_names[5][3] = "x1", "x2"
    job_id = add_job_of(database, *shards_of_names)
    deaths = 0
    while not get_job(database, job_id).state.is_final:
        deaths += _live_and_die(database)
        assert deaths < 30
        with database.write() as session:
            session.execute(
                update(Shard)
                .where(Shard.state == ShardState.LEASED)
                .values(lease_expires_at=database_time(-1))
            )
        recovery(database, RecordingQueue()).sweep()
    with database.read() as session:
        failed = verdicts.page(session, job_id, limit=100, outcome=Outcome.FAILED)
    assert [(verdict.name, verdict.code) for verdict in failed] == [
        ("x1", ItemCode.POISON),
        ("x2", ItemCode.POISON),
    ]
    job = get_job(database, job_id)
    assert (job.state, job.scored) == (JobState.COMPLETED, 30)


def test_a_suspect_runs_alone(database: Database) -> None:
    """It waits for what is in hand, and nothing else is claimed meanwhile."""
    job_id = add_job_of(database, ["r1"], ["s2"], ["r3"])
    suspect = shards_of(database, job_id)[1].id
    with database.write() as session:
        session.execute(update(Shard).where(Shard.id == suspect).values(attempts=1))
    seen: list[bytes] = []
    first_begun, go_on, lock = Event(), Event(), Lock()

    class NotingDetector(PretendDetector):
        def prepare(self, data: bytes) -> Prepared:
            if data == b"r1":
                first_begun.set()
                assert go_on.wait(PATIENCE_S)
            with lock:
                seen.append(data)
            if data == b"s2":
                states = {shard.id: shard.state for shard in shards_of(database, job_id)}
                assert states.pop(suspect) == ShardState.LEASED
                assert ShardState.LEASED not in states.values()
            return super().prepare(data)

    queue = RecordingQueue()
    with (
        shard_scanner(database, queue, NotingDetector(), fetch=bytes_of_name) as scanner,
        ThreadPoolExecutor(3) as threads,
    ):
        scans = [threads.submit(scanner.scan_next)]
        assert first_begun.wait(PATIENCE_S)
        scans += [threads.submit(scanner.scan_next) for _ in range(2)]
        go_on.set()
        assert all(scan.result(PATIENCE_S) for scan in scans)
    assert seen == [b"r1", b"s2", b"r3"]
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_the_room_is_free_again_after_a_failure() -> None:
    """Whoever was alone leaves, however it went."""
    solitude = Solitude()
    for alone in (True, False, True):
        with solitude.entrance():
            room = solitude.enter(alone=alone)
        with suppress(RuntimeError), room:
            raise RuntimeError("it broke")


def _live_and_die(database: Database) -> bool:
    """Run a process of some threads until nothing waits, or it dies; return whether it died."""
    detector = MortalDetector()

    def work() -> None:
        try:
            while scanner.scan_next():
                pass
        except Killed:
            return

    with (
        shard_scanner(database, RecordingQueue(), detector, fetch=bytes_of_name) as scanner,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        detector.dead = scanner.scorer.fetcher.stopping
        for _ in range(THREADS):
            threads.submit(work)
    return detector.dead.is_set()

"""Images that come slowly, or are large, hold up nobody else, and are not lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from core.sources import SourceItem
from core.terms import JobState, ShardState
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, claim_shard, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers import fetching
from workers.fetching import BLOCK_ITEMS, LONE_ITEMS, SLICES, Fetcher
from workers.handful import Handful
from workers.scan import ShardScanner

PATIENCE_S = 30
SLOW = "https://slow.example"


class Server:
    """Gives the bytes of local files at once, and those of a slow server when it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.is_asked = Event()
        self.asked = 0

    def fetch(self, item: SourceItem) -> bytes:
        """Return the item's name."""
        if item.uri.startswith("https:"):
            self.asked += 1
            self.is_asked.set()
            assert self.let_go.wait(PATIENCE_S)
        return item.name.encode()


@contextmanager
def _scanner(
    database: Database, server: Server, remote_s: float = PATIENCE_S
) -> Iterator[ShardScanner]:
    with shard_scanner(
        database, RecordingQueue(), PretendDetector(), fetch=server.fetch, remote_s=remote_s
    ) as scanner:
        yield scanner
        server.let_go.set()


def test_local_files_do_not_wait_for_a_slow_server(database: Database) -> None:
    """While one shard waits for its server, that of another job is fetched, decoded and done."""
    server = Server()
    slow = add_job_of(database, [f"r{i}" for i in range(20)], root=SLOW)
    with _scanner(database, server) as scanner, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(scanner.scan_next)
        assert server.is_asked.wait(PATIENCE_S)
        local = add_job_of(database, ["r1", "f2"])
        scanner.scan_next()
        assert get_job(database, local).state == JobState.COMPLETED
        assert not waiting.done()
        server.let_go.set()
        assert waiting.result(PATIENCE_S)
    assert get_job(database, slow).state == JobState.COMPLETED


def test_what_does_not_come_in_time_is_put_off(database: Database) -> None:
    """The files that are there are committed; of the slow server, only what was begun."""
    server = Server()
    server.let_go.set()
    names = [f"r{i}" for i in range(BLOCK_ITEMS)]
    job_id = add_job_of(database, [*names, "f-local"], root=SLOW, local=["f-local"])
    with _scanner(database, server, remote_s=-1) as scanner:
        scanner.scan_next()
    waiting, done = sorted(shards_of(database, job_id), key=lambda shard: shard.state)[::-1]
    assert (done.state, done.positions) == (ShardState.DONE, [BLOCK_ITEMS])
    assert (waiting.state, waiting.size) == (ShardState.PLANNED, BLOCK_ITEMS)
    assert (waiting.attempts, waiting.postponements) == (0, 1)
    assert "slowly" in (waiting.last_error or "")
    assert server.asked == 0


def test_a_slow_job_leaves_slots_to_others(database: Database) -> None:
    """Once a job is known to be slow, a second shard of it is not claimed beside the first."""
    server = Server()
    slow = add_job_of(database, ["r1"], ["r2"], ["r3"], root=SLOW, window=3)
    with _scanner(database, server, remote_s=-1) as scanner:
        scanner.scan_next()
        assert scanner.laggards.barred() == []
        with scanner.laggards.holding(slow):
            assert scanner.laggards.barred() == [slow]
            other = add_job_of(database, ["r4"])
            assert scanner.scan_next()
            assert get_job(database, other).state == JobState.COMPLETED
            assert not scanner.scan_next()
        assert scanner.laggards.barred() == []


def test_a_job_that_is_quick_again_is_not_barred(database: Database) -> None:
    """The newest shard tells whether a job is slow."""
    with _scanner(database, Server()) as scanner, scanner.laggards.holding(1):
        scanner.laggards.note(1, slow=True)
        assert scanner.laggards.barred() == [1]
        scanner.laggards.note(1, slow=False)
        assert scanner.laggards.barred() == []


def test_a_block_of_large_files_is_short(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more is read into memory than the bound and a file for each thread; nothing is left."""
    monkeypatch.setattr(fetching, "BLOCK_BYTES", 10)
    names = [f"r{i:02d}" for i in range(2 * BLOCK_ITEMS)]
    job_id = add_job_of(database, names)
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with ThreadPoolExecutor(2) as threads:
        fetcher = Fetcher(bytes_of_name, threads, threads, Event(), lambda _job_id: False)
        blocks = list(fetcher.of(Handful([claim])).blocks())
    assert max(sum(len(item.content or b"") for item in block) for block in blocks) <= 10 + 2 * 3
    assert sorted(item.source.name for block in blocks for item in block) == names


def test_the_device_begins_soon(database: Database) -> None:
    """A shard that is alone in hand comes in small blocks, one of several in large ones."""
    names = [f"r{i:03d}" for i in range(3 * BLOCK_ITEMS)]
    job_id = add_job_of(database, names)
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with ThreadPoolExecutor(2) as threads:
        fetcher = Fetcher(bytes_of_name, threads, threads, Event(), lambda _job_id: False)
        alone = [len(block) for block in fetcher.of(Handful([claim])).blocks()]
        beside = [len(block) for block in fetcher.of(Handful([claim, claim])).blocks()]
    assert alone == [LONE_ITEMS] * (len(names) // LONE_ITEMS)
    assert beside == [2 * BLOCK_ITEMS] * 3


def test_files_of_all_kinds_are_fetched_once_each(database: Database) -> None:
    """Local and remote items of one shard come together, each with its own bytes."""
    server = Server()
    server.let_go.set()
    names = [f"r{i}" for i in range(SLICES)]
    job_id = add_job_of(database, [*names, "f1", "f2"], root=SLOW, local=["f1", "f2"])
    with _scanner(database, server) as scanner:
        scanner.scan_next()
    job = get_job(database, job_id)
    assert (job.state, job.scored, job.fake) == (JobState.COMPLETED, len(names) + 2, 2)
    assert server.asked == len(names)

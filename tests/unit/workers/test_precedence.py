"""Bulk gives way to single scans for a moment, and gets on however many there are."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest

from core.sources import SourceItem
from core.terms import JobKind
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job
from tests.support.workers import PretendDetector, bytes_of_name, shard_scanner
from workers import precedence
from workers.precedence import Precedence

LONG_S = 30


def test_bulk_waits_until_no_single_scan_is_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two scans, the last one counts; where there is none, nobody waits."""
    monkeypatch.setattr(precedence, "A_MOMENT_S", LONG_S)
    one = Precedence()
    one.give_way()
    with ThreadPoolExecutor(1) as threads, one.taken():
        with one.taken():
            waiting = threads.submit(one.give_way)
        assert not wait([waiting], timeout=0.1).done
        with one.taken():
            pass
        assert not wait([waiting], timeout=0.1).done
    assert waiting.done()


def test_bulk_keeps_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single scans that come without an end do not stop it, however often it is to give way."""
    monkeypatch.setattr(precedence, "A_MOMENT_S", 1.0)
    one = Precedence()
    with one.taken(), ThreadPoolExecutor(1) as threads:
        first = threads.submit(one.give_way)
        assert not wait([first], timeout=0.2).done
        first.result(10)
        again = threads.submit(lambda: [one.give_way() for _item in range(1000)])
        again.result(0.8)


@pytest.mark.parametrize("slot", ["scan_interactive", "scan_next"])
def test_a_bulk_shard_is_not_begun_beside_a_single_scan(
    database: Database, monkeypatch: pytest.MonkeyPatch, slot: str
) -> None:
    """It is claimed as soon as the scan's verdict is committed, whichever slot has the scan."""
    monkeypatch.setattr(precedence, "A_MOMENT_S", LONG_S)
    asked, let_go = Event(), Event()

    def fetch(item: SourceItem) -> bytes:
        if item.name == "r-single":
            asked.set()
            assert let_go.wait(LONG_S)
        return bytes_of_name(item)

    single = add_job_of(database, ["r-single"], kind=JobKind.SINGLE)
    bulk = add_job_of(database, ["r1"])
    with (
        shard_scanner(database, RecordingQueue(), PretendDetector(), fetch=fetch) as scanner,
        ThreadPoolExecutor(2) as threads,
    ):
        scanning = threads.submit(getattr(scanner, slot))
        assert asked.wait(LONG_S)
        following = threads.submit(scanner.scan_next)
        assert not wait([following], timeout=0.1).done
        assert get_job(database, bulk).scored == 0
        let_go.set()
        assert following.result(LONG_S)
        scanning.result(LONG_S)
    assert (get_job(database, single).scored, get_job(database, bulk).scored) == (1, 1)

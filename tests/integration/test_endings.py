"""The bells of single scans on a real broker: whoever waits hears them at once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.endings import Endings
from tests.support.services import Server, valkey_server

LONG_S = 20.0
SOON_S = 5.0


@pytest.fixture
def broker() -> Iterator[Server]:
    """A broker of the test's own."""
    with valkey_server() as server:
        yield server


def _waited(broker: Server, public_id: str, timeout_s: float) -> float:
    """Return the seconds that somebody waited for the scan, over a connection of their own."""
    begun = time.monotonic()
    Endings(broker.url).wait(public_id, timeout_s)
    return time.monotonic() - begun


def test_who_waits_hears_the_end_of_that_scan_only(broker: Server) -> None:
    """Another scan's end does not wake them."""
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(_waited, broker, "job_ours", LONG_S)
        other = pool.submit(_waited, broker, "job_other", 1.0)
        time.sleep(0.3)
        Endings(broker.url).ring("job_ours")
        assert ours.result() < SOON_S
        assert other.result() >= 0.9


def test_an_end_before_the_wait_is_heard(broker: Server) -> None:
    """A quick worker may be done before the API begins to wait."""
    Endings(broker.url).ring("job_1")
    assert _waited(broker, "job_1", LONG_S) < SOON_S


def test_without_a_broker_it_is_soon_time_to_look(broker: Server) -> None:
    """The bell is lost without an error, and the wait is short, so that the scan is looked at."""
    broker.kill()
    Endings(broker.url).ring("job_1")
    assert _waited(broker, "job_1", LONG_S) < SOON_S
    begun = time.monotonic()
    Endings("amqp://elsewhere").wait("job_1", 0.05)
    assert time.monotonic() - begun < SOON_S

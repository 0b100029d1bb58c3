"""The watchdog: a device that hangs ends its process; one that works or rests does not."""

from queue import SimpleQueue
from threading import Event

from workers.watchdog import EXIT_CODE, Watchdog

PATIENCE_S = 10


def test_a_device_that_hangs_ends_the_process() -> None:
    """With the exit code that says: try again."""
    ended: SimpleQueue[int] = SimpleQueue()
    watchdog = Watchdog(lambda: 1.0, timeout_s=0.1, end=ended.put)
    watchdog.start()
    assert ended.get(timeout=PATIENCE_S) == EXIT_CODE
    watchdog.close()


def test_a_device_that_works_is_left_alone() -> None:
    """Many looks, each at a pass that takes as long as it may."""
    looks, looked = [0], Event()
    ended: SimpleQueue[int] = SimpleQueue()

    def forward_s() -> float:
        looks[0] += 1
        if looks[0] > 20:
            looked.set()
        return 0.1

    watchdog = Watchdog(forward_s, timeout_s=0.1, end=ended.put)
    watchdog.start()
    assert looked.wait(PATIENCE_S)
    watchdog.close()
    assert ended.empty()


def test_closing_one_that_never_started_is_no_fault() -> None:
    """A worker that could not be put together closes what it has."""
    Watchdog(lambda: 0.0, timeout_s=1).close()

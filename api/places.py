"""Places for what few requests do at a time, and a few more to wait for them: threads are few."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from werkzeug.exceptions import ServiceUnavailable

PATIENCE_S = 10.0
RETRY_AFTER_S = 1
BUSY = "Many images are being looked at just now; try again in a moment."


@dataclass(frozen=True)
class Places:
    """`free` bounds those who have a place, `waiting` those who wait for one."""

    free: BoundedSemaphore
    waiting: BoundedSemaphore

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have a place for as long as the block takes.

        Raises ServiceUnavailable when too many wait already, or none becomes free in time.
        """
        if not (self.free.acquire(blocking=False) or self._wait()):
            raise ServiceUnavailable(BUSY, retry_after=RETRY_AFTER_S)
        try:
            yield
        finally:
            self.free.release()

    def _wait(self) -> bool:
        if not self.waiting.acquire(blocking=False):
            return False
        try:
            return self.free.acquire(timeout=PATIENCE_S)
        finally:
            self.waiting.release()

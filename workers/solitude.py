"""Lets a shard that has failed before run alone in its process.

An image that kills the process takes every other shard in hand along. If those were all run
together again, they would all be charged with the next failure as well; alone, only the shard
that holds the image is, and the others are soon known to be sound.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Solitude:
    """A lock that many can share, or one can have alone; those who want it alone go first."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._sharing = 0
        self._alone = False
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Wait until nobody has it alone, or waits to."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._waiting)
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else has it."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._alone and not self._sharing)
            self._waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

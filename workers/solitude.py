"""Lets a shard that has failed before run alone in its process.

An image that kills the process takes every other shard in hand along. If those were all run
together again, they would all be charged with the next failure as well; alone, only the shard
that holds the image is, and the others are soon known to be sound. For the same reason a process
claims nothing more while a shard waits to be alone in it: a claim counts as an attempt.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Condition, Lock


class Solitude:
    """A room that many can share, or one can have alone; nobody enters while one wants it so."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._entrance = Lock()
        self._sharing = 0
        self._taken = False

    @contextmanager
    def entrance(self) -> Iterator[None]:
        """Wait until one may enter; the block claims a shard and enters with it."""
        with self._entrance:
            with self._changed:
                self._changed.wait_for(lambda: not self._taken)
            yield

    def enter(self, *, alone: bool) -> AbstractContextManager[None]:
        """Enter, or have the room kept free; the block that is returned runs in it."""
        with self._changed:
            if alone:
                self._taken = True
                return self._alone()
            self._sharing += 1
            return self._shared()

    @contextmanager
    def _shared(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._sharing)
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

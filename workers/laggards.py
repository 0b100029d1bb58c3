"""Keeps jobs whose images come slowly from filling all the slots of a worker.

A shard of such a job is in hand for as long as its servers take. While so many are in hand that
every second slot waits for them, the process claims shards of other jobs only.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MOST_JOBS = 64  # that are remembered; whoever sends more of them fills the slots a little


class Laggards:
    """The jobs that were slow lately, and how many of their shards this process has in hand."""

    def __init__(self, slots: int) -> None:
        self._most = max(1, slots // 2)
        self._slow: dict[int, None] = {}  # in the order in which they were noted
        self._in_hand: Counter[int] = Counter()
        self._lock = Lock()

    def barred(self) -> list[int]:
        """Return the jobs of which nothing more may be claimed now."""
        with self._lock:
            if sum(self._in_hand[job_id] for job_id in self._slow) < self._most:
                return []
            return list(self._slow)

    def is_slow(self, job_id: int) -> bool:
        """Return whether the job's images came slowly the last time."""
        with self._lock:
            return job_id in self._slow

    def note(self, job_id: int, *, slow: bool) -> None:
        """Remember how a shard of the job went: each one tells anew whether the job is slow."""
        with self._lock:
            self._slow.pop(job_id, None)
            if slow:
                self._slow[job_id] = None
                if len(self._slow) > MOST_JOBS:
                    del self._slow[next(iter(self._slow))]

    @contextmanager
    def holding(self, job_id: int) -> Iterator[None]:
        """Count a shard of the job as in hand until the block ends."""
        with self._lock:
            self._in_hand[job_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_hand[job_id] -= 1
                if not self._in_hand[job_id]:
                    del self._in_hand[job_id]

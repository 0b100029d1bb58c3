"""Tells a slot that the job whose shards it has in hand was stopped meanwhile.

What is not with the device yet is left when a job is cancelled, expires or fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from db import jobs
from db.session import Database

LOOK_S = 0.1
MOST_JOBS = 64  # that are remembered


@dataclass
class Cancellation:
    """Whether jobs are stopped, asked of the database ten times a second for all slots together.

    No answer holds for longer: a job that was stopped may be retried under the same id.
    """

    database: Database
    look_s: float = LOOK_S
    clock: Callable[[], float] = monotonic
    _known: dict[int, tuple[float, bool]] = field(default_factory=dict)  # when, and the answer
    _lock: Lock = field(default_factory=Lock)

    def is_stopped(self, job_id: int) -> bool:
        """Return whether the job is not scanned any more, as it was up to 0.1 s ago.

        A database that is away knows nothing new.
        """
        if (known := self._known_of(job_id)) is not None:  # asked for each image, by many threads
            return known
        with self._lock:
            if (known := self._known_of(job_id)) is not None:
                return known
            stopped = self._ask(job_id)
            if len(self._known) >= MOST_JOBS:
                self._known.clear()
            self._known[job_id] = self.clock(), stopped
            return stopped

    def _known_of(self, job_id: int) -> bool | None:
        """Return what is known of the job, or None when it is time to ask."""
        at, stopped = self._known.get(job_id, (float("-inf"), False))
        return stopped if self.clock() - at < self.look_s else None

    def _ask(self, job_id: int) -> bool:
        try:
            with self.database.read() as session:
                return not jobs.is_active(session, job_id)
        except SQLAlchemyError:
            return False

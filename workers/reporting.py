"""Tells the database every few seconds that this worker lives, and what it does."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from core.logs import get_logger
from db import workers
from db.session import Database
from db.workers import Report
from workers.tally import Counts, Tally

INTERVAL_S = 5.0
OF_LATE_S = 30.0  # over which rates are taken
LONGEST_ERROR = 500

log = get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """The worker's device, the model versions on it, and the largest batch."""

    device: str
    model_versions: Sequence[str]
    max_batch: int


@dataclass
class Reporter:
    """Reports from a thread of its own; `close` says goodbye."""

    database: Database
    name: str
    tally: Tally
    standing: Callable[[], Standing]
    clock: Callable[[], float] = time.monotonic
    _seen: deque[tuple[float, Counts]] = field(default_factory=deque)
    _closing: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _failed_at: float = float("-inf")
    _is_known: bool = False

    def start(self) -> None:
        """Begin to report, and forget workers that have been silent for long."""
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Report no more, and leave the list of workers."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        try:
            with self.database.write() as session:
                workers.leave(session, self.name)
        except SQLAlchemyError as error:  # it is seen to be silent, and forgotten later
            log.warning("worker_not_removed", reason=str(getattr(error, "orig", error)))

    def report(self) -> None:
        """Write what the worker does now."""
        with self.database.write() as session:
            workers.report(session, self.name, self._report(), is_first=not self._is_known)
        self._is_known = True

    def failed_within(self, age_s: float) -> bool:
        """Return whether the database did not take a report in the last seconds."""
        return self.clock() - self._failed_at < age_s

    def _run(self) -> None:
        while True:
            try:
                self.report()
            except SQLAlchemyError as error:  # the next round may do it
                self._failed_at = self.clock()
                log.warning("worker_not_reported", reason=str(getattr(error, "orig", error)))
            if self._closing.wait(INTERVAL_S):
                return

    def _report(self) -> Report:
        now, counts, standing = self.clock(), self.tally.counts, self.standing()
        while len(self._seen) > 1 and self._seen[1][0] <= now - OF_LATE_S:
            self._seen.popleft()
        since, before = self._seen[0] if self._seen else (now, counts)
        self._seen.append((now, counts))
        span_s, room = now - since, counts.room - before.room
        return Report(
            device=standing.device,
            model_versions=list(standing.model_versions),
            max_batch=standing.max_batch,
            images=counts.images,
            failed=counts.failed,
            rate=(counts.images - before.images) / span_s if span_s else 0.0,
            fill=(counts.filled - before.filled) / room if room else None,
            busy=min((counts.busy_s - before.busy_s) / span_s, 1.0) if span_s else 0.0,
            errors=counts.errors,
            last_error=counts.last_error and counts.last_error[:LONGEST_ERROR],
        )

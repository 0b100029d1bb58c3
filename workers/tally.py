"""What this process has done since its start, counted by the threads that do it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from core.terms import Outcome
from db.verdicts import NewVerdict


@dataclass(frozen=True)
class Counts:
    """Sums since the start: verdicts stored, the failed ones among them; batches; what went wrong.

    `room` is how many images the batches could have had, of which `filled` were there; one that
    is scored by its faces counts as often. The device was at work for `busy_s`.
    """

    images: int = 0
    failed: int = 0
    filled: int = 0
    room: int = 0
    busy_s: float = 0.0
    errors: int = 0
    last_error: str | None = None


@dataclass
class Tally:
    """Adds up; any thread may add and read."""

    _counts: Counts = Counts()
    _lock: Lock = field(default_factory=Lock)

    @property
    def counts(self) -> Counts:
        """The sums until now."""
        return self._counts

    def add_verdicts(self, stored: Sequence[NewVerdict]) -> None:
        """Count verdicts that were stored just now."""
        failed = sum(verdict.outcome == Outcome.FAILED for verdict in stored)
        with self._lock:
            now = self._counts
            self._counts = replace(now, images=now.images + len(stored), failed=now.failed + failed)

    def add_batch(self, filled: int, room: int, busy_s: float) -> None:
        """Count a batch of so many images, of those that it had room for."""
        with self._lock:
            now = self._counts
            self._counts = replace(
                now,
                filled=now.filled + filled,
                room=now.room + room,
                busy_s=now.busy_s + busy_s,
            )

    def add_error(self, sentence: str) -> None:
        """Count something that went wrong, and remember it as the last."""
        with self._lock:
            now = self._counts
            self._counts = replace(now, errors=now.errors + 1, last_error=sentence)

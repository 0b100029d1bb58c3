"""Images that this process is scoring now, so that the same bytes are scored once.

Who comes first with an image leads: it scores it and says how it went. Who comes later with the
same bytes follows: it takes the leader's verdict, after having told its own ones.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from db.verdicts import NewVerdict


class Key(NamedTuple):
    """What images must have in common for one score to do for all."""

    sha256: bytes
    model_version_id: int
    by_faces: bool
    job_id: int | None  # when only images of this job share it


@dataclass(frozen=True, eq=False)
class Flight:
    """One image in hand; `verdict` gives how it ended, or None when its leader did not score it."""

    key: Key
    verdict: Future[NewVerdict | None] = field(default_factory=Future)


class InFlight:
    """The images in hand, by their bytes and how they are scored."""

    def __init__(self) -> None:
        self._flights: dict[Key, Flight] = {}
        self._lock = Lock()

    def join(self, key: Key) -> tuple[Flight, bool]:
        """Return the image's flight, and whether the caller leads it; else, the caller follows."""
        with self._lock:
            if key in self._flights:
                return self._flights[key], False
            self._flights[key] = Flight(key)
            return self._flights[key], True

    def tell(self, flight: Flight, verdict: NewVerdict) -> None:
        """Tell the followers how the image ended, also those who come until the leader leaves."""
        with self._lock:
            if not flight.verdict.done():
                flight.verdict.set_result(verdict)

    def leave(self, flight: Flight) -> None:
        """End the lead: the verdict is stored by now; or there is none, others must score it."""
        with self._lock:
            if self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
            if not flight.verdict.done():
                flight.verdict.set_result(None)

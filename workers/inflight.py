"""Images that this process is scoring now, so that the same bytes are scored once.

Who comes first with an image leads: it scores it and says how it went. Who comes later with the
same bytes follows: it takes the leader's verdict, after having told its own ones.
"""

from dataclasses import dataclass
from threading import Event, Lock
from typing import NamedTuple

from db.verdicts import NewVerdict


class Key(NamedTuple):
    """What images must have in common for one score to do for all."""

    sha256: bytes
    model_version_id: int
    by_faces: bool
    job_id: int | None  # when only images of this job share it


@dataclass(eq=False)
class Flight:
    """One image in hand; once it `is_over`, `verdict` tells how it ended.

    None: its leader did not score it. `landed` is made for the first follower only: few images
    have any, and a million of them are in hand in turn.
    """

    key: Key
    verdict: NewVerdict | None = None
    is_over: bool = False
    landed: Event | None = None

    def wait(self) -> NewVerdict | None:
        """Wait for the end of the image, as a follower; return how it ended."""
        if self.landed is not None:
            self.landed.wait()
        return self.verdict


class InFlight:
    """The images in hand, by their bytes and how they are scored."""

    def __init__(self) -> None:
        self._flights: dict[Key, Flight] = {}
        self._lock = Lock()

    def join(self, key: Key) -> tuple[Flight, bool]:
        """Return the image's flight, and whether the caller leads it; else, the caller follows."""
        with self._lock:
            if flight := self._flights.get(key):
                if not flight.is_over and flight.landed is None:
                    flight.landed = Event()
                return flight, False
            self._flights[key] = Flight(key)
            return self._flights[key], True

    def tell(self, flight: Flight, verdict: NewVerdict | None) -> None:
        """Tell the followers how the image ended, also those who come until the leader leaves."""
        with self._lock:
            _land(flight, verdict)

    def leave(self, flight: Flight) -> None:
        """End the lead: the verdict is stored by now; or there is none, others must score it."""
        with self._lock:
            if self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
            _land(flight, None)


def _land(flight: Flight, verdict: NewVerdict | None) -> None:
    if not flight.is_over:
        flight.verdict, flight.is_over = verdict, True
        if flight.landed is not None:
            flight.landed.set()

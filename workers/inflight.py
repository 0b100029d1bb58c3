"""Images that this process is scoring now, so that the same bytes are scored once.

Who comes first with an image leads: it scores it and says how it went. Who comes later with the
same bytes follows: it waits for the leader's verdict, after having told its own ones.
"""

from concurrent.futures import Future
from threading import Lock

from db.verdicts import NewVerdict

Key = tuple[bytes, int]  # SHA-256, model version id


class InFlight:
    """The images in hand, by their bytes and model version."""

    def __init__(self) -> None:
        self._futures: dict[Key, Future[NewVerdict | None]] = {}
        self._lock = Lock()

    def join(self, key: Key) -> Future[NewVerdict | None] | None:
        """Lead the image, and get None; or follow, and get the future of the leader's verdict."""
        with self._lock:
            if key in self._futures:
                return self._futures[key]
            self._futures[key] = Future()
            return None

    def tell(self, key: Key, verdict: NewVerdict | None) -> None:
        """Tell the followers how the image ended; None: it has no verdict, they must score it."""
        with self._lock:
            future = self._futures.pop(key, None)
        if future is not None:
            future.set_result(verdict)

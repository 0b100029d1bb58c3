"""Forward passes one after the other: how long the one that runs has taken, and what fits."""

import time

import numpy as np

from core.logs import get_logger
from detector.engines import OutOfMemoryError
from workers.batches import Forward, Margins, Pixels

log = get_logger(__name__)


class Forwarding:
    """Runs forward passes on the calling thread; what does not fit into memory is halved.

    `max_batch` is the most images of one pass. It stays as small as it once had to be.
    """

    def __init__(self, max_batch: int) -> None:
        self.max_batch = max_batch
        self._since: float | None = None

    @property
    def running_s(self) -> float:
        """For how long the pass that runs now has been running, seconds; else 0."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def run(self, forward: Forward, pixels: Pixels) -> Margins:
        """Return the margins, float32 [n]; raises OutOfMemoryError if not even one image fits."""
        self._since = time.monotonic()
        try:
            return forward(pixels)
        except OutOfMemoryError:
            if len(pixels) == 1:
                raise
            half = (len(pixels) + 1) // 2
            self.max_batch = min(self.max_batch, half)
            log.warning("batch_halved", images=len(pixels), max_batch=self.max_batch)
            first = self.run(forward, pixels[:half])
            return np.concatenate([first, self.run(forward, pixels[half:])])
        finally:
            self._since = None

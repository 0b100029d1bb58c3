"""Ends the process when its device hangs, so that the supervisor starts another.

A forward pass that never returns would hold the device thread for ever: nothing in Python can
interrupt it. The shards in hand go to other workers when their leases end.
"""

import os
import threading
from collections.abc import Callable

from core.logs import get_logger

EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: try again
LOOKS_A_TIMEOUT = 10

log = get_logger(__name__)


class Watchdog:
    """Looks at how long the forward pass has been running; `close` ends the looking."""

    def __init__(
        self,
        forward_s: Callable[[], float],
        *,
        timeout_s: float,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._forward_s = forward_s
        self._timeout_s = timeout_s
        self._end = end
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._timeout_s / LOOKS_A_TIMEOUT):
            if (running_s := self._forward_s()) > self._timeout_s:
                log.critical("device_hangs", running_s=round(running_s), exit_code=EXIT_CODE)
                self._end(EXIT_CODE)
                return

"""Single scans go before bulk in the interpreter as well, where one thread runs at a time.

A dozen statements and messages stand around a single scan's forward pass, and each would wait for
the threads that plan, decode and commit bulk. Before each larger piece of work these give way for
a moment; the device goes on meanwhile, with what waits for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

A_MOMENT_S = 0.05


class Precedence:
    """Who has it in this process; threads share one.

    Bulk that has waited goes on for as long at least, so it keeps half of the time, however many
    single scans come.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._scans = 0
        self._bulk_until = 0.0  # by `monotonic`: until then, bulk does not wait again

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have bulk give way while a single scan is in hand, in the block."""
        with self._changed:
            self._scans += 1
        try:
            yield
        finally:
            with self._changed:
                self._scans -= 1
                self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until no single scan is in hand, or for a moment; not to be called with a lock."""
        if self._scans and (began := monotonic()) >= self._bulk_until:
            with self._changed:
                self._changed.wait_for(lambda: not self._scans, A_MOMENT_S)
                now = monotonic()
                self._bulk_until = now + (now - began)

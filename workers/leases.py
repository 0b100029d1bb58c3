"""Keeps the leases of what this process has in hand, from one thread.

A worker that dies stops renewing, so its shards go to others soon; one that hangs renews only for
a while, so that they do in the end.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from core.logs import get_logger
from db import leases, planning
from db.session import Database

RENEWALS_A_LEASE = 3

log = get_logger(__name__)

Token = tuple[int, int]  # id, fencing number
Claims = dict[Token, float]  # when each was claimed, monotonic seconds


@dataclass
class LeaseKeeper:
    """Renews leases three times as often as they run out. `start` begins, `close` ends it."""

    database: Database
    lease_s: float
    longest_s: float
    _shards: Claims = field(default_factory=dict)
    _plans: Claims = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to renew."""
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop renewing."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def shards(self, tokens: Sequence[Token]) -> Iterator[None]:
        """Keep the leases of the shards until the block ends."""
        with self._kept(self._shards, tokens):
            yield

    @contextmanager
    def plan(self, job_id: int, token: int) -> Iterator[None]:
        """Keep the planner's lease of the job until the block ends."""
        with self._kept(self._plans, [(job_id, token)]):
            yield

    @contextmanager
    def _kept(self, held: Claims, tokens: Sequence[Token]) -> Iterator[None]:
        with self._lock:
            held.update(dict.fromkeys(tokens, time.monotonic()))
        try:
            yield
        finally:
            with self._lock:
                for token in tokens:
                    del held[token]

    def _run(self) -> None:
        while not self._closing.wait(self.lease_s / RENEWALS_A_LEASE):
            try:
                self.renew()
            except SQLAlchemyError as error:  # the next round may do it
                log.warning("leases_not_renewed", reason=str(getattr(error, "orig", error)))

    def renew(self) -> None:
        """Renew what is in hand now, except for shards that take too long."""
        with self._lock:
            overdue = time.monotonic() - self.longest_s
            held = [claim for claim, since in self._shards.items() if since > overdue]
            late = len(self._shards) - len(held)
            plans = list(self._plans)
        if late:
            log.error("shards_take_too_long", count=late, longest_s=self.longest_s)
        _renew(self.database, leases.renew, held, self.lease_s)
        _renew(self.database, planning.renew, plans, self.lease_s)


def _renew(
    database: Database, renewal: Callable[..., None], tokens: Sequence[Token], lease_s: float
) -> None:
    if tokens:
        with database.write() as session:
            renewal(session, tokens, lease_s=lease_s)

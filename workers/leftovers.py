"""Deletes what lies in storage and belongs to nobody: of requests and planners that died midway."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Event
from time import monotonic

from core.logs import get_logger
from core.storage import Storage
from db import deletion, uploads
from db.session import Database

SAFE_AGE_S = 24 * 3600.0  # no request and no planner takes so long between a byte and its row
INTERVAL_S = 24 * 3600.0
NAMES_A_READ = 500
OURS = re.compile(r"(job|upload)_[0-9a-f]{32}")

log = get_logger(__name__)


@dataclass
class Leftovers:
    """Looks through all that is stored, once a day; several may do so at once."""

    database: Database
    storage: Storage
    stopping: Event = field(default_factory=Event)
    _ended: float | None = None

    def sweep(self) -> int:
        """Delete what is old and nobody's, unless that was done today; return how many folders.

        Raises StorageError; then, or when the worker stops, the next call begins anew.
        """
        if self._ended is not None and monotonic() < self._ended + INTERVAL_S:
            return 0
        count = 0
        old = self._old()
        while names := list(islice(old, NAMES_A_READ)):
            for name in self._unknown(names):
                if self.stopping.is_set():
                    return count
                self.storage.delete(uploads.storage_key(name))
                log.info("leftovers_deleted", name=name)
                count += 1
        if not self.stopping.is_set():
            self._ended = monotonic()
        return count

    def _old(self) -> Iterator[str]:
        with self.database.read() as session:
            latest = deletion.time_before(session, SAFE_AGE_S)
        for name, written_at in self.storage.names(uploads.FOLDER):
            if self.stopping.is_set():
                return
            if OURS.fullmatch(name) and written_at < latest:
                yield name

    def _unknown(self, names: Sequence[str]) -> Sequence[str]:
        with self.database.read() as session:
            return deletion.unknown(session, names)

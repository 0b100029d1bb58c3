"""What is kept for how long: deleted jobs are purged here, and what has grown too old."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from sqlalchemy.orm import Session

from core.errors import StorageError
from core.logs import get_logger
from core.settings import Settings
from core.storage import Storage
from db import deletion, deliveries, idempotency, uploads
from db.deletion import StoredJob
from db.session import Database
from workers.leftovers import Leftovers

ROWS_A_COMMIT = 2000  # about 0.1 s of SQLite's one write lock
PAUSE_S = 0.05  # between two commits, so that other writers get their turn
DAY_S = 24 * 3600.0

log = get_logger(__name__)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Purged:
    """How much one run deleted."""

    jobs: int
    uploads: int
    unused_uploads: int
    idempotency_keys: int
    deliveries: int
    leftovers: int


@dataclass(frozen=True)
class Retention:
    """Deletes what is not kept any more; several may do so at once. 0 days: kept forever.

    Once `stopping` is set, the rest is left to the next run.
    """

    database: Database
    storage: Storage
    leftovers: Leftovers
    keep_uploads_days: int
    keep_jobs_days: int
    keep_deliveries_days: int
    pause_s: float = PAUSE_S
    stopping: Event = field(default_factory=Event)

    def sweep(self) -> None:
        """Run, and leave what storage does not let go to the next sweep."""
        try:
            purged = self.run()
        except StorageError as error:
            log.warning("retention_stopped", reason=str(error))
        else:
            if any(vars(purged).values()):
                log.info("retention_ran", **vars(purged))

    def run(self) -> Purged:
        """Delete what is too old, and purge the jobs that were deleted; raises StorageError."""
        return Purged(
            jobs=self._delete_jobs(),
            uploads=self._delete_uploads(),
            unused_uploads=self._for_each(uploads.expired, self._forget_upload),
            idempotency_keys=self._write(idempotency.purge),
            deliveries=self._delete_deliveries(),
            leftovers=self.leftovers.sweep(),
        )

    def _delete_jobs(self) -> int:
        age_s = self.keep_jobs_days * DAY_S
        while age_s and self._write(lambda session: deletion.hide(session, older_than_s=age_s)):
            if self.stopping.wait(self.pause_s):
                return 0
        return self._for_each(deletion.hidden, self._purge)

    def _delete_uploads(self) -> int:
        age_s = self.keep_uploads_days * DAY_S
        if not age_s:
            return 0
        return self._for_each(
            lambda session: deletion.stored(session, older_than_s=age_s), self._purge_uploads
        )

    def _delete_deliveries(self) -> int:
        age_s = self.keep_deliveries_days * DAY_S
        count = 0
        while age_s and (
            gone := self._write(
                lambda session: deliveries.purge(session, older_than_s=age_s, limit=ROWS_A_COMMIT)
            )
        ):
            count += gone
            if self.stopping.wait(self.pause_s):
                break
        return count

    def _for_each(
        self,
        find: Callable[[Session], Sequence[Found]],
        purge: Callable[[Found], bool],
    ) -> int:
        """Purge what is found, a page at a time, until nothing is; return how many there were."""
        count = 0
        while found := self._read(find):
            for one in found:
                if not purge(one):
                    return count
                count += 1
        return count

    def _purge(self, job: StoredJob) -> bool:
        """Delete the job's bytes and rows; return whether nothing of it is left."""
        self._delete_bytes(job)
        for purge in (deletion.purge_verdicts, deletion.purge_shards, deletion.purge_faults):
            if not self._purge_rows(purge, job):
                return False
        self._delete_bytes(job)  # again: a planner that was about to stop may have written some
        self._write(lambda session: deletion.purge_row(session, job.id))
        return True

    def _purge_rows(self, purge: Callable[..., int], job: StoredJob) -> bool:
        while self._write(lambda session: purge(session, job.id, limit=ROWS_A_COMMIT)):
            if self.stopping.wait(self.pause_s):
                return False
        return True

    def _purge_uploads(self, job: StoredJob) -> bool:
        self._delete_bytes(job)
        self._write(lambda session: deletion.note_uploads_deleted(session, job.id))
        return not self.stopping.is_set()

    def _forget_upload(self, public_id: str) -> bool:
        self.storage.delete(uploads.storage_key(public_id))
        self._write(lambda session: uploads.forget(session, public_id))
        return not self.stopping.is_set()

    def _delete_bytes(self, job: StoredJob) -> None:
        for key in job.keys:
            self.storage.delete(key)

    def _read(self, find: Callable[[Session], Found]) -> Found:
        with self.database.read() as session:
            return find(session)

    def _write(self, change: Callable[[Session], Found]) -> Found:
        with self.database.write() as session:
            return change(session)


def build_retention(
    settings: Settings, database: Database, *, stopping: Event | None = None
) -> Retention:
    """Assemble it as the settings say."""
    storage, stopping = Storage(settings.storage_url), stopping or Event()
    return Retention(
        database=database,
        storage=storage,
        leftovers=Leftovers(database, storage, stopping),
        keep_uploads_days=settings.keep_uploads_days,
        keep_jobs_days=settings.keep_jobs_days,
        keep_deliveries_days=settings.keep_deliveries_days,
        stopping=stopping,
    )

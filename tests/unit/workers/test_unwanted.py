"""Jobs that are cancelled and deleted while their archive is unpacked: nothing of them stays."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.storage import Storage
from core.terms import JobKind, JobState
from db import deletion, endings, jobs
from db.models import Job
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, get_job
from tests.support.workers import planner
from workers.leftovers import Leftovers
from workers.planner import LONG_TURNS
from workers.retention import Retention
from workers.turns import Turns

MEMBERS = 500


class InterruptedStorage(Storage):
    """Storage in which something happens after so many writes."""

    def __init__(self, root_url: str, *, after: int, action: Callable[[], None]) -> None:
        super().__init__(root_url)
        self.left, self.action = after, action
        self.written = 0

    def write(self, key: str, content: Any) -> str:  # noqa: ANN401 - whatever storage takes
        """Write, and let it happen when it is time."""
        uri = super().write(key, content)
        self.written += 1
        if self.written == self.left:
            self.action()
        return uri


def add_archive_job(database: Database, storage: Storage) -> str:
    """Insert a job over a zip file of many members; return its id."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(MEMBERS):
            archive.writestr(f"{i}.jpg", b"image")
    public_id = jobs.new_public_id()
    uri = storage.write(f"uploads/{public_id}/archive", file.getvalue())
    version = add_champion(database)
    with database.write() as session:
        jobs.create(
            session,
            public_id=public_id,
            kind=JobKind.BULK,
            source={"type": "archive", "uri": uri, "name": "a.zip"},
            model_version_id=version,
        )
    return public_id


@pytest.mark.parametrize("after", [1, 5, 70])
def test_nothing_of_a_job_stays_that_was_deleted_while_it_was_unpacked(
    database: Database, tmp_path: Path, after: int
) -> None:
    """The planner notices soon, and the purge waits until it has."""
    folder = tmp_path / "storage"
    plain = Storage(folder.as_uri())
    public_id = add_archive_job(database, plain)
    with database.read() as session:
        job_id = jobs.get(session, public_id).id
    retention = Retention(database, plain, Leftovers(database, plain), 0, 0, 0, pause_s=0)
    purged: list[int] = []

    def cancel_and_delete() -> None:
        with database.write() as session:
            endings.cancel(session, session.get_one(Job, job_id))
        with database.write() as session:
            deletion.delete(session, public_id)
        purged.append(retention.run().jobs)

    storage = InterruptedStorage(folder.as_uri(), after=after, action=cancel_and_delete)
    turns = Turns(LONG_TURNS, look_s=0)
    replace(
        planner(database, RecordingQueue(), folder), storage=storage, turns=turns
    ).plan_waiting()
    job = get_job(database, job_id)
    assert (job.state, job.plan_lease_expires_at) == (JobState.CANCELLED, None)
    assert (purged, storage.written) == ([0], after)
    assert retention.run().jobs == 1
    assert [path for path in folder.rglob("*") if path.is_file()] == []

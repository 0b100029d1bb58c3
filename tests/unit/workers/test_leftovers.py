"""Leftovers: what nobody names goes once it is old, and nothing else."""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from core.storage import Storage
from db import jobs, uploads
from db.session import Database
from db.uploads import NewUpload
from tests.support.rows import add_champion, add_job, get_job
from workers import leftovers
from workers.leftovers import INTERVAL_S, SAFE_AGE_S, Leftovers


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty folder to keep bytes in."""
    return Storage((tmp_path / "storage").as_uri())


def keep(tmp_path: Path, storage: Storage, *names: str, age_s: float = SAFE_AGE_S + 60) -> None:
    """Keep bytes under the names, as old as that."""
    for name in names:
        storage.write(f"uploads/{name}/files/00000000", b"image")
        written_at = time.time() - age_s
        os.utime(tmp_path / "storage" / "uploads" / name, (written_at, written_at))


def kept(storage: Storage) -> Sequence[str]:
    """Return the names of what is kept."""
    return sorted(name for name, _ in storage.names("uploads"))


def some_id(kind: str) -> str:
    """Return an id that nothing has."""
    return f"{kind}_{uuid4().hex}"


def test_what_nobody_names_goes_once_it_is_old(
    database: Database, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything of jobs and uploads that there are stays; so does what is young or not ours."""
    monkeypatch.setattr(leftovers, "NAMES_A_READ", 2)
    job = get_job(database, add_job(database, model_version_id=add_champion(database)))
    with database.write() as session:
        upload = uploads.create(session, NewUpload(name="a.zip", size=1)).public_id
    named, young = [job.public_id, upload, "notes"], jobs.new_public_id()
    keep(tmp_path, storage, *named, some_id("job"), some_id("upload"), jobs.new_public_id())
    keep(tmp_path, storage, young, age_s=SAFE_AGE_S - 60)
    assert Leftovers(database, storage).sweep() == 3
    assert kept(storage) == sorted([*named, young])


def test_what_a_writer_had_not_finished_goes_too(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    """A process that was killed while it wrote leaves a file that storage does not list."""
    name = some_id("job")
    folder = tmp_path / "storage" / "uploads" / name
    folder.mkdir(parents=True)
    (folder / "archive#1").write_bytes(b"half of it")
    written_at = time.time() - SAFE_AGE_S - 60
    os.utime(folder, (written_at, written_at))
    assert Leftovers(database, storage).sweep() == 1
    assert not folder.exists()


def test_it_looks_once_a_day(
    database: Database, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage may hold millions of objects; a day later it looks again."""
    now = 1000.0
    monkeypatch.setattr(leftovers, "monotonic", lambda: now)
    sweeper = Leftovers(database, storage)
    assert sweeper.sweep() == 0
    keep(tmp_path, storage, some_id("job"))
    now += INTERVAL_S - 1
    assert sweeper.sweep() == 0
    now += 1
    assert sweeper.sweep() == 1


def test_a_worker_that_stops_leaves_the_rest(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    """The next call begins anew."""
    keep(tmp_path, storage, some_id("job"))
    sweeper = Leftovers(database, storage)
    sweeper.stopping.set()
    assert sweeper.sweep() == 0
    sweeper.stopping.clear()
    assert sweeper.sweep() == 1


def test_a_worker_that_stops_does_not_list_on(
    database: Database, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket of a million folders takes hours to list."""
    keep(tmp_path, storage, some_id("job"), some_id("job"), some_id("job"))
    sweeper, listed = Leftovers(database, storage), []
    names = storage.names

    def stopping_names(prefix: str) -> Iterator[tuple[str, datetime]]:
        for name in names(prefix):
            listed.append(name)
            sweeper.stopping.set()
            yield name

    monkeypatch.setattr(Storage, "names", lambda _self, prefix: stopping_names(prefix))
    assert (sweeper.sweep(), len(listed)) == (0, 1)


def test_storage_without_uploads_has_no_leftovers(database: Database, storage: Storage) -> None:
    """A new installation."""
    assert Leftovers(database, storage).sweep() == 0

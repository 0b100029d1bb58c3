"""Retention: deleted jobs leave nothing behind, and what is kept stays for as long as it should."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select, update

from core.errors import ConflictError, NotFoundError, StorageError
from core.storage import Storage
from core.terms import DeliveryState, JobState, ManifestFaultCode
from db import deletion, idempotency, job_pages, jobs, verdicts, webhooks
from db.clock import database_time
from db.idempotency import KeyedRequest
from db.models import Base, IdempotencyKey, Job, JobMetadata, ManifestFault, Shard, Upload, Verdict
from db.session import Database
from tests.support.rows import add_planned_job, failed_verdict, get_job
from tests.support.webhooks import add_endpoint, deliveries_of
from workers import retention
from workers.leftovers import Leftovers
from workers.retention import DAY_S, Retention


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty folder to keep bytes in."""
    return Storage((tmp_path / "storage").as_uri())


@pytest.fixture
def make(database: Database, storage: Storage) -> Callable[..., Retention]:
    """A builder of retention that does not pause."""

    def build(uploads_days: int = 0, jobs_days: int = 0, **more: Event) -> Retention:
        leftovers = Leftovers(database, storage)
        return Retention(
            database, storage, leftovers, uploads_days, jobs_days, 0, pause_s=0, **more
        )

    return build


def add_ended_job(database: Database, storage: Storage, *, days_ago: float = 0) -> str:
    """Insert a completed job of six items that has everything a job can have; return its id."""
    job_id = add_planned_job(database, items=6, shard_size=2)
    with database.write() as session:
        job = session.get_one(Job, job_id)
        job.state = JobState.COMPLETED
        job.ended_at = database_time(-days_ago * DAY_S)
        verdicts.add(session, job_id, job.model_version_id, [failed_verdict(i) for i in range(6)])
        session.add(JobMetadata(job_id=job_id, key="team", value="a"))
        session.add(
            ManifestFault(job_id=job_id, line=1, code=ManifestFaultCode.NOT_JSON, message="No.")
        )
        session.add(
            Upload(
                public_id=f"upload_{job_id}",
                name="a.zip",
                size=1,
                parts=[],
                job_id=job_id,
                used_at=database_time(),
                expires_at=database_time(),
            )
        )
        request = KeyedRequest(key=f"key-{job_id}", fingerprint=b"1", api_key_id=None)
        assert idempotency.claim(session, request, job_id=job_id)
    storage.write(f"uploads/{job.public_id}/files/00000000", b"image")
    storage.write(f"uploads/upload_{job_id}/part", b"archive")
    return job.public_id


def delete(database: Database, public_id: str) -> None:
    """Delete the job as the API does."""
    with database.write() as session:
        deletion.delete(session, public_id)


def rows(database: Database) -> dict[str, int]:
    """Return how many rows each table has, but for those of model versions."""
    tables = [Job, Verdict, Shard, JobMetadata, ManifestFault, Upload, IdempotencyKey]
    with database.read() as session:
        counted = {
            t.__tablename__: session.scalar(select(func.count()).select_from(t)) for t in tables
        }
    return {name: count for name, count in counted.items() if count}


def files(tmp_path: Path) -> list[str]:
    """Return what is in storage."""
    return sorted(path.name for path in (tmp_path / "storage").rglob("*") if path.is_file())


def test_a_deleted_job_is_hidden_at_once(database: Database, storage: Storage) -> None:
    """Before anything is purged; deleting it again finds nothing."""
    public_id = add_ended_job(database, storage)
    delete(database, public_id)
    with database.read() as session:
        assert job_pages.page(session, limit=10) == []
        with pytest.raises(NotFoundError):
            jobs.get(session, public_id)
    with pytest.raises(NotFoundError):
        delete(database, public_id)


def test_an_open_job_is_not_deleted(database: Database) -> None:
    """The sentence says to cancel it first."""
    job = get_job(database, add_planned_job(database, items=1))
    with pytest.raises(ConflictError, match="The job is running; cancel it"):
        delete(database, job.public_id)


def test_a_deleted_jobs_request_may_make_a_new_one(database: Database, storage: Storage) -> None:
    """Its idempotency key is free."""
    delete(database, add_ended_job(database, storage))
    assert "idempotency_keys" not in rows(database)


@pytest.mark.parametrize("rows_a_commit", [1, 2, 100])
def test_a_purge_leaves_nothing_of_the_job(
    make: Callable[..., Retention],
    database: Database,
    storage: Storage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_a_commit: int,
) -> None:
    """Rows, bytes and folders, however many commits it takes; other jobs keep theirs."""
    monkeypatch.setattr(retention, "ROWS_A_COMMIT", rows_a_commit)
    kept = add_ended_job(database, storage)
    before = rows(database)
    delete(database, add_ended_job(database, storage))
    assert make().run().jobs == 1
    assert rows(database) == before
    with database.read() as session:
        assert jobs.get(session, kept).public_id == kept
    assert files(tmp_path) == ["00000000", "part"]
    assert len(list((tmp_path / "storage" / "uploads").iterdir())) == 2


@pytest.mark.parametrize(("days", "left"), [(0, 3), (30, 1)])
def test_the_log_of_webhooks_is_deleted_by_age(
    database: Database,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    left: int,
) -> None:
    """To its end, however many commits it takes; 0 days keep everything."""
    monkeypatch.setattr(retention, "ROWS_A_COMMIT", 1)
    endpoint = add_endpoint(database)
    with database.write() as session:
        for age_days in (40, 31, 2):
            delivery = webhooks.ping(session, endpoint)
            delivery.state = DeliveryState.DELIVERED
            delivery.created_at = database_time(-age_days * DAY_S)
    leftovers = Leftovers(database, storage)
    purged = Retention(database, storage, leftovers, 0, 0, days, pause_s=0).run()
    assert purged.deliveries == 3 - left
    assert len(deliveries_of(database, endpoint)) == left


def test_every_table_that_belongs_to_jobs_is_looked_at() -> None:
    """A new table that refers to jobs must be purged, or go with the job's row."""
    cascades = {
        foreign.parent.table.name: foreign.ondelete
        for table in Base.metadata.sorted_tables
        for foreign in table.foreign_keys
        if foreign.column.table.name == "jobs"
    }
    assert cascades.pop("webhook_deliveries") == "SET NULL"
    assert set(cascades.values()) == {"CASCADE"}


def test_a_purge_that_was_cut_off_is_taken_up_again(
    make: Callable[..., Retention],
    database: Database,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that stops leaves the rest to the next run."""
    monkeypatch.setattr(retention, "ROWS_A_COMMIT", 2)
    delete(database, add_ended_job(database, storage))
    stopping = Event()
    stopping.set()
    assert make(stopping=stopping).run().jobs == 0
    assert rows(database)["verdicts"] == 4
    assert make().run().jobs == 1
    assert rows(database) == {}


def test_a_job_is_not_purged_while_a_planner_may_write_for_it(
    make: Callable[..., Retention], database: Database, storage: Storage, tmp_path: Path
) -> None:
    """What it writes before it notices would stay; afterwards everything goes."""
    public_id = add_ended_job(database, storage)
    delete(database, public_id)
    for lease_s, purged in ((60, 0), (-1, 1)):
        with database.write() as session:
            lease = {"plan_lease_expires_at": database_time(lease_s)}
            session.execute(update(Job).values(lease))
        storage.write(f"uploads/{public_id}/items/00000007", b"written late")
        assert make().run().jobs == purged
    assert files(tmp_path) == []


def test_jobs_are_kept_for_so_many_days(
    make: Callable[..., Retention], database: Database, storage: Storage
) -> None:
    """Then they go, with their verdicts; open ones and younger ones stay."""
    add_ended_job(database, storage, days_ago=8)
    young = add_ended_job(database, storage, days_ago=6)
    opened = get_job(database, add_planned_job(database, items=1)).public_id
    assert make(jobs_days=7).run().jobs == 1
    with database.read() as session:
        assert [job.public_id for job in job_pages.page(session, limit=9)] == [opened, young]


def test_uploads_are_kept_for_so_many_days(
    make: Callable[..., Retention], database: Database, storage: Storage, tmp_path: Path
) -> None:
    """Only the bytes go, once; the job and its verdicts stay."""
    old = add_ended_job(database, storage, days_ago=8)
    before = rows(database)
    young = add_ended_job(database, storage, days_ago=6)
    assert make(uploads_days=7).run().uploads == 1
    assert make(uploads_days=7).run().uploads == 0
    with database.read() as session:
        assert jobs.get(session, old).uploads_deleted_at is not None
        assert jobs.get(session, young).uploads_deleted_at is None
    assert files(tmp_path) == ["00000000", "part"]
    assert all(rows(database)[name] == 2 * count for name, count in before.items())


def test_nothing_is_too_old_unless_the_settings_say_so(
    make: Callable[..., Retention], database: Database, storage: Storage
) -> None:
    """With 0 days, everything is kept."""
    add_ended_job(database, storage, days_ago=4000)
    done = make().run()
    assert (done.jobs, done.uploads) == (0, 0)


def test_old_idempotency_keys_go(
    make: Callable[..., Retention], database: Database, storage: Storage
) -> None:
    """After a day they are free for another request."""
    add_ended_job(database, storage)
    assert make().run().idempotency_keys == 0
    with database.write() as session:
        session.execute(update(IdempotencyKey).values(created_at=database_time(-2 * DAY_S)))
    assert make().run().idempotency_keys == 1


def test_uploads_that_no_job_used_go(
    make: Callable[..., Retention], database: Database, storage: Storage, tmp_path: Path
) -> None:
    """Once they have expired, with the bytes that arrived."""
    for name, life_s in (("upload_old", -1), ("upload_new", 60)):
        storage.write(f"uploads/{name}/part", name.encode())
        with database.write() as session:
            expires_at = database_time(life_s)
            session.add(
                Upload(public_id=name, name="a.zip", size=9, parts=[], expires_at=expires_at)
            )
    assert make().run().unused_uploads == 1
    assert make().run().unused_uploads == 0
    assert [path.name for path in (tmp_path / "storage" / "uploads").iterdir()] == ["upload_new"]


def test_storage_that_does_not_answer_leaves_the_job_for_later(
    make: Callable[..., Retention],
    database: Database,
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sweep ends quietly, the command says it; no row goes before the bytes."""
    delete(database, add_ended_job(database, storage))

    def refuse(_self: Storage, prefix: str) -> None:
        raise StorageError(f"Storage did not delete {prefix}.")

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "delete", refuse)
        with pytest.raises(StorageError):
            make().run()
        make().sweep()
    assert rows(database)["verdicts"] == 6
    make().sweep()
    assert rows(database) == {}

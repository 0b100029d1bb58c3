"""Idempotency keys: one job a key, however many ask at a time, for a day."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import update

from core.terms import JobKind
from db import idempotency, job_pages, jobs
from db.clock import database_time
from db.idempotency import KeyedRequest
from db.models import IdempotencyKey
from db.session import Database
from tests.support.rows import add_champion

REQUEST = KeyedRequest(key="k-1", fingerprint=b"f" * 32, api_key_id=None)


def make_job(database: Database, request: KeyedRequest, model_version_id: int) -> str | None:
    """Make a job under the key; return its id, or None, with nothing made, when it is taken."""
    with database.write() as session:
        job = jobs.create(
            session,
            public_id=jobs.new_public_id(),
            kind=JobKind.BULK,
            source={"type": "folder", "path": "/faces"},
            model_version_id=model_version_id,
        )
        if idempotency.claim(session, request, job_id=job.id):
            return job.public_id
        session.rollback()
        return None


def age(database: Database, *, seconds: float) -> None:
    """Let the keys have been given the seconds ago."""
    with database.write() as session:
        session.execute(update(IdempotencyKey).values(created_at=database_time(-seconds)))


def test_a_key_leads_to_its_job(database: Database) -> None:
    """With the fingerprint of the request that made it; another caller's key is another."""
    public_id = make_job(database, REQUEST, add_champion(database))
    with database.read() as session:
        found = idempotency.find(session, REQUEST)
        assert idempotency.find(session, KeyedRequest("k-1", b"f" * 32, api_key_id=7)) is None
    assert found is not None
    assert (found.job_public_id, found.fingerprint) == (public_id, b"f" * 32)


def test_of_many_at_the_same_time_one_gets_the_key(database: Database) -> None:
    """The others make nothing."""
    version_id, start = add_champion(database), Barrier(8)

    def ask(_: int) -> str | None:
        start.wait()
        return make_job(database, REQUEST, version_id)

    with ThreadPoolExecutor(8) as pool:
        made = [public_id for public_id in pool.map(ask, range(8)) if public_id]
    assert len(made) == 1
    with database.read() as session:
        assert [job.public_id for job in job_pages.page(session, limit=10)] == made


def test_a_key_is_free_again_after_a_day(database: Database) -> None:
    """Also before anybody has purged it."""
    version_id = add_champion(database)
    first = make_job(database, REQUEST, version_id)
    assert make_job(database, REQUEST, version_id) is None
    age(database, seconds=idempotency.LIFE_S + 1)
    with database.read() as session:
        assert idempotency.find(session, REQUEST) is None
    second = make_job(database, REQUEST, version_id)
    assert second not in (None, first)
    with database.read() as session:
        found = idempotency.find(session, REQUEST)
    assert found is not None
    assert found.job_public_id == second


def test_old_keys_are_purged(database: Database) -> None:
    """Those that are older than asked, and no others."""
    version_id = add_champion(database)
    make_job(database, REQUEST, version_id)
    age(database, seconds=100)
    make_job(database, KeyedRequest("k-2", b"f" * 32, None), version_id)
    with database.write() as session:
        assert idempotency.purge(session, older_than_s=50) == 1
    with database.read() as session:
        assert idempotency.find(session, REQUEST) is None
        assert idempotency.find(session, KeyedRequest("k-2", b"", None)) is not None

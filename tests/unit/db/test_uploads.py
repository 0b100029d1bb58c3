"""Resumable uploads: parts listed in order, one job each, gone when nobody goes on."""

import pytest
from sqlalchemy import update

from core.errors import ConflictError, GoneError, NotFoundError, RequestError
from core.sources import StoredPart
from db import uploads
from db.clock import database_time
from db.models import Upload
from db.session import Database
from db.uploads import NewUpload
from tests.support.rows import add_api_key, add_champion, add_job


def begin(database: Database, *, size: int = 10, api_key_id: int | None = None) -> str:
    """Begin an upload; return its id."""
    with database.write() as session:
        return uploads.create(session, NewUpload("a.zip", size, api_key_id=api_key_id)).public_id


def append(database: Database, public_id: str, *, offset: int, size: int) -> None:
    """List a part of the size."""
    with database.write() as session:
        part = StoredPart(uri=f"file:///parts/{offset}", size=size)
        uploads.append(session, public_id, offset=offset, parts=[part])


def expire(database: Database) -> None:
    """Let every upload have expired."""
    with database.write() as session:
        session.execute(update(Upload).values(expires_at=database_time(-1)))


@pytest.fixture
def job_id(database: Database) -> int:
    """A job to use an upload."""
    return add_job(database, model_version_id=add_champion(database))


def test_parts_follow_one_another(database: Database, job_id: int) -> None:
    """Each begins where the one before ended; the job gets them in that order."""
    public_id = begin(database)
    append(database, public_id, offset=0, size=4)
    for offset in (0, 3, 5):
        with pytest.raises(ConflictError, match="continues at byte 4"):
            append(database, public_id, offset=offset, size=1)
    append(database, public_id, offset=4, size=6)
    with database.write() as session:
        parts = uploads.parts_of(uploads.use(session, public_id, job_id=job_id))
    assert [(part.uri, part.size) for part in parts] == [
        ("file:///parts/0", 4),
        ("file:///parts/4", 6),
    ]
    with database.read() as session:
        assert uploads.of_job(session, job_id) == [public_id]


def test_only_a_finished_upload_is_used_and_only_once(database: Database, job_id: int) -> None:
    """Half a file is no source, and two jobs would delete each other's bytes."""
    public_id = begin(database)
    append(database, public_id, offset=0, size=4)
    with database.write() as session, pytest.raises(ConflictError, match="4 have arrived"):
        uploads.use(session, public_id, job_id=job_id)
    append(database, public_id, offset=4, size=6)
    with database.write() as session:
        uploads.use(session, public_id, job_id=job_id)
    for forbidden in (
        lambda session: uploads.use(session, public_id, job_id=job_id),
        lambda session: uploads.delete(session, public_id),
    ):
        with database.write() as session, pytest.raises(ConflictError, match="already uses"):
            forbidden(session)
    expire(database)
    with database.read() as session:
        assert uploads.get(session, public_id).used_at is not None
        assert uploads.expired(session) == []


def test_an_upload_that_nobody_goes_on_with_expires(database: Database) -> None:
    """It is listed for the purge, answers that it is gone, and is unknown once forgotten."""
    public_id = begin(database)
    with database.read() as session:
        assert uploads.expired(session) == []
    expire(database)
    other = begin(database)
    with database.read() as session:
        assert uploads.expired(session) == [public_id]
        with pytest.raises(GoneError, match="has expired"):
            uploads.get(session, public_id)
    with pytest.raises(GoneError):
        append(database, public_id, offset=0, size=1)
    with database.write() as session:
        uploads.forget(session, public_id)
    with database.read() as session:
        with pytest.raises(NotFoundError, match="no upload"):
            uploads.get(session, public_id)
        assert uploads.get(session, other).received == 0


def test_each_part_gives_the_upload_another_day(database: Database) -> None:
    """What is still being sent does not expire."""
    public_id = begin(database)
    with database.write() as session:
        session.execute(update(Upload).values(expires_at=database_time(60)))
        before = uploads.get(session, public_id).expires_at
    append(database, public_id, offset=0, size=1)
    with database.read() as session:
        assert uploads.get(session, public_id).expires_at > before


def test_an_upload_has_a_bounded_number_of_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends byte by byte is told to send more at a time."""
    monkeypatch.setattr(uploads, "MAX_PARTS", 2)
    public_id = begin(database)
    for offset in range(2):
        append(database, public_id, offset=offset, size=1)
    with pytest.raises(RequestError, match="larger ones"):
        append(database, public_id, offset=2, size=1)


def test_an_upload_is_its_owners(database: Database) -> None:
    """Another key's upload is unknown."""
    owner, other = (add_api_key(database, name) for name in ("a", "b"))
    public_id = begin(database, api_key_id=owner)
    with database.read() as session:
        assert uploads.get(session, public_id, visible_to=owner).name == "a.zip"
        with pytest.raises(NotFoundError):
            uploads.get(session, public_id, visible_to=other)

"""Jobs found by what clients wrote on them, by priority and by time."""

from datetime import timedelta

import pytest

from core.terms import JobKind, Priority
from db import job_pages, jobs
from db.session import Database
from tests.support.rows import add_champion


@pytest.fixture
def made(database: Database) -> dict[str, str]:
    """Three jobs with metadata; their public ids by name."""
    version_id = add_champion(database)
    noted: dict[str, dict[str, str]] = {
        "plain": {},
        "red": {"colour": "red", "team": "a"},
        "blue": {"colour": "blue", "team": "a"},
    }
    public_ids = {}
    for name, metadata in noted.items():
        with database.write() as session:
            job = jobs.create(
                session,
                public_id=jobs.new_public_id(),
                kind=JobKind.BULK,
                source={"type": "folder", "path": "/faces"},
                model_version_id=version_id,
                metadata=metadata,
                priority=Priority.HIGH if name == "red" else Priority.NORMAL,
            )
            public_ids[name] = job.public_id
    return public_ids


def test_metadata_is_kept_in_order_of_its_keys(database: Database, made: dict[str, str]) -> None:
    """It comes back with the job."""
    with database.read() as session:
        job = jobs.get(session, made["red"])
        assert [(note.key, note.value) for note in job.notes] == [("colour", "red"), ("team", "a")]


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([("team", "a")], ["blue", "red"]),
        ([("team", "a"), ("colour", "red")], ["red"]),
        ([("colour", "red"), ("colour", "blue")], []),
        ([("a", "team")], []),
    ],
)
def test_all_pairs_must_match(
    database: Database, made: dict[str, str], pairs: list[tuple[str, str]], names: list[str]
) -> None:
    """Newest first, as without a filter."""
    with database.read() as session:
        found = job_pages.page(session, limit=10, metadata=pairs)
    assert [job.public_id for job in found] == [made[name] for name in names]


def test_jobs_are_found_by_priority_and_by_time(database: Database, made: dict[str, str]) -> None:
    """`created_after` includes the moment itself, `created_before` does not."""
    with database.read() as session:
        [red] = job_pages.page(session, limit=10, priority=Priority.HIGH)
        since = job_pages.page(session, limit=10, created_after=red.created_at)
        until = job_pages.page(session, limit=10, created_before=red.created_at)
        later = job_pages.page(session, limit=10, created_after=red.created_at + timedelta(days=1))
    assert red.public_id == made["red"]
    assert red in since
    assert red not in until
    assert later == []


def test_the_time_at_which_a_job_expires_is_the_databases(database: Database) -> None:
    """So many seconds after it was made."""
    version_id = add_champion(database)
    with database.write() as session:
        job = jobs.create(
            session,
            public_id=jobs.new_public_id(),
            kind=JobKind.BULK,
            source={"type": "folder", "path": "/faces"},
            model_version_id=version_id,
            expires_in_s=3600,
            max_failure_ratio=0.5,
            rescan=True,
        )
        public_id = job.public_id
    with database.read() as session:
        job = jobs.get(session, public_id)
        assert job.expires_at is not None
        assert timedelta(minutes=59) < job.expires_at - job.created_at < timedelta(minutes=61)
        assert (job.max_failure_ratio, job.rescan) == (0.5, True)

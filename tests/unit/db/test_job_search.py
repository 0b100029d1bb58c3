"""Jobs found by what clients wrote on them, by priority and by time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from core.terms import JobKind, JobState, Label, Priority
from db import job_pages, jobs
from db.models import Job
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


def test_jobs_are_found_by_the_beginning_of_their_ids(
    database: Database, made: dict[str, str]
) -> None:
    """The whole id leads to one job."""
    with database.read() as session:
        for beginning, count in ((made["red"], 1), (made["red"][:6], 3), (made["red"] + "0", 0)):
            assert len(job_pages.page(session, limit=10, id_prefix=beginning)) == count


def test_jobs_are_found_by_the_labels_of_their_verdicts(
    database: Database, made: dict[str, str]
) -> None:
    """Those that have such a verdict, beside the other conditions."""
    with database.write() as session:
        jobs.get(session, made["red"]).fake = 2
        jobs.get(session, made["blue"]).fake = 1
        jobs.get(session, made["plain"]).real = 1
    with database.read() as session:
        for label, names in ((Label.FAKE, ["blue", "red"]), (Label.UNCERTAIN, [])):
            found = job_pages.page(session, limit=10, label=label)
            assert [job.public_id for job in found] == [made[name] for name in names]
        found = job_pages.page(session, limit=10, label=Label.FAKE, priority=Priority.HIGH)
        assert [job.public_id for job in found] == [made["red"]]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "pk_jobs"),
        ({"before_id": 40}, "pk_jobs"),
        ({"label": Label.FAKE}, "pk_jobs"),
        ({"state": JobState.FAILED}, "ix_jobs_state"),
        ({"state": JobState.FAILED, "before_id": 40}, "ix_jobs_state"),
        ({"id_prefix": "job_01a2"}, "uq_jobs_public_id"),
    ],
)
def test_pages_of_many_jobs_are_read_along_an_index(
    database: Database, asked: dict[str, Any], index: str
) -> None:
    """However many jobs there are; none is sorted that is not asked for."""
    version_id = add_champion(database)
    with database.write() as session:
        rows = [
            {
                "public_id": f"job_{place % 500:04x}{place:028x}",
                "kind": JobKind.BULK,
                "state": JobState.COMPLETED if place % 500 else JobState.FAILED,
                "source": {},
                "model_version_id": version_id,
                "fake": place % 2,
            }
            for place in range(5000)
        ]
        session.execute(insert(Job), rows)
        session.execute(text("ANALYZE"))
    plan = plan_of(database, asked)
    if database.engine.dialect.name == "postgresql":
        assert f"using {index} on jobs" in plan
        assert "Seq Scan on jobs" not in plan
    else:
        own = {"pk_jobs": "", "uq_jobs_public_id": "sqlite_autoindex_jobs"}.get(index, index)
        assert own in plan
        assert ("USE TEMP B-TREE" in plan) == (index == "uq_jobs_public_id")


def plan_of(database: Database, asked: dict[str, Any]) -> str:
    """Return how the database would find the page of jobs."""
    statements: list[tuple[str, Any]] = []

    def note(
        _connection: object,
        _cursor: object,
        statement: str,
        given: Any,  # noqa: ANN401 - as the driver takes it
        *_: object,
    ) -> None:
        statements.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        job_pages.page(session, limit=26, **asked)
    event.remove(database.engine, "before_cursor_execute", note)
    statement, given = next(one for one in statements if "FROM jobs" in one[0])
    with database.engine.connect() as connection:
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        return str(connection.exec_driver_sql(f"{explain} {statement}", given).all())

"""Upgrades: a database of the release before, with jobs in every state, loses nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from core.sources import SourceItem
from core.terms import FaceMode, JobKind, JobState, Priority, ShardState
from db import claims, dispatching, endings, retries, scored, shards, verdicts
from db.migrations import require_current, upgrade
from db.migrations.comparing import comparing
from db.models import Base
from db.session import Database
from tests.support.rows import get_job, shards_of, verdicts_of
from tests.support.services import fresh_database

NOON = datetime(2025, 11, 1, 12, tzinfo=UTC)
ITEMS = [{"uri": f"file:///f%C3%A4ce%20{i}", "name": f"fäce {i}.jpg"} for i in range(8)]
RUNNING, DONE, CANCELLING, SINGLE = 1, 2, 3, 4


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the release before, on either kind, with jobs."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/before.db"
        upgrade(url, revision="0001")
        _insert(url)
        yield url
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as url:
        upgrade(url, revision="0001")
        _insert(url)
        yield url


@pytest.fixture
def upgraded(url: str) -> Iterator[Database]:
    """The same database, brought to this release."""
    upgrade(url)
    database = Database(url)
    yield database
    database.close()


def test_the_upgraded_tables_are_those_of_the_models(upgraded: Database) -> None:
    """Nothing is left to generate."""
    require_current(upgraded)
    with upgraded.engine.connect() as connection:
        options = comparing(connection.dialect.name)
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_jobs_keep_what_they_were(upgraded: Database) -> None:
    """Counters and times stay; ended jobs get their end, a cancelling one what it ends as."""
    running, done = get_job(upgraded, RUNNING), get_job(upgraded, DONE)
    assert (running.state, running.total, running.scored) == (JobState.RUNNING, 8, 2)
    assert (running.ended_at, running.priority, running.landed) == (None, Priority.NORMAL, 1)
    assert (done.state, done.ended_at, done.landed) == (JobState.COMPLETED, NOON, 2)
    assert get_job(upgraded, CANCELLING).stopping_as is JobState.CANCELLED


def test_items_and_verdicts_are_readable(upgraded: Database) -> None:
    """Every shard has its items, every verdict is there."""
    for job_id in (RUNNING, DONE, CANCELLING):
        items = [row for shard in shards_of(upgraded, job_id) for row in shard.items]
        assert items == ITEMS[: len(items)]
        assert SourceItem.from_row(items[0]).name == "fäce 0.jpg"
    with upgraded.read() as session:
        found = verdicts.page(session, DONE, limit=10)
    assert [verdict.name for verdict in found] == [row["name"] for row in ITEMS[:4]]
    assert [shard.landing for shard in shards_of(upgraded, DONE)] == [1, 2]


def test_what_was_scored_before_is_reused_for_whole_images(upgraded: Database) -> None:
    """No face was looked for in it; its jobs go on with what their model version asks for."""
    with upgraded.read() as session:
        assert set(scored.find(session, [bytes(32)], 1, by_faces=False)) == {bytes(32)}
        assert scored.find(session, [bytes(32)], 1, by_faces=True) == {}
    assert get_job(upgraded, RUNNING).faces is FaceMode.AUTO


def test_open_jobs_go_on_to_their_end(upgraded: Database) -> None:
    """What was queued, or in hand of a worker that is gone, is scanned in its turn."""
    with upgraded.write() as session:
        retries.recover_expired(session, max_attempts=3)
        dispatching.dispatch(session, RUNNING, window=4)
        dispatching.dispatch(session, SINGLE, window=4)
        first = claims.claim_next(session, worker="test", lease_s=60)
        assert first is not None
        assert (first.job_id, first.interactive) == (SINGLE, True)
        shards.finish(session, [first], verdicts_of(first), window=4)
        while claim := claims.claim_next(session, worker="test", lease_s=60):
            shards.finish(session, [claim], verdicts_of(claim), window=4)
    for job_id in (RUNNING, SINGLE):
        assert get_job(upgraded, job_id).state is JobState.COMPLETED
    assert next(iter(shards_of(upgraded, RUNNING))).landing == 1
    assert get_job(upgraded, RUNNING).landed == 4


def test_a_cancelling_job_ends_as_cancelled(upgraded: Database) -> None:
    """The sweep ends it once its shard's lease has run out."""
    with upgraded.write() as session:
        retries.recover_expired(session, max_attempts=3)
        endings.settle_job(session, CANCELLING)
    assert get_job(upgraded, CANCELLING).state is JobState.CANCELLED


def _insert(url: str) -> None:
    """Insert what the release before would have: jobs, and shards with their items as JSON."""
    database = Database(url)
    tables = MetaData()
    tables.reflect(database.engine)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("model_versions", {"id": 1, "name": "tiny-1", "fingerprint": "f", "card": {}}),
        ("jobs", _job(RUNNING, JobState.RUNNING, total=8, scored=2, real=2, plan_attempts=30)),
        ("jobs", _job(DONE, JobState.COMPLETED, total=4, scored=4, completed_at=NOON)),
        ("jobs", _job(CANCELLING, JobState.CANCELLING, total=2, cancelling_at=NOON)),
        ("jobs", _job(SINGLE, JobState.RUNNING, kind=JobKind.SINGLE, total=1)),
        ("shards", _shard(RUNNING, 0, ShardState.DONE)),
        ("shards", _shard(RUNNING, 2, ShardState.QUEUED)),
        ("shards", _shard(RUNNING, 4, ShardState.LEASED)),
        ("shards", _shard(RUNNING, 6, ShardState.PLANNED)),
        ("shards", _shard(DONE, 0, ShardState.DONE)),
        ("shards", _shard(DONE, 2, ShardState.DONE)),
        ("shards", _shard(CANCELLING, 0, ShardState.LEASED)),
        ("shards", _shard(SINGLE, 0, ShardState.QUEUED, size=1)),
        *[("verdicts", _verdict(RUNNING, position)) for position in range(2)],
        *[("verdicts", _verdict(DONE, position)) for position in range(4)],
    ]
    with database.engine.begin() as connection:
        for name, row in rows:
            table = tables.tables[name]
            filled = {
                column.name: NOON if column.name.endswith("_at") else 0
                for column in table.columns
                if not column.nullable and not column.primary_key
            }
            connection.execute(table.insert().values(filled | row))
    database.close()


def _job(job_id: int, state: JobState, *, kind: JobKind = JobKind.BULK, **more: Any) -> dict:  # noqa: ANN401 - columns
    return {
        "id": job_id,
        "public_id": f"job_{job_id}",
        "kind": kind,
        "state": state,
        "source": {"type": "folder", "path": "/faces"},
        "model_version_id": 1,
        "listed_at": NOON,
        "running_at": NOON,
        **more,
    }


def _shard(job_id: int, first: int, state: ShardState, *, size: int = 2) -> dict[str, Any]:
    leased = {"lease_expires_at": NOON, "leased_by": "gone"} if state == "leased" else {}
    return {
        "job_id": job_id,
        "first_position": first,
        "size": size,
        "state": state,
        "items": ITEMS[first : first + size],
        "attempts": 1,
        "lease_token": 1,
        **leased,
    }


def _verdict(job_id: int, position: int) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "position": position,
        "name": ITEMS[position]["name"],
        "outcome": "scored",
        "label": "real",
        "score": 0.1,
        "model_version_id": 1,
        "reused": False,
        "sha256": bytes(32),
    }

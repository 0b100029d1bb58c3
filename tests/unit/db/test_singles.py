"""Single scans: planned as they are made, and claimed before all else in the order they came."""

from core.sources import SourceItem
from core.terms import JobKind, JobState, ShardState
from db import claims, dispatching, shards, singles
from db.session import Database
from tests.support.rows import (
    add_champion,
    add_job,
    add_job_of,
    get_job,
    shards_of,
    verdicts_of,
)


def _add_scan(database: Database, name: str) -> int:
    job_id = add_job(database, model_version_id=add_champion(database), kind=JobKind.SINGLE)
    with database.write() as session:
        singles.plan(session, job_id, SourceItem(uri=f"file:///{name}", name=name))
    return job_id


def test_a_single_scan_runs_at_once(database: Database) -> None:
    """Its job is as a planner leaves one: listed to its end, with its shard queued."""
    job_id = _add_scan(database, "r0")
    job = get_job(database, job_id)
    assert (job.state, job.total, job.is_source_listed) == (JobState.RUNNING, 1, True)
    assert None not in (job.planning_at, job.running_at, job.listed_at)
    (shard,) = shards_of(database, job_id)
    assert (shard.state, shard.positions) == (ShardState.QUEUED, [0])
    with database.write() as session:
        assert dispatching.dispatch(session, job_id, window=4).shards == 0


def test_single_scans_are_claimed_first_and_in_order(database: Database) -> None:
    """Also one that was queued before, by a dispatch."""
    bulk = add_job_of(database, ["r0"])
    expected = [
        _add_scan(database, "r1"),
        add_job_of(database, ["r2"], kind=JobKind.SINGLE),
        _add_scan(database, "r3"),
        bulk,
    ]
    with database.write() as session:
        found = [claims.claim_next(session, worker="w", lease_s=60) for _ in expected]
    assert [claim.job_id for claim in found if claim] == expected


def test_its_end_completes_the_job(database: Database) -> None:
    """And queues nothing."""
    job_id = _add_scan(database, "r0")
    with database.write() as session:
        claim = claims.claim_next(session, worker="w", lease_s=60, interactive=True)
        assert claim is not None
        queued, ended = shards.finish(session, [claim], verdicts_of(claim), window=4)
    assert (queued, ended) == ((0, 0), True)
    assert get_job(database, job_id).state is JobState.COMPLETED

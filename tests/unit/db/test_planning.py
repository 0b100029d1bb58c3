"""Planning: one planner at a time, resumed where it stopped."""

from core.sources import SourceItem
from core.terms import JobState
from db import endings, plan_turns, planning
from db.models import Job
from db.planning import PlanClaim
from db.session import Database
from tests.support.rows import add_champion, add_job, get_job, shards_of

ITEMS = [SourceItem(uri=f"file:///{i}", name=str(i), custom_id=f"c{i}") for i in range(6)]


def _claim(database: Database, job_id: int, lease_s: float = 60) -> PlanClaim | None:
    with database.write() as session:
        return planning.claim(session, job_id, lease_s=lease_s)


def _write(database: Database, claim: PlanClaim, first: int, items: list[SourceItem]) -> bool:
    with database.write() as session:
        return planning.write_shards(
            session, claim, first_position=first, shards=[items], lease_s=60
        )


def test_only_one_planner_gets_a_job(database: Database) -> None:
    """A second planner finds the job taken."""
    job_id = add_job(database, model_version_id=add_champion(database))
    assert _claim(database, job_id) is not None
    assert _claim(database, job_id) is None
    assert get_job(database, job_id).state is JobState.PLANNING


def test_shards_keep_their_items_and_start_the_job(database: Database) -> None:
    """Shards hold uri, name and custom id in order; the first ones set the job running."""
    job_id = add_job(database, model_version_id=add_champion(database))
    claim = _claim(database, job_id)
    assert claim is not None
    assert _write(database, claim, 0, ITEMS)
    (shard,) = shards_of(database, job_id)
    assert [SourceItem.from_row(row) for row in shard.items] == ITEMS
    job = get_job(database, job_id)
    assert (job.state, job.total, job.listed_at) == (JobState.RUNNING, 6, None)


def test_an_expired_planner_is_fenced_out(database: Database) -> None:
    """A planner whose lease ran out can write nothing after another took over."""
    job_id = add_job(database, model_version_id=add_champion(database))
    slow = _claim(database, job_id, lease_s=-1)
    assert slow is not None
    fresh = _claim(database, job_id)
    assert fresh is not None
    assert not _write(database, slow, 0, ITEMS)
    assert _write(database, fresh, 0, ITEMS)
    assert len(shards_of(database, job_id)) == 1


def test_the_next_planner_learns_where_to_go_on(database: Database) -> None:
    """After a planner died, its successor starts behind the items that are written."""
    job_id = add_job(database, model_version_id=add_champion(database))
    first = _claim(database, job_id)
    assert first is not None
    _write(database, first, 0, ITEMS[:4])
    with database.write() as session:
        plan_turns.release(session, first)
    second = _claim(database, job_id)
    assert second is not None
    assert second.planned == 4


def test_a_cancelled_job_is_planned_no_further(database: Database) -> None:
    """Cancelling stops the planner at its next write and ends the job."""
    job_id = add_job(database, model_version_id=add_champion(database))
    claim = _claim(database, job_id)
    assert claim is not None
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, claim.job_id))
    assert not _write(database, claim, 0, ITEMS)
    assert get_job(database, job_id).state is JobState.CANCELLED


def test_undelivered_planning_is_found(database: Database) -> None:
    """A job that nobody plans shows up once it is old enough; a job in hand does not."""
    job_id = add_job(database, model_version_id=add_champion(database))
    with database.read() as session:
        assert plan_turns.count_unplanned(session, older_than_s=3600) == 0
        assert plan_turns.count_unplanned(session, older_than_s=-1) == 1
    _claim(database, job_id)
    with database.read() as session:
        assert plan_turns.count_unplanned(session, older_than_s=-1) == 0

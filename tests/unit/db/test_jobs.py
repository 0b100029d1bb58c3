"""Jobs: listed newest first, cancelled within a shard, never ended twice."""

import pytest
from sqlalchemy import inspect, select

from core.errors import ConflictError, NotFoundError
from core.terms import JobKind, JobState
from db import claims, dispatching, endings, job_pages, jobs, shards
from db.clock import database_time
from db.models import Job
from db.session import Database
from tests.support.rows import (
    add_api_key,
    add_champion,
    add_job,
    add_planned_job,
    claim_shard,
    get_job,
    shards_of,
    verdicts_of,
)


def test_an_unknown_job_is_a_sentence(database: Database) -> None:
    """Asking for a job that is not there names it."""
    with database.read() as session, pytest.raises(NotFoundError, match="no job job_x"):
        jobs.get(session, "job_x")


def test_pages_go_from_new_to_old(database: Database) -> None:
    """A page holds the newest jobs; the next one goes on behind it; filters apply."""
    version = add_champion(database)
    ids = [add_job(database, model_version_id=version) for _ in range(3)]
    single = add_job(database, model_version_id=version, kind=JobKind.SINGLE)
    with database.read() as session:
        first = job_pages.page(session, limit=2)
        second = job_pages.page(session, limit=2, before_id=first[-1].id)
        only_single = job_pages.page(session, limit=10, kind=JobKind.SINGLE)
        none_running = job_pages.page(session, limit=10, state=JobState.RUNNING)
    assert [job.id for job in [*first, *second]] == [single, *reversed(ids)]
    assert [job.id for job in only_single] == [single]
    assert none_running == []


def test_the_status_of_a_job_does_not_read_the_card_of_its_model(database: Database) -> None:
    """A card has fifty thousand characters, and a status is asked for again and again."""
    job_id = add_job(database, model_version_id=add_champion(database))
    public_id = get_job(database, job_id).public_id
    with database.read() as session:
        job = jobs.get(session, public_id)
        listed = job_pages.page(session, limit=1)[0]
        for version in (job.model_version, listed.model_version):
            assert inspect(version).unloaded == {"card"}
        assert job.model_version.card == {"name": "tiny-1"}


def test_cancel_ends_a_job_that_nobody_works_on(database: Database) -> None:
    """Without a shard in hand the job is cancelled at once, and cancelling again is fine."""
    job = get_job(database, add_planned_job(database, items=8))
    for _ in range(2):
        with database.write() as session:
            endings.cancel(session, session.get_one(Job, job.id))
        assert get_job(database, job.id).state is JobState.CANCELLED


def test_cancel_waits_for_the_shard_in_hand_and_starts_no_other(database: Database) -> None:
    """The shard in hand commits its verdicts, then the job is cancelled; no other is claimed."""
    job_id = add_planned_job(database, items=8)
    claim = claim_shard(database, shards_of(database, job_id)[0].id)
    with database.write() as session:
        assert dispatching.dispatch(session, job_id, window=4).shards == 1
        endings.cancel(session, session.get_one(Job, job_id))
    assert get_job(database, job_id).state is JobState.CANCELLING
    with database.write() as session:
        assert claims.claim_next(session, worker="w", lease_s=60) is None
        shards.finish(session, [claim], verdicts_of(claim), window=4)
    job = get_job(database, job_id)
    assert (job.state, job.scored) == (JobState.CANCELLED, 4)


def test_a_completed_job_cannot_be_cancelled(database: Database) -> None:
    """Cancelling what has ended is a conflict with a sentence."""
    job_id = add_planned_job(database, items=2)
    (shard,) = shards_of(database, job_id)
    claim = claim_shard(database, shard.id)
    with database.write() as session:
        shards.finish(session, [claim], verdicts_of(claim), window=4)
    with database.write() as session, pytest.raises(ConflictError, match="already completed"):
        endings.cancel(session, session.get_one(Job, job_id))


def test_items_in_hand_are_counted_by_job(database: Database) -> None:
    """Only items of leased shards count as running; the time is the database's."""
    job_id, other = add_planned_job(database, items=8), add_planned_job(database, items=4)
    claim_shard(database, shards_of(database, job_id)[0].id)
    with database.read() as session:
        before = session.scalars(select(database_time())).one()
        found = jobs.in_hand(session, [job_id, other])
        after = session.scalars(select(database_time())).one()
    assert found.items == {job_id: 4, other: 0}
    assert before <= found.now <= after


def test_a_failed_job_keeps_its_reason(database: Database) -> None:
    """A failed job says why, and stays failed."""
    job_id = add_job(database, model_version_id=add_champion(database))
    with database.write() as session:
        for reason in ("The folder is gone.", "Something else."):
            endings.stop(session, job_id, ending=JobState.FAILED, error=reason)
    job = get_job(database, job_id)
    assert (job.state, job.error) == (JobState.FAILED, "The folder is gone.")


def test_a_key_sees_its_own_jobs_only(database: Database) -> None:
    """Another key's job is as good as none; whoever asks without a key sees all."""
    version = add_champion(database)
    mine, others = add_api_key(database, "mine"), add_api_key(database, "others")
    own = add_job(database, model_version_id=version, api_key_id=mine)
    foreign = get_job(database, add_job(database, model_version_id=version, api_key_id=others))
    ownerless = get_job(database, add_job(database, model_version_id=version))
    with database.read() as session:
        for hidden in (foreign, ownerless):
            assert jobs.get(session, hidden.public_id).id == hidden.id
            with pytest.raises(NotFoundError, match=f"no job {hidden.public_id}"):
                jobs.get(session, hidden.public_id, visible_to=mine)
        assert [job.id for job in job_pages.page(session, limit=10, visible_to=mine)] == [own]
        assert len(job_pages.page(session, limit=10)) == 3

"""Recovery: whatever the broker or a worker lost is rung for again."""

from core.taskqueue import QueueName, plan_job, scan_next
from core.terms import JobKind, JobState
from db import dispatching, endings, shards
from db.models import Job
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import (
    add_champion,
    add_job,
    add_job_of,
    add_planned_job,
    claim_shard,
    get_job,
    shards_of,
    verdicts_of,
)
from tests.support.workers import recovery


def test_a_job_whose_planning_was_never_delivered_is_planned(database: Database) -> None:
    """A job accepted while the broker was down is sent once the sweep finds it."""
    job_id = add_job(database, model_version_id=add_champion(database))
    queue = RecordingQueue()
    recovery(database, queue, interval_s=-1).sweep()
    assert queue.messages == [plan_job(job_id)]


def test_a_dead_workers_shard_is_sent_again(database: Database) -> None:
    """A shard whose lease ran out goes back into the broker."""
    (shard,) = shards_of(database, add_planned_job(database, items=2))
    claim_shard(database, shard.id, lease_s=-1)
    queue = RecordingQueue()
    recovery(database, queue).sweep()
    assert queue.messages == [scan_next(interactive=False)]


def test_messages_that_the_broker_lost_are_sent_again(database: Database) -> None:
    """One bell wakes a slot, which wakes the next; each single scan has its own."""
    job_id = add_planned_job(database, items=8)
    queue = RecordingQueue()
    with database.write() as session:
        assert dispatching.dispatch(session, job_id, window=4).shards == 2
    add_job_of(database, ["r0"], ["r1"], kind=JobKind.SINGLE)
    recovery(database, queue, interval_s=-1).sweep()
    assert sorted(message.queue for message in queue.messages) == [
        QueueName.BULK,
        QueueName.INTERACTIVE,
        QueueName.INTERACTIVE,
    ]


def test_messages_that_wait_their_turn_are_left_alone(database: Database) -> None:
    """While the queue holds a message, no other is sent for what is queued behind it."""
    job_id = add_planned_job(database, items=8)
    queue = RecordingQueue()
    with database.write() as session:
        dispatching.dispatch(session, job_id, window=4)
    queue.send(scan_next(interactive=False))
    recovery(database, queue, interval_s=-1).sweep()
    assert len(queue.messages) == 1


def test_a_job_that_nobody_ended_is_settled(database: Database) -> None:
    """A cancelling job whose last worker died is cancelled by the sweep."""
    job_id = add_planned_job(database, items=2)
    (shard,) = shards_of(database, job_id)
    claim_shard(database, shard.id, lease_s=-1)
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, job_id))
    assert get_job(database, job_id).state is JobState.CANCELLING
    recovery(database, RecordingQueue()).sweep()
    assert get_job(database, job_id).state is JobState.CANCELLED


def test_a_sweep_over_healthy_jobs_sends_nothing(database: Database) -> None:
    """A shard in hand and a finished job are left alone."""
    job_id = add_planned_job(database, items=2)
    (shard,) = shards_of(database, job_id)
    claim = claim_shard(database, shard.id)
    queue = RecordingQueue()
    recovery(database, queue, interval_s=0).sweep()
    with database.write() as session:
        shards.finish(session, [claim], verdicts_of(claim), window=4)
    recovery(database, queue, interval_s=0).sweep()
    assert queue.messages == []

"""Recovery: whatever the broker or a worker lost is rung for again."""

from collections import Counter
from dataclasses import replace

from sqlalchemy import update

from core.taskqueue import QueueName, plan_job, scan_next
from core.terms import JobKind, JobState, ShardState
from db import dispatching, endings, shards
from db.clock import database_time
from db.models import Job, Shard
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
from workers.recovery import MOST_BELLS


def test_a_job_whose_planning_was_never_delivered_is_planned(database: Database) -> None:
    """A job accepted while the broker was down is sent once the sweep finds it."""
    add_job(database, model_version_id=add_champion(database))
    queue = RecordingQueue()
    recovery(database, queue, interval_s=-1).sweep()
    assert queue.messages == [plan_job()]


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


def test_however_many_wait_a_few_bells_are_enough(database: Database) -> None:
    """Whoever is woken goes on until nothing waits, so that a sweep stays cheap."""
    add_job_of(database, *([f"r{i}"] for i in range(40)), kind=JobKind.SINGLE)
    model_version_id = add_champion(database, "b-1")
    for _ in range(40):
        add_job(database, model_version_id=model_version_id)
    queue = RecordingQueue()
    recovery(database, queue, interval_s=-1).sweep()
    assert Counter(message.queue for message in queue.messages) == {
        QueueName.CONTROL: MOST_BELLS,
        QueueName.INTERACTIVE: MOST_BELLS,
    }


def test_a_sweep_writes_nothing_for_jobs_that_go_on(database: Database) -> None:
    """Those whose shards are queued as far as may be, in hand, or put off, are not touched."""
    add_job_of(database, *([f"r{i}"] for i in range(6)), window=4)
    in_hand = add_job_of(database, ["r0"])
    claim_shard(database, shards_of(database, in_hand)[0].id)
    put_off = add_job_of(database, ["r0"])
    with database.write() as session:
        later = {"state": ShardState.PLANNED, "not_before": database_time(60)}
        session.execute(update(Shard).where(Shard.job_id == put_off).values(**later))
    with database.read() as session:
        assert dispatching.left_alone(session, window=4) == []
        assert [row.id for row in dispatching.left_alone(session, window=5)] == [1]


def test_after_an_outage_those_who_live_renew_their_leases_first(database: Database) -> None:
    """The database was away for longer than a lease: no shard is taken from who has it in hand."""
    job_id = add_planned_job(database, items=2)
    (shard,) = shards_of(database, job_id)
    claim_shard(database, shard.id, lease_s=-1)
    was_away = True
    sweeper = replace(recovery(database, RecordingQueue()), was_away=lambda: was_away)
    sweeper.sweep()
    assert shards_of(database, job_id)[0].state is ShardState.LEASED
    was_away = False
    sweeper.sweep()
    assert shards_of(database, job_id)[0].state is ShardState.QUEUED


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

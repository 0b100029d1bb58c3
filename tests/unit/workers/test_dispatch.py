"""Whatever ends a job rings for its webhooks, once the end is committed."""

from pathlib import Path

import pytest

from core.taskqueue import Message, TaskName, deliver, plan_job
from core.terms import DeliveryState
from db import webhooks
from db.models import WebhookDelivery
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job, get_job
from tests.support.webhooks import add_endpoint, deliveries_of
from tests.support.workers import (
    PretendDetector,
    planner,
    recovery,
    run_messages,
    shard_scanner,
    write_faces,
)


class ListeningQueue(RecordingQueue):
    """Notes how often it was rung for webhooks."""

    rings = 0

    def send(self, message: Message) -> None:
        """Keep the message, and count it."""
        self.rings += message.task == TaskName.DELIVER
        super().send(message)


@pytest.fixture
def queue() -> ListeningQueue:
    """A queue that keeps its messages."""
    return ListeningQueue()


def run(database: Database, queue: RecordingQueue, faces: Path) -> int:
    """Run a job over the folder to its end; return its id."""
    job_id = add_job(database, model_version_id=add_champion(database), path=str(faces))
    queue.send(plan_job())
    with shard_scanner(database, queue, PretendDetector()) as scanner:
        run_messages(queue, planner(database, queue, faces.parent / "storage"), scanner)
    return job_id


def test_the_end_of_a_job_rings_once_it_is_committed(
    database: Database, queue: ListeningQueue, tmp_path: Path
) -> None:
    """One delivery for one end; without a webhook nothing is rung."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"f1", b"b", b"r3", b"r4", b"f5"])
    run(database, queue, faces)
    assert queue.rings == 0
    endpoint = add_endpoint(database)
    run(database, queue, write_faces(tmp_path / "others", [b"r6", b"r7"]))
    assert queue.rings >= 1
    (delivery,) = deliveries_of(database, endpoint)
    assert delivery.payload["data"]["counters"]["reused"] == 0


def test_a_job_served_wholly_by_reuse_is_announced(
    database: Database, queue: ListeningQueue, tmp_path: Path
) -> None:
    """It ends like any other: once, with its counters."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"f1"])
    run(database, queue, faces)
    endpoint = add_endpoint(database)
    job_id = run(database, queue, faces)
    assert get_job(database, job_id).reused == 2
    (delivery,) = deliveries_of(database, endpoint)
    assert (delivery.job_id, delivery.event) == (job_id, "job.completed")
    assert delivery.payload["data"]["counters"]["reused"] == 2
    assert queue.rings >= 1


def test_a_job_that_cannot_be_planned_is_announced(
    database: Database, queue: ListeningQueue, tmp_path: Path
) -> None:
    """With the sentence that the job has."""
    endpoint = add_endpoint(database)
    job_id = run(database, queue, tmp_path / "nowhere")
    (delivery,) = deliveries_of(database, endpoint)
    assert delivery.event == "job.failed"
    assert delivery.payload["data"]["error"] == get_job(database, job_id).error
    assert delivery.payload["data"]["ended_at"]
    assert queue.rings == 1


def test_the_sweep_rings_for_what_is_due(database: Database, queue: ListeningQueue) -> None:
    """A ring that was lost is made good; what is not due is left."""
    recovery(database, queue).sweep()
    assert queue.messages == []
    endpoint = add_endpoint(database)
    with database.write() as session:
        webhooks.ping(session, endpoint)
    recovery(database, queue).sweep()
    assert queue.messages == [deliver()]
    with database.write() as session:
        for delivery in deliveries_of(database, endpoint):
            session.get_one(WebhookDelivery, delivery.id).state = DeliveryState.DELIVERED
    queue.messages.clear()
    recovery(database, queue).sweep()
    assert queue.messages == []

"""What beat rings for, and how often."""

from datetime import timedelta
from queue import Empty

import pytest
from celery import Celery
from celery.beat import Scheduler

from core.taskqueue import PURGE_INTERVAL_S, QueueName, TaskName, create_celery, declared

RECOVERY_INTERVAL_S = 5


@pytest.mark.parametrize(
    ("after_s", "rung"),
    [
        (RECOVERY_INTERVAL_S - 1, []),
        (RECOVERY_INTERVAL_S + 1, [TaskName.RECOVER]),
        (PURGE_INTERVAL_S - 1, [TaskName.RECOVER]),
        (PURGE_INTERVAL_S + 1, [TaskName.PURGE, TaskName.RECOVER]),
    ],
)
def test_beat_rings_for_recovery_and_purge(after_s: float, rung: list[TaskName]) -> None:
    """Each once an interval, where workers listen beside their scans."""
    app = create_celery("memory://", recovery_interval_s=RECOVERY_INTERVAL_S)
    beat = Scheduler(app=app)
    for entry in (beat.schedule or {}).values():
        entry.last_run_at = app.now() - timedelta(seconds=after_s)
    while beat.tick() == 0:
        pass
    assert sorted(_heard(app)) == rung


def _heard(app: Celery) -> list[str]:
    """Return the tasks of the messages in the queue `control`, and take them out."""
    tasks: list[str] = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(declared(QueueName.CONTROL))
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                return tasks
            message.ack()
            tasks.append(message.headers["task"])

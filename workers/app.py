"""The worker's door: one process that takes tasks, on one device."""

import os
import socket

from core.settings import Settings
from core.taskqueue import CeleryTaskQueue, QueueName, create_celery, require_broker
from workers import tasks
from workers.logs import take_over_logs
from workers.runtime import build_runtime


def run_worker(settings: Settings) -> int:
    """Take tasks until a SIGTERM, then finish those in hand; return the exit code.

    Raises ConfigurationError when the broker, the database or a model version is missing.
    """
    take_over_logs(settings)
    app = create_celery(settings.broker_url, recovery_interval_s=settings.recovery_interval_s)
    require_broker(app)
    runtime = build_runtime(settings, CeleryTaskQueue(app))
    tasks.register(app, runtime)
    worker = app.Worker(
        hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
        pool="threads",
        concurrency=settings.worker_threads,
        queues=list(QueueName),
        loglevel=settings.log_level,
        without_mingle=True,
        without_gossip=True,
    )
    worker.start()
    runtime.close()
    return worker.exitcode or 0

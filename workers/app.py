"""The worker's doors: run a worker process, or the beat that rings for recovery."""

import os
from typing import Any

from celery import signals

from core.logs import configure_logs
from core.settings import Settings
from core.taskqueue import CeleryTaskQueue, QueueName, create_celery, require_broker
from workers import tasks
from workers.runtime import build_runtime


def run_worker(settings: Settings) -> int:
    """Take tasks until a SIGTERM, then finish those in hand; return the exit code.

    Raises ConfigurationError when the broker, the database or a model version is missing.
    """
    _configure_logs(settings)
    app = create_celery(settings.broker_url, recovery_interval_s=settings.recovery_interval_s)
    require_broker(app)
    runtime = build_runtime(settings, CeleryTaskQueue(app))
    tasks.register(app, runtime)
    worker = app.Worker(
        hostname=f"worker-{os.getpid()}@%h",
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


def run_beat(settings: Settings) -> int:
    """Ring for a recovery sweep at every interval, until a SIGTERM; return the exit code."""
    _configure_logs(settings)
    app = create_celery(settings.broker_url, recovery_interval_s=settings.recovery_interval_s)
    require_broker(app)
    app.Beat(
        loglevel=settings.log_level,
        scheduler_cls="celery.beat:Scheduler",  # one interval: nothing to keep on disk
        quiet=True,
    ).run()
    return 0


def _configure_logs(settings: Settings) -> None:
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    signals.setup_logging.connect(_keep_our_logs, weak=False)


def _keep_our_logs(**_: Any) -> None:  # noqa: ANN401 - Celery's signal arguments
    """Take the place of Celery's own log setup."""

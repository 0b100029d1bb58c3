"""The Celery tasks: each binds its id to the log and calls one function."""

import structlog
from celery import Celery

from core.taskqueue import TaskName
from workers.runtime import Runtime


def register(app: Celery, runtime: Runtime) -> None:
    """Give the application its tasks, all of them idempotent."""

    @app.task(name=TaskName.PLAN_JOB)
    def plan_job(job_id: int) -> None:
        with structlog.contextvars.bound_contextvars(job_id=job_id):
            runtime.planner.plan(job_id)

    @app.task(name=TaskName.SCAN_SHARD)
    def scan_shard(shard_id: int) -> None:
        with structlog.contextvars.bound_contextvars(shard_id=shard_id):
            runtime.scanner.scan(shard_id)

    @app.task(name=TaskName.RECOVER)
    def recover() -> None:
        runtime.recovery.sweep()

    @app.task(name=TaskName.PURGE)
    def purge() -> None:
        runtime.retention.sweep()

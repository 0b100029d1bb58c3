"""The one Celery task that fills a worker's slots, and the lanes of all the others."""

from collections.abc import Mapping, Sequence

from celery import Celery

from core.taskqueue import TaskName
from workers import manifests, planner
from workers.lanes import Lane, lanes_step
from workers.runtime import Runtime

INTERACTIVE_THREADS = 4
DELIVERY_THREADS = 8


def register(app: Celery, runtime: Runtime) -> Mapping[str, Sequence[Lane]]:
    """Give the application its tasks, all of them idempotent; return the lanes, to be closed."""

    @app.task(name=TaskName.SCAN_NEXT)
    def scan_next() -> None:
        runtime.scanner.scan_bulk()

    delivery = Lane(
        "delivery",
        lambda: runtime.deliverer.deliver_due(more_due=delivery.ring),
        threads=DELIVERY_THREADS,
    )
    plan = Lane("plan", runtime.planner.plan_waiting, threads=planner.THREADS)
    fetch = Lane(
        "fetch",
        lambda: runtime.manifests.fetch_waiting(on_fetched=plan.ring),
        threads=manifests.THREADS,
    )
    interactive = Lane("interactive", runtime.scanner.scan_interactive, threads=INTERACTIVE_THREADS)
    lanes: dict[str, Sequence[Lane]] = {
        TaskName.PLAN_JOB: (fetch, plan),
        TaskName.SCAN_NEXT: (interactive,),
        TaskName.EXPLAIN: (Lane("explain", runtime.explainer.explain_waiting, threads=1),),
        TaskName.DELIVER: (delivery,),
        TaskName.RECOVER: (Lane("recovery", runtime.recovery.sweep, threads=1),),
        TaskName.PURGE: (Lane("purge", runtime.retention.sweep, threads=1),),
    }
    steps: dict[str, set[type]] = app.steps  # pyright: ignore[reportAssignmentType] - untyped
    steps["consumer"].add(lanes_step(lanes))
    return lanes

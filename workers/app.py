"""The worker's door: one process that takes tasks, on one device."""

import gc
import os
import socket
import sys
from itertools import chain

from celery import signals

from core.settings import Settings
from core.taskqueue import CeleryTaskQueue, QueueName, TaskQueue, create_celery, require_broker
from workers import tasks
from workers.detectors import Load
from workers.dispatch import ring
from workers.fetching import Fetch
from workers.logs import take_over_logs
from workers.niceness import step_back
from workers.runtime import Runtime, Tune, build_runtime
from workers.watchdog import EXIT_CODE

# The thread of the device, and each answer of the database, waits for the interpreter so long while
# bulk threads are busy. Python's 5 ms cost bulk up to a fifth, and single scans under it a third.
SWITCH_INTERVAL_S = 0.0005
# New objects between two looks for garbage. A handful has some ten thousand, nearly all of them
# freed without a look. With Python's 700, a third of a fast worker's time went into looking.
GARBAGE_AFTER = 20_000


def run_worker(
    settings: Settings,
    load: Load,
    *,
    queue: TaskQueue | None = None,
    fetch: Fetch | None = None,
    tune: Tune | None = None,
) -> int:
    """Take tasks until a SIGTERM, then hand back what is not scored yet; return the exit code.

    `load` gives a model version that is ready to scan, `fetch` an item's bytes; by default they
    are read from where the item says, within what the settings allow; `tune` finds the best size of
    a batch. Raises ConfigurationError
    when the broker, the database or a model version is missing.
    """
    take_over_logs(settings)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read by torch when it is imported
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    step_back(settings.worker_nice)
    app = create_celery(settings.broker_url, recovery_interval_s=settings.recovery_interval_s)
    require_broker(app)
    runtime = build_runtime(settings, queue or CeleryTaskQueue(app), load, fetch, tune)
    lanes = tasks.register(app, runtime)
    _stop_on_shutdown(runtime)
    ring(runtime.scanner.queue, 1, interactive=False)  # those at work hear no bells, and leave none
    gc.set_threshold(GARBAGE_AFTER, 10, 10)
    gc.freeze()  # what is here stays: to look through all of torch for garbage takes half a second
    worker = app.Worker(
        hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
        pool="threads",
        concurrency=settings.worker_threads,
        queues=[QueueName.BULK],
        loglevel=settings.log_level,
        without_mingle=True,
        without_gossip=True,
    )
    try:
        worker.start()
    finally:
        runtime.stop()  # nobody has, if Celery gave up by itself
    for lane in chain.from_iterable(lanes.values()):
        lane.close()
    runtime.close()
    return EXIT_CODE if runtime.batcher.is_broken else worker.exitcode or 0


def _stop_on_shutdown(runtime: Runtime) -> None:
    """Stop the runtime as soon as Celery is asked to, before it waits for tasks in hand."""
    signals.worker_shutting_down.connect(lambda **_: runtime.stop(), weak=False)

"""Lanes: threads of their own for what must not wait behind bulk scans.

Celery hands a worker's task slots to whatever message comes first, so that bulk shards soon fill
them all. Messages of the queues `control` and `interactive` therefore have a consumer of their
own beside Celery's (a bootstep), which passes each to the threads of its lane at once.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from celery import bootsteps
from kombu.message import Message
from kombu.messaging import Consumer

from core.logs import get_logger
from core.taskqueue import QueueName, declared

log = get_logger(__name__)


class Lane:
    """Up to `threads` runs of one action, which goes on until nothing is left for it to do.

    A ring while all threads are busy is not queued: they look once more before they end.
    """

    def __init__(self, name: str, action: Callable[[], object], *, threads: int) -> None:
        self._action = action
        self._most = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = Lock()
        self._running = 0
        self._rings = 0

    def ring(self) -> None:
        """Start the action, unless it runs as often as it may."""
        with self._lock:
            self._rings += 1
            if self._running < self._most:
                self._running += 1
                self._threads.submit(self._run)

    def close(self) -> None:
        """Wait for what runs."""
        self._threads.shutdown()

    def _run(self) -> None:
        while True:
            with self._lock:
                heard = self._rings
            try:
                self._action()
            except Exception:  # a lane outlives whatever its action does; recovery rings again
                log.exception("lane_failed")
            with self._lock:
                if heard == self._rings:
                    self._running -= 1
                    return


def lanes_step(lanes: Mapping[str, Sequence[Lane]]) -> type[bootsteps.ConsumerStep]:
    """Return the step of Celery's consumer that rings the lanes of each message's task."""

    class LanesStep(bootsteps.ConsumerStep):
        """Consumes the queues `control` and `interactive`."""

        def get_consumers(self, channel: Any) -> list[Consumer]:  # noqa: ANN401 - kombu's
            """Return the consumer of both queues."""
            queues = [declared(QueueName.CONTROL), declared(QueueName.INTERACTIVE)]
            return [Consumer(channel, queues, on_message=_on_message, accept=["json"])]

    def _on_message(message: Message) -> None:
        message.ack()
        task = (message.headers or {}).get("task", "")
        for lane in lanes.get(task, ()):
            lane.ring()
        if task not in lanes:
            log.warning("unknown_task", task=task)

    return LanesStep

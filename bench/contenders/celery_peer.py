"""What both Celery peers share: a broker that also keeps results, workers, and a client."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from celery import Celery

from bench.place import ImageSet, Place
from bench.programs import running, wait_until
from tests.support.services import short_folder, valkey_server

BROKER = "FAKESWEEP_BENCH_BROKER"
TASK = "bench.scan"
WAIT_S = 600


def peer_app(broker_url: str) -> Celery:
    """Return an app whose messages and results lie in the same server."""
    app = Celery("bench", broker=broker_url, backend=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
    )
    return app


class CeleryPeer:
    """Sends a task an image, and gets each result from the result backend."""

    def __init__(self, place: Place, module: str, *options: str, threads: int) -> None:
        self._place = place
        self._module = module
        self._options = options
        self._threads = threads
        self._stack = ExitStack()
        self._idle: list[Celery] = []

    def start(self) -> None:
        """Start the broker and one Celery worker with its processes."""
        folder = self._stack.enter_context(short_folder())
        self._broker_url = self._stack.enter_context(valkey_server()).url
        environment = self._place.environment(threads=self._threads) | {BROKER: self._broker_url}
        arguments = ["-m", "celery", "-A", self._module, "worker", "--loglevel", "WARNING"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        log = folder / "worker.log"
        worker = self._stack.enter_context(
            running(log, [*arguments, *quiet, *self._options], environment)
        )
        control = peer_app(self._broker_url).control
        wait_until(lambda: bool(control.ping(timeout=0.5)), worker, log)

    def push(self, images: ImageSet) -> float:
        """Send all tasks, then get all results; return the seconds."""
        with self._client() as client:
            start = time.perf_counter()
            sent = [client.send_task(TASK, [path]) for path in images]
            scores = [result.get(timeout=WAIT_S) for result in sent]
            taken_s = time.perf_counter() - start
        if len(scores) != images.count or None in scores:
            raise RuntimeError(f"Not every one of {images.count} images has a score.")
        return taken_s

    def scan(self, image: str) -> None:
        """Send one task and get its result."""
        with self._client() as client:
            client.send_task(TASK, [image]).get(timeout=WAIT_S)

    def stop(self) -> None:
        """End every process."""
        self._stack.close()

    @contextmanager
    def _client(self) -> Iterator[Celery]:
        """Give an app to this thread alone: only one can wait for results through an app."""
        app = self._idle.pop() if self._idle else peer_app(self._broker_url)
        yield app
        self._idle.append(app)

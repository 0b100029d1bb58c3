"""The task of naive Celery, as its worker imports it: decode and forward one image."""

import os

from celery.signals import worker_process_init

from bench.contenders.celery_peer import BROKER, TASK, peer_app
from bench.place import Place
from bench.workloads import Scanner

app = peer_app(os.environ[BROKER])
scanners: list[Scanner] = []


@worker_process_init.connect
def load(**_: object) -> None:
    """Load the engine into each process of the pool."""
    scanners.append(Scanner.load(Place.here(), threads=1))


@app.task(name=TASK)
def scan(image: str) -> float:
    """Return P(fake) of an image."""
    return scanners[0].scores(scanners[0].prepare([image]))[0]

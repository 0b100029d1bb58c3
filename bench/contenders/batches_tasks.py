"""The task of celery-batches, as its worker imports it: decode and forward what was collected."""

import os
from concurrent.futures import ThreadPoolExecutor

from celery.signals import worker_process_init
from celery_batches import Batches, SimpleRequest

from bench.contenders.celery_peer import BROKER, TASK, peer_app
from bench.place import Place
from bench.workloads import Scanner

FLUSH_S = 0.01

place = Place.here()
app = peer_app(os.environ[BROKER])
scanners: list[Scanner] = []
decoders: list[ThreadPoolExecutor] = []


@worker_process_init.connect
def load(**_: object) -> None:
    """Load the engine and start the decoding threads, in the one process of the pool."""
    scanners.append(Scanner.load(place))
    decoders.append(ThreadPoolExecutor(place.threads))


@app.task(base=Batches, flush_every=place.batch, flush_interval=FLUSH_S, name=TASK)
def scan(requests: list[SimpleRequest]) -> None:
    """Keep P(fake) of each request's image as its result."""
    images = [request.args[0] for request in requests]
    pixels = scanners[0].prepare_by(decoders[0], images, parts=place.threads)
    for request, score in zip(requests, scanners[0].scores(pixels), strict=True):
        app.backend.mark_as_done(request.id, score, request=request)

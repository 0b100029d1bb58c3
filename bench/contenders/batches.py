"""celery-batches: one task an image, which the worker collects into batches of the same size."""

from bench.contenders.celery_peer import CeleryPeer
from bench.place import Place


class CeleryBatches(CeleryPeer):
    """One process that has the device, with all threads; two batches of messages are fetched."""

    def __init__(self, place: Place) -> None:
        options = ["--pool", "prefork", "--concurrency", "1"]
        options += ["--prefetch-multiplier", str(2 * place.batch)]
        super().__init__(place, "bench.contenders.batches_tasks", *options, threads=place.threads)

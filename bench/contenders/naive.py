"""Celery as people write it: one task an image, prefork, the score in the result backend."""

from bench.contenders.celery_peer import CeleryPeer
from bench.place import Place


class NaiveCelery(CeleryPeer):
    """As many processes as there are cores, each with an engine of one thread."""

    def __init__(self, place: Place) -> None:
        options = ["--pool", "prefork", "--concurrency", str(place.threads)]
        super().__init__(place, "bench.contenders.naive_tasks", *options, threads=1)

"""The bare loop: decoding threads ahead of one forward loop. Nothing is queued or stored."""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np

from bench.place import ImageSet, Place
from bench.workloads import Pixels, Scanner, split

AHEAD = 3  # batches that are decoded before their turn


class BareLoop:
    """Scans as fast as the engine can be fed."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def start(self) -> None:
        """Load the engine and start the threads."""
        self._scanner = Scanner.load(self._place)
        self._decoders = ThreadPoolExecutor(self._place.threads)

    def push(self, images: ImageSet) -> float:
        """Scan all images once; return the seconds that took."""
        start = time.perf_counter()
        paths, found = iter(images), []
        waiting: deque[list[Future[Pixels]]] = deque()
        while True:
            while len(waiting) < AHEAD and (batch := list(islice(paths, self._place.batch))):
                parts = split(batch, self._place.threads)
                waiting.append([self._decoders.submit(self._scanner.prepare, p) for p in parts])
            if not waiting:
                break
            pixels = np.concatenate([part.result() for part in waiting.popleft()])
            found += self._scanner.scores(pixels)
        if len(found) != images.count:
            raise RuntimeError(f"{len(found)} scores for {images.count} images.")
        return time.perf_counter() - start

    def scan(self, image: str) -> None:
        """Scan a single image in this thread."""
        self._scanner.scores(self._scanner.prepare([image]))

    def stop(self) -> None:
        """End the threads."""
        self._decoders.shutdown()

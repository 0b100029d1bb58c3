"""How large a batch should be: the smallest that makes the device as fast as it gets.

A larger one gains nothing, and whoever waits for a single image waits for all of it.
"""

import io
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from PIL import Image

from core.logs import get_logger
from detector.engines import OutOfMemoryError
from workers.batches import Forward, Pixels
from workers.detectors import LoadedDetector

MOST_ON_CPU = 16
MOST_ON_GPU = 256
FEWEST = 2  # one image at a time was the fastest by chance only
WORTH_IT = 1.1  # how much faster twice the images must be scored, for each of them
ROUNDS = 3  # the sizes take turns, since machines change their speed; the median counts, since
# what is made once for a size falls into the first
LOOKS = 2  # by chance, a larger batch looks faster now and then

log = get_logger(__name__)


@dataclass(frozen=True)
class BatchSizes:
    """The most images of a batch: `alone`, and while single scans come, who wait for it."""

    alone: int
    beside_singles: int


def sizes_on_cpu(threads: int) -> BatchSizes:
    """Return two images a thread, and half as many beside single scans.

    With two threads, an image takes 6 % longer in batches of two than of four, and no longer in
    those of four than of eight.
    """
    alone = min(MOST_ON_CPU, 2 * threads)
    return BatchSizes(alone, alone // 2)


def best_batch(detector: LoadedDetector, most: int) -> int:
    """Return the batch size, a power of two up to `most`, by forwarding a few blank batches."""
    blank = detector.prepare_whole(_blank_image()).pixels
    size = min(FEWEST, most)
    try:
        while 2 * size <= most and _is_worth_it(detector.forward, blank, size):
            size *= 2
    except OutOfMemoryError:  # the batcher halves what does not fit, should it be the smallest
        pass
    log.info("batch_tuned", images=size)
    return size


def _blank_image() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256)).save(file, "PNG")
    return file.getvalue()


def _is_worth_it(forward: Forward, blank: Pixels, size: int) -> bool:
    """Tell whether twice the images are faster each, as often as it is looked."""
    return all(_gain(forward, blank, size) >= WORTH_IT for _look in range(LOOKS))


def _gain(forward: Forward, blank: Pixels, size: int) -> float:
    """Return how many times as fast an image is in a batch of twice the size."""
    small, large = (np.repeat(blank, count, axis=0) for count in (size, 2 * size))
    return median(2 * _time_s(forward, small) / _time_s(forward, large) for _round in range(ROUNDS))


def _time_s(forward: Forward, pixels: Pixels) -> float:
    begun = time.perf_counter()
    forward(pixels)
    return time.perf_counter() - begun

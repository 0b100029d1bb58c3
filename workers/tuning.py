"""How large a batch should be: the smallest that makes the device as fast as it gets.

A larger one gains nothing, and whoever waits for a single image waits for all of it.
"""

import io
import time

import numpy as np
from PIL import Image

from core.logs import get_logger
from detector.engines import OutOfMemoryError
from workers.batches import Forward, Pixels
from workers.detectors import LoadedDetector

WORTH_IT = 1.1  # how much faster twice the images must be scored, for each of them
ROUNDS = 2  # the quicker one counts; the first may pay for what is made once

log = get_logger(__name__)


def best_batch(detector: LoadedDetector, most: int) -> int:
    """Return the batch size, a power of two up to `most`, by forwarding a few blank batches."""
    blank = detector.prepare_whole(_blank_image()).pixels
    best, best_rate, size = 1, _rate(detector.forward, blank), 2
    while size <= most:
        try:
            rate = _rate(detector.forward, np.repeat(blank, size, axis=0))
        except OutOfMemoryError:
            break
        if rate < WORTH_IT * best_rate:
            break
        best, best_rate, size = size, rate, 2 * size
    log.info("batch_tuned", images=best, images_per_s=round(best_rate, 1))
    return best


def _blank_image() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256)).save(file, "PNG")
    return file.getvalue()


def _rate(forward: Forward, pixels: Pixels) -> float:
    """Return the images a second of a forward pass."""
    fastest_s = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        forward(pixels)
        fastest_s = min(fastest_s, time.perf_counter() - begun)
    return len(pixels) / fastest_s

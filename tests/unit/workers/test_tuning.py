"""The size of a batch is found by trying: large where that pays, small where it does not."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.engines import OutOfMemoryError
from tests.support.workers import PretendDetector
from workers.tuning import BatchSizes, best_batch, sizes_on_cpu


class TimedDetector(PretendDetector):
    """Needs a time for each batch and one for each image; has no memory for more than `fits`."""

    def __init__(self, *, batch_s: float, image_s: float, fits: int = 1000) -> None:
        super().__init__()
        self.batch_s, self.image_s, self.fits = batch_s, image_s, fits
        self.now_s = 0.0

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Let that time pass."""
        if len(pixels) > self.fits:
            raise OutOfMemoryError("The batch does not fit.")
        self.now_s += self.batch_s + self.image_s * len(pixels)
        return np.zeros(len(pixels), np.float32)


@pytest.mark.parametrize(
    ("batch_s", "image_s", "fits", "expected"),
    [
        (0, 0.1, 1000, 2),  # every image costs the same
        (0, 0.1, 1, 2),  # not even that fits, which the batcher finds out
        (0.004, 0.0004, 1000, 64),  # a GPU: starting costs most, until the batch is large
        (0.004, 0.0002, 16, 16),
        (1, 0, 1000, 256),  # the most that may be
    ],
)
def test_the_smallest_batch_that_is_as_fast_as_it_gets(
    monkeypatch: pytest.MonkeyPatch, batch_s: float, image_s: float, fits: int, expected: int
) -> None:
    """Twice the images must be worth it, by a tenth."""
    detector = TimedDetector(batch_s=batch_s, image_s=image_s, fits=fits)
    monkeypatch.setattr(time, "perf_counter", lambda: detector.now_s)
    assert best_batch(detector, 256) == expected


@pytest.mark.parametrize(
    ("threads", "alone", "beside_singles"), [(1, 2, 1), (2, 4, 2), (6, 12, 6), (64, 16, 8)]
)
def test_a_batch_on_a_cpu_has_two_images_for_each_thread(
    threads: int, alone: int, beside_singles: int
) -> None:
    """Half as many while single scans come, which wait for the batch that runs."""
    assert sizes_on_cpu(threads) == BatchSizes(alone, beside_singles)

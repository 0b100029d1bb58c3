"""A stand-in for a GPU: 4 ms and 0.2 ms an image, in which the processor is free.

Nothing is decoded and no file is read, so that what is left is what a queue itself costs.
"""

import time
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.terms import Label
from detector.decision import Reading
from detector.explain import Heatmap
from detector.preprocess import Prepared

BATCH_S = 0.004
IMAGE_S = 0.0002
READINGS = (Reading(Label.REAL, 0.1), Reading(Label.FAKE, 0.9))


class StandIn:
    """Scores an image by its first byte, in the time that a device would take for it."""

    device = "cpu"
    finds_faces = False

    def __init__(self) -> None:
        self._lock = Lock()  # a device runs one batch at a time

    def prepare(self, data: bytes) -> Prepared:
        """Return the first byte as an image of one pixel."""
        return Prepared(np.full((1, 3, 1, 1), data[0], np.uint8), width=256, height=256)

    prepare_whole = prepare

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Sleep as long as a device would work; return whether the bytes are odd as margins."""
        with self._lock:
            time.sleep(BATCH_S + IMAGE_S * len(pixels))
        return (pixels[:, 0, 0, 0] & 1).astype(np.float32)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the reading of each margin."""
        return [READINGS[int(margin)] for margin in margins]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:  # noqa: ARG002
        """Explain nothing."""
        return np.zeros((1, 1), np.float32)

    def warm_up(self) -> None:
        """Do nothing: there is nothing to load."""

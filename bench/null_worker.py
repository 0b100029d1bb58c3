"""A worker whose model costs nothing: it runs the real door with synthetic bytes and scores.

What is left is what the job engine itself costs. The bytes of an item are those of its URI, so
that every item is new.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from core.settings import load_settings
from core.sources import SourceItem
from core.terms import Label
from detector.decision import Reading
from detector.explain import Heatmap
from detector.preprocess import Prepared
from workers.app import run_worker

PIXELS = np.zeros((1, 3, 1, 1), np.uint8)
READINGS = (Reading(Label.REAL, 0.1), Reading(Label.FAKE, 0.9))


class NullDetector:
    """Scores every image without looking at it: one in a hundred is fake."""

    device = "cpu"
    finds_faces = False

    def prepare(self, data: bytes) -> Prepared:
        """Return a pixel that holds what the score is to be."""
        is_fake = hash(data) % 100 == 0
        return Prepared(pixels=PIXELS + np.uint8(is_fake), width=256, height=256)

    prepare_whole = prepare

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the pixels as margins."""
        return pixels[:, 0, 0, 0].astype(np.float32)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the reading of each margin."""
        return [READINGS[int(margin)] for margin in margins]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:  # noqa: ARG002
        """Explain nothing."""
        return np.zeros((1, 1), np.float32)


def synthetic_bytes(item: SourceItem) -> bytes:
    """Return bytes that no other item has."""
    return item.uri.encode()


def main() -> int:
    """Run the worker until a SIGTERM."""
    return run_worker(load_settings(), lambda _name: NullDetector(), fetch=synthetic_bytes)


if __name__ == "__main__":
    sys.exit(main())

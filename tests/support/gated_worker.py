"""A worker's process without a model: images of `w` wait for a gate, those of `s` take a while.

The gate is a file, named by `GATE`: it is open once the file is there. The file `forwarded` beside
it says that the device has begun.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.settings import load_settings
from detector.preprocess import Prepared
from tests.support.workers import PretendDetector
from workers.app import run_worker

GATE = "FAKESWEEP_TEST_GATE"
SLOW_S = 0.03


class GatedDetector(PretendDetector):
    """Scores by the first byte, as `PretendDetector` does; some images take their time."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self.gate = gate

    def prepare(self, data: bytes) -> Prepared:
        """Wait, if the image asks for it."""
        if data[:1] == b"s":
            time.sleep(SLOW_S)
        while data[:1] == b"w" and not self.gate.exists():
            time.sleep(0.02)
        return super().prepare(data)

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Say that there are images on the device, and score them."""
        self.gate.with_name("forwarded").touch()
        return super().forward(pixels)


def main() -> int:
    """Take tasks until a SIGTERM."""
    gate = Path(os.environ[GATE])
    return run_worker(load_settings(), lambda _name: GatedDetector(gate))


if __name__ == "__main__":
    sys.exit(main())

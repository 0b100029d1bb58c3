"""A worker's process without a model: images of `w` wait for a gate, those of `s` take a while.

The gate is a file, named by `GATE`: it is open once the file is there. The file `forwarded` beside
it says that the device has begun, and `prepared` which images were begun, and by which process.
"""

import os
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.settings import load_settings
from detector.decision import Reading
from detector.preprocess import Prepared
from tests.support.workers import PretendDetector
from workers.app import run_worker

GATE = "FAKESWEEP_TEST_GATE"
SLOW_S = 0.03


class GatedDetector(PretendDetector):
    """Labels by the first byte, as `PretendDetector` does; other bytes have other scores."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self.gate = gate

    def prepare(self, data: bytes) -> Prepared:
        """Note the image, and wait if it asks for it."""
        with self.gate.with_name("prepared").open("ab", buffering=0) as notes:
            notes.write(b"%d %s\n" % (os.getpid(), data))
        if data[:1] == b"s":
            time.sleep(SLOW_S)
        while data[:1] == b"w" and not self.gate.exists():
            time.sleep(0.02)
        prepared = super().prepare(data)
        prepared.pixels[..., 1, :, :] = zlib.crc32(data) % 256
        return prepared

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Say that there are images on the device, and score them."""
        self.gate.with_name("forwarded").touch()
        return super().forward(pixels) + (pixels[:, 1, 0, 0] / 256).astype(np.float32)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the label by the margin's sign, and the score by the margin."""
        return [
            replace(reading, score=float(1 / (1 + np.exp(-margin))))
            for reading, margin in zip(super().interpret(margins), margins, strict=True)
        ]


def main() -> int:
    """Take tasks until a SIGTERM."""
    gate = Path(os.environ[GATE])
    return run_worker(load_settings(), lambda _name: GatedDetector(gate))


if __name__ == "__main__":
    sys.exit(main())

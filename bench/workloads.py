"""The two workloads: the shipped model on JPEG files, and a stand-in for a GPU.

Everybody who takes an engine of ours scans by `Scanner`, so that all do the same work.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.place import Place
from bench.stand_in import StandIn
from core.registry import ModelVersionFiles, Registry
from core.settings import SHIPPED_MODELS
from detector.detector import Detector
from workers.detectors import LoadedDetector

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Workload:
    """What is scanned, in forward passes of at most `batch` images."""

    name: str
    title: str
    batch: int


MODEL = Workload("model", "The shipped model on JPEG files", batch=4)
STAND_IN = Workload("stand-in", "A stand-in for a GPU: 4 ms + 0.2 ms an image", batch=64)
WORKLOADS = {workload.name: workload for workload in (STAND_IN, MODEL)}


@dataclass(frozen=True)
class Scanner:
    """Scans images whole, whatever the model version does with faces."""

    detector: LoadedDetector
    read: Callable[[str], bytes]

    @classmethod
    def load(cls, place: Place, *, threads: int | None = None) -> "Scanner":
        """Load the workload's engine, ready to scan, with all threads of the place by default."""
        if place.workload == STAND_IN.name:
            return cls(StandIn(), str.encode)
        detector = Detector.load(
            shipped().path, threads=threads or place.threads, cache=place.folder / "engines"
        )
        detector.warm_up()
        return cls(detector, lambda path: Path(path).read_bytes())

    def prepare(self, images: Sequence[str]) -> Pixels:
        """Read and decode some images, one after the other."""
        found = [self.detector.prepare_whole(self.read(path)).pixels for path in images]
        return np.concatenate(found)

    def prepare_by(self, threads: Executor, images: Sequence[str], *, parts: int) -> Pixels:
        """Read and decode some images in so many parts at a time."""
        return np.concatenate(list(threads.map(self.prepare, split(images, parts))))

    def scores(self, pixels: Pixels) -> list[float]:
        """Return P(fake) of each image."""
        readings = self.detector.interpret(self.detector.forward(pixels))
        return [reading.score for reading in readings]


def shipped() -> ModelVersionFiles:
    """Return the model version that an installation begins with."""
    return Registry(SHIPPED_MODELS).list()[-1]


def split(images: Sequence[str], parts: int) -> list[Sequence[str]]:
    """Return the images in at most so many parts of about one length."""
    size = -(-len(images) // parts)
    return [images[start : start + size] for start in range(0, len(images), size)]

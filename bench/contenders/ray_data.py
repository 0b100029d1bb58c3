"""Ray Data: tasks decode, one actor forwards, in batches of the same size."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import ray
import ray.data

from bench.place import ImageSet, Place
from bench.workloads import STAND_IN, Scanner, shipped
from detector.artifact import Artifact
from detector.preprocess import DecodeLimits, PreprocessingSpec, prepare

OBJECT_STORE_BYTES = 512 * 1024**2
Rows = Any  # a dictionary of columns, which Ray Data types as one of several kinds of table


class ScanActor:
    """Holds the engine; lives as long as one run."""

    def __init__(self, place: Place) -> None:
        self._scanner = Scanner.load(place)

    def __call__(self, rows: Rows) -> Rows:
        """Return P(fake) of each image."""
        pixels = rows.get("pixels")
        if pixels is None:
            pixels = self._scanner.prepare(rows["image"].tolist())
        return {"score": np.array(self._scanner.scores(pixels))}


class RayData:
    """Runs a data set of paths for each push, on an instance of Ray with the cores of the place."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def start(self) -> None:
        """Start Ray on this machine."""
        ray.init(
            num_cpus=self._place.threads,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=OBJECT_STORE_BYTES,
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        self._spec = Artifact.read(shipped().path).spec.whole()

    def push(self, images: ImageSet) -> float:
        """Run one data set to its end; return the seconds."""
        batch = self._place.batch
        start = time.perf_counter()
        rows = ray.data.from_items([{"image": path} for path in images])
        if self._place.workload != STAND_IN.name:
            rows = rows.map_batches(partial(decode, spec=self._spec), batch_size=batch)
        scored = rows.map_batches(
            ScanActor,
            fn_constructor_args=(self._place,),
            batch_size=batch,
            compute=ray.data.ActorPoolStrategy(size=1),
        )
        found = scored.take_all()
        if len(found) != images.count:
            raise RuntimeError(f"{len(found)} scores for {images.count} images.")
        return time.perf_counter() - start

    def scan(self, image: str) -> None:
        """Say that this cannot be done."""
        raise NotImplementedError(f"Ray Data does not scan single images, such as {image}.")

    def stop(self) -> None:
        """End Ray."""
        ray.shutdown()


def decode(rows: Rows, *, spec: PreprocessingSpec) -> Rows:
    """Return the pixels of the images of a batch."""
    limits = DecodeLimits()
    found = [prepare(Path(path).read_bytes(), spec, limits) for path in rows["image"]]
    return {"pixels": np.concatenate([image.pixels for image in found])}

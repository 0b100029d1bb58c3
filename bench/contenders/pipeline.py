"""The Transformers pipeline for images: the same weights, in PyTorch, with its own processor."""

import time

import torch
from transformers import ViTForImageClassification, ViTImageProcessor, pipeline

from bench.place import ImageSet, Place
from bench.workloads import shipped
from detector.artifact import Artifact
from detector.spec import RESAMPLING


class Pipeline:
    """Gives the pipeline all paths at once, in batches of the same size."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def start(self) -> None:
        """Load the network and an image processor of the same size, mean and deviation."""
        torch.set_num_threads(self._place.threads)
        folder = shipped().path
        spec = Artifact.read(folder).spec
        processor = ViTImageProcessor(
            size={"height": spec.size, "width": spec.size},
            resample=RESAMPLING[spec.resampling],
            image_mean=list(spec.mean),
            image_std=list(spec.std),
        )
        self._classify = pipeline(
            "image-classification",
            model=ViTForImageClassification.from_pretrained(folder, dtype=torch.float32),
            image_processor=processor,
            device="cpu",
        )

    def push(self, images: ImageSet) -> float:
        """Classify all images; return the seconds."""
        start = time.perf_counter()
        found = self._classify(
            list(images), batch_size=self._place.batch, num_workers=self._place.threads
        )
        if len(found) != images.count:
            raise RuntimeError(f"{len(found)} answers for {images.count} images.")
        return time.perf_counter() - start

    def scan(self, image: str) -> None:
        """Classify one image."""
        self._classify(image)

    def stop(self) -> None:
        """Do nothing: no process was started."""

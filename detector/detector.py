"""A model version ready to scan: prepare (on the CPU), forward (on the device), interpret.

And to explain, when somebody asks what a verdict comes from.
"""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector import preprocess
from detector.artifact import Artifact
from detector.decision import Calibration, Reading
from detector.engines import Engine
from detector.engines.choice import build_engine
from detector.explain import Heatmap
from detector.explain.method import Method
from detector.faces import shared_finder
from detector.preprocess import DecodeLimits, Prepared, PreprocessingSpec


class Detector:
    """Scans images with one model version; every method may be called from any thread."""

    def __init__(
        self,
        model_version: str,
        engine: Engine,
        spec: PreprocessingSpec,
        calibration: Calibration,
        limits: DecodeLimits,
        method: Method,
    ) -> None:
        self.model_version = model_version
        self._engine = engine
        self.spec = spec
        self._whole_spec = spec.whole()
        self.calibration = calibration
        self._limits = limits
        self._method = method

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        engine: str = "auto",
        device: str = "auto",
        threads: int = 0,
        cache: Path | None = None,
        limits: DecodeLimits | None = None,
    ) -> Self:
        """Check a version's folder and load it, see `detector.engines.choice`.

        Its id is the folder's name. Raises ModelUnavailableError and ConfigurationError.
        """
        artifact = Artifact.read(folder)
        return cls(
            folder.resolve().name,
            build_engine(
                folder, artifact.spec, engine=engine, device=device, threads=threads, cache=cache
            ),
            artifact.spec,
            artifact.calibration,
            limits or DecodeLimits(),
            Method(folder, artifact.spec, threads=threads),
        )

    @property
    def device(self) -> str:
        """The device that the model runs on, such as `cpu` or `cuda:0`."""
        return self._engine.device

    @property
    def finds_faces(self) -> bool:
        """Whether `prepare` takes the faces of an image, and not all of it."""
        return self.spec.finds_faces

    def prepare(self, data: bytes) -> Prepared:
        """Decode and preprocess an image; raises ItemError for one that cannot be scored."""
        return preprocess.prepare(data, self.spec, self._limits)

    def prepare_whole(self, data: bytes) -> Prepared:
        """Decode and preprocess all of an image, whatever the model version does with faces."""
        return preprocess.prepare(data, self._whole_spec, self._limits)

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return margins, float32 [n], of uint8 [n, 3, size, size]; raises OutOfMemoryError."""
        return self._engine.forward(pixels)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return a reading for each margin."""
        scores = self.calibration.scores(margins).tolist()
        return [Reading(self.calibration.label(score), score) for score in scores]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
        """Return what in a square, uint8 [3, size, size], speaks for fake, or for real."""
        return self._method.explain(pixels, towards_fake=towards_fake)

    def warm_up(self) -> None:
        """Load and run what a scan needs, so that the first image does not pay for it."""
        if self.finds_faces:
            shared_finder().find(Image.new("RGB", (self.spec.size, self.spec.size)))
        self.forward(np.zeros((1, 3, self.spec.size, self.spec.size), np.uint8))

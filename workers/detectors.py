"""The model versions that this worker holds on its device, loaded when a job first needs one."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelUnavailableError
from core.logs import get_logger
from detector.decision import Reading
from detector.explain import Heatmap
from detector.preprocess import Prepared

MAX_LOADED = 2

log = get_logger(__name__)


class LoadedDetector(Protocol):
    """A model version that is ready to scan, such as `detector.detector.Detector`.

    Every method may be called from any thread.
    """

    @property
    def device(self) -> str:
        """The device that the model runs on, such as `cpu` or `cuda:0`."""
        ...

    @property
    def finds_faces(self) -> bool:
        """Whether `prepare` takes the faces of an image, and not all of it."""
        ...

    def prepare(self, data: bytes) -> Prepared:
        """Decode and preprocess an image; raises ItemError for one that cannot be scored."""
        ...

    def prepare_whole(self, data: bytes) -> Prepared:
        """Decode and preprocess all of an image, whatever the model version does with faces."""
        ...

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return margins, float32 [n], of uint8 [n, 3, size, size]; raises OutOfMemoryError."""
        ...

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return a reading for each margin."""
        ...

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
        """Return what in a square, uint8 [3, size, size], speaks for fake, or for real."""
        ...


Load = Callable[[str], LoadedDetector]


class Detectors:
    """Gives the detector of a model version; keeps the two that were used last."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._loaded: OrderedDict[str, LoadedDetector] = OrderedDict()
        self._held: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._loading = threading.Lock()  # takes long: those that are loaded do not wait for it

    @property
    def held(self) -> Sequence[str]:
        """The model versions that are loaded, the one used last at the end; never waits."""
        return self._held

    def get(self, model_version: str) -> LoadedDetector:
        """Return the detector, loaded and warm; raises ModelUnavailableError."""
        if detector := self._use(model_version):
            return detector
        with self._loading:
            if detector := self._use(model_version):
                return detector
            detector = self._loaded_now(model_version)
            with self._lock:
                self._loaded[model_version] = detector
                while len(self._loaded) > MAX_LOADED:
                    dropped, _ = self._loaded.popitem(last=False)
                    log.info("model_dropped", model_version=dropped)
                self._held = tuple(self._loaded)
            return detector

    def _use(self, model_version: str) -> LoadedDetector | None:
        with self._lock:
            if model_version in self._loaded:
                self._loaded.move_to_end(model_version)
                self._held = tuple(self._loaded)
            return self._loaded.get(model_version)

    def _loaded_now(self, model_version: str) -> LoadedDetector:
        try:
            detector = self._load(model_version)
        except ModelUnavailableError:
            raise
        except Exception as error:  # such as a device without memory for one more
            raise ModelUnavailableError(
                f"The model version {model_version} could not be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error
        log.info("model_loaded", model_version=model_version)
        return detector
